"""Counters and histograms of the control plane in Prometheus' text format.

Source: prometheus.io/docs/instrumenting/exposition_formats (text 0.0.4, 2026-11).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)

Labels = tuple[tuple[str, str], ...]
Value = float | Mapping[Labels, float]  # one, or one for each of several labels


class Counter:
    """Only rises. Labels must come from closed sets: nothing that a client chooses."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._values: dict[Labels, int] = {}

    def add(self, **labels: str) -> None:
        key = tuple(sorted(labels.items()))
        self._values[key] = self._values.get(key, 0) + 1

    def show(self, **labels: str) -> None:
        """Show it as 0 before anything is counted, so that the first is seen as a rise."""
        self._values.setdefault(tuple(sorted(labels.items())), 0)

    def lines(self) -> Iterable[str]:
        yield from _head(self.name, self.text, "counter")
        for labels, value in sorted(self._values.items()):
            yield f"{self.name}{_labels(labels)} {value}"


class Histogram:
    """How long something took, in seconds."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._values: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, seconds: float, **labels: str) -> None:
        key = tuple(sorted(labels.items()))
        counts = self._values.setdefault(key, [0] * (len(SECONDS_BUCKETS) + 1))
        counts[bisect_left(SECONDS_BUCKETS, seconds)] += 1
        self._sums[key] = self._sums.get(key, 0.0) + seconds

    def lines(self) -> Iterable[str]:
        yield from _head(self.name, self.text, "histogram")
        for labels, counts in sorted(self._values.items()):
            total = 0
            for bound, count in zip((*map(str, SECONDS_BUCKETS), "+Inf"), counts, strict=True):
                total += count
                yield f"{self.name}_bucket{_labels((*labels, ('le', bound)))} {total}"
            yield f"{self.name}_sum{_labels(labels)} {self._sums[labels]:.6f}"
            yield f"{self.name}_count{_labels(labels)} {total}"


class Metrics:
    """What one control plane counts; what others count, and gauges, are handed in when the page is written."""

    def __init__(self) -> None:
        self.requests = Counter("isthmus_control_plane_requests_total", "Answers of the REST API.")
        self.request_seconds = Histogram("isthmus_control_plane_request_seconds", "Time to answer, without streams.")
        self.store_seconds = Histogram("isthmus_control_plane_store_seconds", "Time of the store's calls.")
        self.store_failures = Counter("isthmus_control_plane_store_failures_total", "Calls that the store refused.")
        for operation in ("get", "list", "transact", "lease"):
            self.store_failures.show(operation=operation, reason="unavailable")

    def page(self, gauges: Mapping[str, tuple[str, Value]]) -> str:
        """`gauges`: text and value by name; what ends in `_total` is a counter."""
        lines: list[str] = []
        for metric in (self.requests, self.request_seconds, self.store_seconds, self.store_failures):
            lines.extend(metric.lines())
        for name, (text, value) in gauges.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            lines.extend(_head(name, text, kind))
            values = value if isinstance(value, Mapping) else {(): value}
            lines.extend(f"{name}{_labels(labels)} {_number(each)}" for labels, each in values.items())
        return "\n".join(lines) + "\n"


def _head(name: str, text: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _labels(labels: Labels) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return "{" + ",".join(f'{name}="{quoted(value)}"' for name, value in labels) + "}" if labels else ""
