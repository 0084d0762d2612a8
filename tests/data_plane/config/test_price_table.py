"""Compiled prices, held against the package that they come from."""

import random
import timeit
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider
from pytest import mark, raises

from config_schemas.catalog.family import facts_of
from config_schemas.catalog.lookup import CatalogModel, provider_file
from config_schemas.catalog.price import BUCKETS, Period, PriceTable, Tier
from config_schemas.catalog.provider import CATALOG_PROVIDERS
from data_plane.config.price_table import FREE, compile_price
from data_plane.llm.price import cost_nanousd
from data_plane.usage import Usage

ROUNDS = 12  # usages for each model
TOLERANCE = Decimal("1.01")  # nano-USD; the hundredth for prices of more than nine decimal places
MOMENTS = (
    datetime(2024, 3, 1, 12, tzinfo=UTC),
    datetime(2025, 9, 15, 17, 45, tzinfo=UTC),
    datetime(2026, 2, 1, 0, 15, tzinfo=UTC),
    datetime(2026, 11, 24, 20, tzinfo=UTC),
)


def oracle_nanousd(model: ModelInfo, provider: Provider, usage: Usage, at: datetime) -> Decimal:
    """What genai-prices says of the same tokens, in its own terms."""
    read, writes = usage.cache_read, usage.cache_write_5m + usage.cache_write_1h
    told = genai_prices.Usage(
        input_tokens=usage.input_uncached + read + writes + usage.input_audio + usage.input_image,
        output_tokens=usage.output + usage.reasoning + usage.output_audio,
        cache_read_tokens=read,
        cache_write_tokens=writes,
        cache_write_5m_tokens=usage.cache_write_5m,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_reasoning_tokens=usage.reasoning,
        input_audio_tokens=usage.input_audio,
        output_audio_tokens=usage.output_audio,
        input_image_tokens=usage.input_image,
        cache_audio_read_tokens=0,
        cache_image_read_tokens=0,
    )
    return model.calc_price(told, provider, genai_request_timestamp=at).total_price * 1_000_000_000


def usages(chance: random.Random) -> list[Usage]:
    scales = (0, 1, 10, 1_000, 100_000, 1_000_000)
    return [Usage(*(chance.randint(0, chance.choice(scales)) for _ in BUCKETS)) for _ in range(ROUNDS)]


@mark.parametrize("catalog_id", sorted(CATALOG_PROVIDERS))
def test_costs_are_those_that_genai_prices_computes(catalog_id: str) -> None:
    chance = random.Random(catalog_id)
    provider = next(each for each in providers if each.id == catalog_id)
    listed = {each.id: each for each in provider.models}
    compared = 0
    for model in provider_file(catalog_id):
        price = compile_price(model.price)
        if price is None:
            continue
        for usage in usages(chance):
            for at in MOMENTS:
                cost = cost_nanousd(usage, price, at.timestamp())
                if cost is None:
                    continue
                difference = abs(cost - oracle_nanousd(listed[model.id], provider, usage, at))
                assert difference <= TOLERANCE, (model.id, usage, at)
                compared += 1
    assert compared or catalog_id == "huggingface_publicai"


@mark.parametrize("catalog_id", ["openai", "anthropic", "deepseek", "cohere", "together", "databricks"])
def test_every_model_that_chats_has_a_price(catalog_id: str) -> None:
    """What is priced by the minute or the page is of another kind."""
    without = [
        model.id
        for model in provider_file(catalog_id)
        if facts_of(model.id).kind == "Chat" and cost_of(model, Usage(input_uncached=1_000)) is None
    ]

    assert without == []


def test_only_what_is_called_free_costs_nothing() -> None:
    free = [
        (catalog_id, model.id)
        for catalog_id in sorted(CATALOG_PROVIDERS)
        for model in provider_file(catalog_id)
        if cost_of(model, Usage(input_uncached=1_000_000)) == 0
    ]

    assert len(free) > 100
    assert [each for each in free if not each[1].endswith((":free", "-free"))] == []


def cost_of(model: CatalogModel, usage: Usage, at: float = 1.8e9) -> int | None:
    price = compile_price(model.price)
    return None if price is None else cost_nanousd(usage, price, at)


def priced(*periods: Period, usage: Usage, at: float = 0.0) -> int | None:
    price = compile_price(PriceTable("test", periods))
    assert price is not None and price.version == "test"
    return cost_nanousd(usage, price, at)


@mark.parametrize(
    ("tokens", "nanousd"), [(1, 1), (2, 1), (3, 2), (1_000_000, 500_000)], ids=["half up", "exact", "half up", "many"]
)
def test_cost_is_rounded_once_and_half_up(tokens: int, nanousd: int) -> None:
    """Half a nano-USD a token."""
    assert priced(Period({"inputUncached": "0.0005"}), usage=Usage(input_uncached=tokens)) == nanousd


def test_halves_of_several_buckets_are_added_before_they_are_rounded() -> None:
    rates = {"inputUncached": "0.0005", "output": "0.0005"}

    assert priced(Period(rates), usage=Usage(input_uncached=1, output=1)) == 1


def test_what_has_no_price_makes_the_cost_unknown_and_not_nothing() -> None:
    only_input = Period({"inputUncached": "1"})

    assert priced(only_input, usage=Usage(input_uncached=10)) == 10_000
    assert priced(only_input, usage=Usage(input_uncached=10, output=1)) is None


