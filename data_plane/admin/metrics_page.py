"""The Prometheus text format. Source: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Labels = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One series. With `buckets` (not cumulative, one more than there are bounds) it is a histogram's."""

    labels: Labels
    value: float
    buckets: Sequence[int] | None = None


@dataclass(slots=True)
class Family:
    """All series of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: list[Sample] = field(default_factory=list)
    bounds: Sequence[float] = ()


def render(families: Iterable[Family]) -> str:
    """The page. Families without series are left out."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {_escape_help(family.help)}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            for sample in family.samples:
                lines.extend(_lines(family, sample))
    return "\n".join(lines) + "\n"


def _lines(family: Family, sample: Sample) -> Iterable[str]:
    if sample.buckets is None:
        yield f"{family.name}{_labels(sample.labels)} {_number(sample.value)}"
        return
    count = 0
    for bound, bucket in zip((*map(_number, family.bounds), "+Inf"), sample.buckets, strict=True):
        count += bucket
        yield f"{family.name}_bucket{_labels((*sample.labels, ('le', bound)))} {count}"
    yield f"{family.name}_sum{_labels(sample.labels)} {_number(sample.value)}"
    yield f"{family.name}_count{_labels(sample.labels)} {count}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escape_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
