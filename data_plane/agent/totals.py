"""The workers' counters, summed: a worker's end takes nothing away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data_plane.observability.delta import Delta

MAX_SERIES = 50_000  # over all workers, each of which has a bound of its own

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Total:
    """One series. `buckets` are not cumulative; `value` is then the sum of what was observed."""

    value: float
    buckets: list[int] | None


class Totals:
    """What was ever counted, by name and labels; what is now, by worker."""

    def __init__(self) -> None:
        self.refused = 0  # reports of series beyond the bound
        self._totals: dict[Key, Total] = {}
        self._gauges: dict[int, list[Delta]] = {}

    def add(self, deltas: Iterable[Delta]) -> None:
        """Add what a worker has counted since its last report."""
        for delta in deltas:
            key = (delta.name, tuple(delta.labels))
            total = self._totals.get(key)
            if total is None:
                if len(self._totals) >= MAX_SERIES:
                    self.refused += 1
                    continue
                self._totals[key] = Total(delta.value, None if delta.buckets is None else list(delta.buckets))
            else:
                total.value += delta.value
                if total.buckets is not None and delta.buckets is not None:
                    total.buckets = [a + b for a, b in zip(total.buckets, delta.buckets, strict=True)]

    def set_gauges(self, process: int, gauges: list[Delta]) -> None:
        """Replace the present values of one process."""
        self._gauges[process] = gauges

    def drop_gauges(self, process: int) -> None:
        """A process has ended, and with it what it had open."""
        self._gauges.pop(process, None)

    def __iter__(self) -> Iterator[tuple[Key, Total]]:
        yield from self._totals.items()
        gauges: dict[Key, float] = {}
        for series in (each for report in self._gauges.values() for each in report):
            key = (series.name, tuple(series.labels))
            gauges[key] = gauges.get(key, 0.0) + series.value
        for key, value in gauges.items():
            yield key, Total(value, None)
