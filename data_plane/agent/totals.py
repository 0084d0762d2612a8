"""The workers' counters, summed: a worker's end takes nothing away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data_plane.agent.messages import Series

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
        self._gauges: dict[int, list[Series]] = {}

    def add(self, deltas: Iterable[Series]) -> None:
        """Add what a worker has counted since its last report."""
        for series in deltas:
            key = (series.name, tuple(series.labels))
            total = self._totals.get(key)
            if total is None:
                if len(self._totals) >= MAX_SERIES:
                    self.refused += 1
                    continue
                self._totals[key] = Total(series.value, None if series.buckets is None else list(series.buckets))
            else:
                total.value += series.value
                if total.buckets is not None and series.buckets is not None:
                    total.buckets = [a + b for a, b in zip(total.buckets, series.buckets, strict=True)]

    def set_gauges(self, process: int, gauges: list[Series]) -> None:
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