def test_what_is_free_costs_nothing_and_is_known() -> None:
    price = compile_price(FREE, "acme/CatalogEntry/own@1")
    assert price is not None

    assert (price.version, cost_nanousd(Usage(*range(1, 10)), price, 0.0)) == ("acme/CatalogEntry/own@1", 0)


def test_a_table_without_prices_is_no_price() -> None:
    assert compile_price(PriceTable("test")) is None
    assert compile_price(PriceTable("test", (Period({}),))) is None


@mark.parametrize(
    ("bucket", "nanousd"),
    [
        ("input_uncached", 1_000),
        ("cache_read", 1_000),
        ("cache_write_5m", 2_000),
        ("cache_write_1h", 2_000),
        ("reasoning", 5_000),
        ("output", 5_000),
        ("input_audio", 1_000),
        ("output_audio", 7_000),
        ("input_image", 1_000),
    ],
)
def test_a_bucket_without_its_own_price_is_charged_as_what_it_is_part_of(bucket: str, nanousd: int) -> None:
    rates = {"inputUncached": "1", "cacheWrite5m": "2", "output": "5", "outputAudio": "7"}

    assert priced(Period(rates), usage=Usage(**{bucket: 1})) == nanousd


@mark.parametrize(
    ("usage", "nanousd"),
    [
        (Usage(input_uncached=200_000), 200_000_000),
        (Usage(input_uncached=200_001), 400_002_000),
        (Usage(input_uncached=1, cache_read=200_000), 200_000 * 200 + 2_000),
        (Usage(input_uncached=1, output=300_000), 1_000 + 300_000 * 3_000),
        (Usage(cache_write_5m=300_000, output=1), 300_000 * 2_000 + 6_000),
        (Usage(input_audio=500_001), 500_001 * 4_000),
    ],
    ids=[
        "at the bound",
        "above it, all of it",
        "cached input counts",
        "output does not",
        "writes count",
        "second tier",
    ],
)
def test_the_whole_input_decides_the_tier(usage: Usage, nanousd: int) -> None:
    rates = {"inputUncached": "1", "cacheRead": "0.1", "output": "3"}
    tiers = (
        Tier(500_000, {"inputUncached": "4"}),
        Tier(200_000, {"inputUncached": "2", "cacheRead": "0.2", "output": "6"}),
    )

    assert priced(Period(rates, tiers), usage=usage) == nanousd


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@mark.parametrize(
    ("moment", "nanousd"),
    [
        ("2026-01-31T23:59:59Z", 1_000),
        ("2026-02-01T00:00:00Z", 2_000),
        ("2026-02-28T23:59:59Z", 2_000),
        ("2026-03-01T00:00:00Z", 1_000),
    ],
)
def test_a_later_period_counts_while_it_holds(moment: str, nanousd: int) -> None:
    periods = (
        Period({"inputUncached": "1"}),
        Period({"inputUncached": "2"}, valid_from="2026-02-01T00:00:00Z", valid_until="2026-03-01T00:00:00Z"),
    )

    assert priced(*periods, usage=Usage(input_uncached=1), at=at(moment)) == nanousd


def test_outside_all_periods_the_cost_is_unknown() -> None:
    period = Period({"inputUncached": "1"}, valid_until="2026-03-01T00:00:00Z")

    assert priced(period, usage=Usage(input_uncached=1), at=at("2026-03-01T00:00:00Z")) is None


@mark.parametrize(
    ("daily", "moment", "nanousd"),
    [
        (("16:30:00", "00:30:00"), "2026-02-01T16:29:59Z", 2_000),
        (("16:30:00", "00:30:00"), "2026-02-01T16:30:00Z", 1_000),
        (("16:30:00", "00:30:00"), "2026-02-01T00:29:59Z", 1_000),
        (("16:30:00", "00:30:00"), "2026-02-01T00:30:00Z", 2_000),
        (("08:00:00", "09:00:00"), "2026-02-01T08:59:59Z", 1_000),
        (("08:00:00", "09:00:00"), "2026-02-01T09:00:00Z", 2_000),
    ],
)
def test_prices_may_hold_at_some_hours_of_the_day(daily: tuple[str, str], moment: str, nanousd: int) -> None:
    periods = (Period({"inputUncached": "2"}), Period({"inputUncached": "1"}, daily=daily))

    assert priced(*periods, usage=Usage(input_uncached=1), at=at(moment)) == nanousd


def test_a_request_may_have_a_price_of_its_own() -> None:
    assert priced(Period({"inputUncached": "1"}, per_thousand_requests="5"), usage=Usage(input_uncached=1)) == 5_001_000


def test_a_price_that_is_no_number_is_refused() -> None:
    with raises(ArithmeticError):
        compile_price(PriceTable("test", (Period({"output": "cheap"}),)))


def test_a_price_is_computed_within_microseconds() -> None:
    model = provider_file("anthropic").find("claude-sonnet-4-5")
    assert model is not None
    price = compile_price(model.price)
    assert price is not None
    usage = Usage(input_uncached=1_200, cache_read=90_000, cache_write_5m=800, output=700)

    assert min(timeit.repeat(lambda: cost_nanousd(usage, price, 1.8e9), number=100, repeat=50)) / 100 < 3e-6
