"""What a CatalogEntry may say."""

import json
from typing import Any, get_args

from pydantic import ValidationError
from pytest import mark, raises

from config_schemas.catalog.price import BUCKETS
from config_schemas.routing.catalog_entry import Bucket, CatalogEntry

RATES = {"inputUncached": "0.5", "output": "1.5"}


def entry(**spec: Any) -> CatalogEntry:
    document = {"metadata": {"name": "own"}, "spec": {"model": {"value": "llama"}, **spec}}
    return CatalogEntry.model_validate_json(json.dumps(document))


def period(valid_from: str | None = None, valid_until: str | None = None, **others: Any) -> dict[str, Any]:
    dates = {"validFrom": valid_from, "validUntil": valid_until}
    return {"perMillionTokens": RATES, **{name: date for name, date in dates.items() if date is not None}, **others}


def test_buckets_are_those_of_prices() -> None:
    assert get_args(Bucket) == BUCKETS


def test_periods_may_follow_each_other_in_any_order() -> None:
    spec = entry(
        pricing="Own",
        prices=[
            period("2026-06-01T00:00:00Z"),
            period(None, "2026-03-01T00:00:00Z"),
            period("2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z", perThousandRequests="5"),
        ],
    ).spec

    assert [each.valid_until for each in spec.prices] == [None, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z"]


@mark.parametrize("amount", ["0", "0.25", "15", "999999.999999999", "00.5"])
def test_amounts_are_decimal_text(amount: str) -> None:
    assert entry(pricing="Own", prices=[{"perMillionTokens": {"output": amount}}])


@mark.parametrize("amount", ["", "-1", "1e3", ".5", "1.", "1,5", "$1", "1000000", "0.1234567891", "NaN", "1\n"])
def test_other_amounts_are_refused(amount: str) -> None:
    with raises(ValidationError, match="pattern"):
        entry(pricing="Own", prices=[{"perMillionTokens": {"output": amount}}])


@mark.parametrize(
    ("spec", "message"),
    [
        ({"pricing": "Own"}, "`prices` are required with `pricing: Own`"),
        ({"prices": [period()]}, "allowed only there"),
        ({"pricing": "Free", "prices": [period()]}, "allowed only there"),
        ({"pricing": "Own", "prices": [period(), period()]}, "must not overlap"),
        (
            {"pricing": "Own", "prices": [period("2026-03-01T00:00:00Z"), period(None, "2026-03-01T00:00:00.001Z")]},
            "must not overlap",
        ),
        (
            {"pricing": "Own", "prices": [period("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z")]},
            "`validUntil` must be later than `validFrom`",
        ),
        (
            {"pricing": "Own", "prices": [period(tiers=[{"aboveTokens": 9, "perMillionTokens": RATES}] * 2)]},
            "different `aboveTokens`",
        ),
        ({"pricing": "Own", "prices": [{"perMillionTokens": {}}]}, "at least 1 item"),
        ({"pricing": "Own", "prices": [{"perMillionTokens": {"input": "1"}}]}, "inputUncached"),
        ({"providerTypes": ["Nobody"]}, "OpenAI"),
        ({"capabilities": {"contextTokens": 0}}, "greater than or equal to 1"),
    ],
    ids=[
        "own without prices",
        "prices of the catalog",
        "prices of what is free",
        "two at all times",
        "a millisecond of two",
        "no time at all",
        "a tier twice",
        "no price",
        "an unknown bucket",
        "an unknown type",
        "no tokens",
    ],
)
def test_what_cannot_hold_is_refused(spec: dict[str, Any], message: str) -> None:
    with raises(ValidationError, match=message):
        entry(**spec)


def test_without_more_it_changes_nothing() -> None:
    spec = entry().spec

    assert (spec.pricing, spec.prices, spec.model.type) == ("Catalog", (), "Exact")
    assert set(spec.capabilities.model_dump().values()) == {None}
