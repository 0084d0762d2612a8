"""Finds what a call has cost, from what it has used and the price of its target. Costs some 1 µs a call."""

from collections.abc import Callable

from data_plane.exchange import Exchange, Outcome
from data_plane.llm.price import Price, cost_nanousd
from data_plane.observability.metrics import Counter, Metrics
from data_plane.pipeline.filter import Filter
from data_plane.usage import Usage

MAX_KNOWN = 4096  # callers with their models; beyond, the series are looked up anew


class CostFilter(Filter):
    """`wall_clock` gives seconds since 1970: prices change with the date."""

    def __init__(self, metrics: Metrics, wall_clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._wall_clock = wall_clock
        self._known: dict[tuple[str, str, str], Counter] = {}

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        usage = exchange.usage
        if usage is not None:
            exchange.charged = cost_of(usage, exchange.price, exchange.ended - exchange.started, self._wall_clock)
            self._count(exchange)
        if exchange.attempts:
            self._add_up(exchange)

    def _add_up(self, exchange: Exchange) -> None:
        """What all attempts have cost: unknown where one of them used what has no price, or none told what it used."""
        attempts = exchange.attempts
        last = attempts[len(attempts) - 1]
        last.usage, last.cost = exchange.usage, exchange.charged
        total, is_known = 0, False
        for attempt in attempts:
            if attempt.usage is None:
                continue
            if attempt is not last:
                age = exchange.ended - attempt.started
                attempt.cost = cost_of(attempt.usage, attempt.price, age, self._wall_clock)
            if attempt.cost is None:
                return
            total += attempt.cost
            is_known = True
        if is_known:
            exchange.incurred = total

    def _count(self, exchange: Exchange) -> None:
        charged, identity = exchange.charged, exchange.identity
        if charged is None:
            self._metrics.unpriced[exchange.model, exchange.target].value += 1
            return
        key = ("", "", exchange.model)
        if identity is not None:
            key = (identity.tenant, identity.application, exchange.model)
        counter = self._known.get(key)
        if counter is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            counter = self._known[key] = self._metrics.cost[key]
        counter.value += charged


def cost_of(usage: Usage, price: Price | None, age_seconds: float, wall_clock: Callable[[], float]) -> int | None:
    """By the prices of the moment when it began, which is so long ago. None: not known."""
    if price is None:
        return None
    return cost_nanousd(usage, price, 0.0 if price.always is not None else wall_clock() - age_seconds)
