"""Tells in a header what an answer has cost, where the route allows it: answers that are no stream, in USD.

An answer says last what it has used, and the header goes out first: so the answer is held until it is whole. A stream
cannot be held; what it has cost is in the record.
"""

from collections.abc import Callable
from functools import partial

from data_plane.exchange import Exchange
from data_plane.llm.price import Price, cost_nanousd
from data_plane.pipeline.filter import Filter, StreamTransform

NANO = 1_000_000_000


class Held:
    """Changes nothing: what has a transform waits for its end where it is no stream."""

    __slots__ = ()

    def feed(self, events: list[bytes]) -> list[bytes]:
        return events

    def close(self) -> list[bytes]:
        return []


HELD = Held()


class CostHeaderFilter(Filter):
    """`wall_clock` gives seconds since 1970."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        if exchange.stream or exchange.status != 200 or exchange.meter is None or exchange.price is None:
            return None
        exchange.cost_line = partial(cost_line, exchange, self._wall_clock)
        return HELD


def cost_line(exchange: Exchange, wall_clock: Callable[[], float]) -> bytes:
    """The header line, once the meter has read all of the answer; empty where the cost is not known."""
    price: Price | None = exchange.price
    usage = exchange.meter.usage() if exchange.meter is not None else None
    if usage is None or price is None:
        return b""
    cost = cost_nanousd(usage, price, 0.0 if price.always is not None else wall_clock())
    return b"" if cost is None else b"x-isthmus-cost: %b\r\n" % usd(cost).encode()


def usd(nanousd: int) -> str:
    """As a decimal number, without zeros at its end: `0.00125`."""
    whole, rest = divmod(nanousd, NANO)
    return f"{whole}.{rest:09}".rstrip("0").rstrip(".")
