"""A price table of the catalog, or of a CatalogEntry, as numbers to compute with."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from config_schemas.catalog.price import BUCKETS, Period, PriceTable, complete_rates
from data_plane.config.decoding import seconds_of
from data_plane.llm import price
from data_plane.llm.price import UNPRICED, Price, Tier

FEMTO_PER_TOKEN = Decimal(1_000_000_000)  # of one USD per million tokens
FEMTO_PER_REQUEST = Decimal(1_000_000_000_000)  # of one USD per thousand requests
FREE = PriceTable("", (Period({bucket: "0" for bucket in BUCKETS}),))


def compile_price(table: PriceTable, version: str = "") -> Price | None:
    """None: there are no prices in it. `version`: instead of the table's."""
    periods = tuple(_period(each) for each in reversed(table.periods) if each.rates or each.per_thousand_requests)
    if not periods:
        return None
    return Price(version or table.version, periods, periods[0] if _holds_always(periods) else None)


def _period(period: Period) -> price.Period:
    tiers = [Tier(-1, _rates(period.rates))]
    rates: Mapping[str, str] = period.rates
    for tier in sorted(period.tiers, key=lambda each: each.above_tokens):
        rates = {**rates, **tier.rates}
        tiers.insert(0, Tier(tier.above_tokens, _rates(rates)))
    begins, ends = period.daily or ("00:00:00", "00:00:00")
    return price.Period(
        tuple(tiers),
        seconds_of(period.valid_from) if period.valid_from else 0.0,
        seconds_of(period.valid_until) if period.valid_until else 0.0,
        _second_of_day(begins),
        _second_of_day(ends),
        _whole(period.per_thousand_requests, FEMTO_PER_REQUEST) if period.per_thousand_requests else 0,
    )


def _rates(rates: Mapping[str, str]) -> tuple[int, ...]:
    complete = complete_rates(rates)
    return tuple(_whole(complete[each], FEMTO_PER_TOKEN) if each in complete else UNPRICED for each in BUCKETS)


def _whole(text: str, unit: Decimal) -> int:
    return int((Decimal(text) * unit).quantize(Decimal(1), ROUND_HALF_UP))


def _second_of_day(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _holds_always(periods: tuple[price.Period, ...]) -> bool:
    first = periods[0]
    return first.begins == 0.0 and first.ends == 0.0 and first.day_begins == first.day_ends
