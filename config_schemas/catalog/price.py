"""What a model costs: prices per million tokens by bucket, with tiers and dates. Decimal text, never floats."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The buckets of usage, and by which other price one is charged that has none of its own.
FALLBACKS: Mapping[str, str] = {
    "inputUncached": "",
    "cacheRead": "inputUncached",
    "cacheWrite5m": "inputUncached",
    "cacheWrite1h": "cacheWrite5m",
    "reasoning": "output",
    "output": "",
    "inputAudio": "inputUncached",
    "outputAudio": "output",
    "inputImage": "inputUncached",
}
BUCKETS = tuple(FALLBACKS)
Rates = Mapping[str, str]  # USD per million tokens, by bucket


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of all tokens of a request whose input has more than so many tokens; what is not there stays the same."""

    above_tokens: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Period:
    """Prices, and when they hold: `valid_from` (included) to `valid_until` (not included), RFC 3339 in UTC, empty where
    there is no end to it. `daily`: only between two times of the day in UTC, as `16:30:00`, perhaps over midnight.

    `per_thousand_requests`: beside tokens. `per_thousand_searches`: of the provider's web search, for display alone:
    how often a model searched is not metered.
    """

    rates: Rates
    tiers: tuple[Tier, ...] = ()
    valid_from: str = ""
    valid_until: str = ""
    daily: tuple[str, str] | None = None
    per_thousand_requests: str = ""
    per_thousand_searches: str = ""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """`periods`: of those that hold, the last counts. `version` names where it comes from, for the records."""

    version: str
    periods: tuple[Period, ...] = field(default=())


def complete_rates(rates: Rates) -> dict[str, str]:
    """With a price for each bucket that is charged by another's; buckets that nothing is known of stay away."""
    complete: dict[str, str] = {}
    for bucket in BUCKETS:
        found: str | None = None
        asked = bucket
        while asked and found is None:
            found = rates.get(asked)
            asked = FALLBACKS[asked]
        if found is not None:
            complete[bucket] = found
    return complete
