"""What is made of the package's prices."""

import datetime
import json
from decimal import Decimal

import pytest
from genai_prices import types

from scripts import catalog_source

START = types.StartDateConstraint(datetime.date(2026, 2, 1))
NIGHT = types.TimeOfDateConstraint(datetime.time(16, 30, tzinfo=datetime.UTC), datetime.time(0, 30))


def made(monkeypatch: pytest.MonkeyPatch, provider: str = "openai", **fields: object) -> dict[str, object]:
    """The line of a model."""
    model = types.ModelInfo(**{"id": "m", "match": types.ClauseEquals("m"), **fields})  # type: ignore[arg-type]
    found = types.Provider(id=provider, name="P", api_pattern="", fallback_model_providers=["anthropic", "nobody"])
    found.models = [model]
    monkeypatch.setattr(catalog_source, "providers", [found])
    monkeypatch.setattr(catalog_source, "CATALOG_PROVIDERS", frozenset((provider,)))
    (text,) = catalog_source.catalog_files().values()
    document = json.loads(text)
    assert document["provider"] == provider and document["version"].startswith("genai-prices ")
    (line,) = document["models"]
    assert isinstance(line, dict)
    return line


def price(usd: str) -> types.ModelPrice:
    return types.ModelPrice(input_mtok=Decimal(usd))


def test_conditions_stand_beside_prices_and_the_first_price_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = [
        types.ConditionalPrice(constraint=START, prices=price("1")),
        types.ConditionalPrice(constraint=START, prices=price("2")),
        types.ConditionalPrice(constraint=NIGHT, prices=price("3")),
    ]

    assert made(monkeypatch, prices=prices)["periods"] == [
        {"rates": {"inputUncached": "1"}},
        {"validFrom": "2026-02-01T00:00:00Z", "rates": {"inputUncached": "2"}},
        {"daily": ["16:30:00", "00:30:00"], "rates": {"inputUncached": "3"}},
    ]


def test_tiers_of_several_prices_become_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = types.ModelPrice(
        input_mtok=types.TieredPrices(Decimal(1), [types.Tier(200, Decimal(2)), types.Tier(500, Decimal(4))]),
        output_mtok=types.TieredPrices(Decimal(3), [types.Tier(200, Decimal(6))]),
        cache_read_mtok=Decimal("0.10"),
        requests_kcount=Decimal(5),
    )

    assert made(monkeypatch, prices=prices)["periods"] == [
        {
            "rates": {"inputUncached": "1", "output": "3", "cacheRead": "0.1"},
            "tiers": [
                {"aboveTokens": 200, "rates": {"inputUncached": "2", "output": "6"}},
                {"aboveTokens": 500, "rates": {"inputUncached": "4", "output": "6"}},
            ],
            "perThousandRequests": "5",
        }
    ]


@pytest.mark.parametrize(
    ("usd", "text"),
    [("3", "3"), ("100", "100"), ("0.10", "0.1"), ("1E-3", "0.001"), ("0.0833333333333333", "0.083333333"), ("0", "0")],
)
def test_prices_are_plain_decimal_text(usd: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(monkeypatch, prices=price(usd))["periods"] == [{"rates": {"inputUncached": text}}]


@pytest.mark.parametrize(
    ("provider", "name", "rates"),
    [
        ("openrouter", "qwen:free", {"inputUncached": "0", "output": "0"}),
        ("openrouter", "qwen", {}),
        ("mistral", "qwen:free", {}),
    ],
    ids=["free at OpenRouter", "unknown there", "unknown elsewhere"],
)
def test_only_free_variants_of_openrouter_cost_nothing(
    provider: str, name: str, rates: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = made(monkeypatch, provider, id=name, prices=types.ModelPrice())

    assert line["periods"] == [{"rates": rates}]


def test_clauses_are_written_as_the_catalog_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    clause = types.ClauseOr(
        [types.ClauseStartsWith("a"), types.ClauseAnd([types.ClauseRegex("b"), types.ClauseContains("c")])]
    )

    assert made(monkeypatch, match=clause, context_window=9, deprecated=True) | {"periods": []} == {
        "id": "m",
        "match": {"or": [{"starts_with": "a"}, {"and": [{"regex": "b"}, {"contains": "c"}]}]},
        "contextTokens": 9,
        "isDeprecated": True,
        "periods": [],
    }
