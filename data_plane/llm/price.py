"""What a call has cost: tokens in their buckets, times prices, in nano-USD, rounded once.

Prices are held in femto-USD per token, which is USD per million tokens with nine decimal places: whole numbers, so that
no sum depends on the order in which it is made.
"""

from msgspec import Struct
from msgspec.structs import astuple

from data_plane.usage import Usage

FEMTO_PER_NANO = 1_000_000
UNPRICED = -1  # of a bucket; a price is never below 0
DAY_SECONDS = 86_400


class Tier(Struct, frozen=True, gc=False):
    """Of a request whose input has more than so many tokens. `rates`: femto-USD per token, in the order of `Usage`."""

    above_tokens: int
    rates: tuple[int, ...]


class Period(Struct, frozen=True, gc=False):
    """Prices while they hold: from a second since 1970 (included) to another (not included).

    `day_begins` and `day_ends`: seconds of the day in UTC between which they hold, also over midnight; equal: always.
    `request`: femto-USD for each request, beside tokens. `tiers`: the highest first, the last one above -1.
    """

    tiers: tuple[Tier, ...]
    begins: float = 0.0
    ends: float = 0.0  # 0: no end
    day_begins: int = 0
    day_ends: int = 0
    request: int = 0


class Price(Struct, frozen=True, gc=False):
    """Of one target. `periods`: those to be asked first stand first. `version` goes into records."""

    version: str
    periods: tuple[Period, ...]
    always: Period | None = None  # the only one, which holds at all times


def cost_nanousd(usage: Usage, price: Price, at: float) -> int | None:
    """`at`: seconds since 1970, when the request began. None: something that was used has no price."""
    period = price.always or _period_at(price, at)
    if period is None:
        return None
    counts: tuple[int, ...] = astuple(usage)
    rates = _rates(period, counts)
    total = period.request
    for place in range(len(counts)):
        count = counts[place]
        if count:
            rate = rates[place]
            if rate == UNPRICED:
                return None
            total += count * rate
    return (total + FEMTO_PER_NANO // 2) // FEMTO_PER_NANO


def _rates(period: Period, counts: tuple[int, ...]) -> tuple[int, ...]:
    tiers = period.tiers
    if len(tiers) == 1:
        return tiers[0].rates
    uncached, read, write_5m, write_1h, _, _, audio, _, image = counts
    tokens = uncached + read + write_5m + write_1h + audio + image
    for tier in tiers:
        if tokens > tier.above_tokens:
            return tier.rates
    return tiers[-1].rates


def _period_at(price: Price, at: float) -> Period | None:
    second = int(at) % DAY_SECONDS
    for period in price.periods:
        if at < period.begins or (period.ends and at >= period.ends):
            continue
        begins, ends = period.day_begins, period.day_ends
        if begins == ends or begins <= second < ends or (ends < begins and (second >= begins or second < ends)):
            return period
    return None
