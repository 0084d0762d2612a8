"""What was measured: samples of one run each, and the rows of medians that are made of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

FLOOR = "nginx"
OURS = "isthmus"
INTERPRETED = "isthmus-py"  # the same sources, not compiled


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One place of the table. `headers`: fields of a request's head."""

    scenario: str
    concurrency: int
    headers: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Figures of one run. The latencies are those under the scenario's load."""

    cpu_us: float  # processor time of all the gateway's processes, per request, stream or event
    user_us: float  # of that, outside the kernel
    roles: Mapping[str, float]  # the same time by the role of a process
    rps: float
    p50_us: float
    p99_us: float
    load_busy: float = 0.0  # share of the other processor that load and upstream had: at 1 they were the limit
    extra: Mapping[str, float] = field(default_factory=dict)  # what only some scenarios have


@dataclass(frozen=True, slots=True)
class Row:
    """Medians over the rounds of one system at one point."""

    point: Point
    system: str
    rounds: int
    cpu_us: float
    cpu_us_min: float
    user_us: float
    system_us: float
    roles: Mapping[str, float]
    rps: float
    p50_us: float
    p99_us: float
    load_busy: float
    extra: Mapping[str, float]
    ratio_to_nginx: float | None


Samples = dict[Point, dict[str, list[Sample]]]  # by point and system, in the order of rounds


def rows(samples: Samples) -> list[Row]:
    """One for each system and point."""
    return [
        _row(point, name, runs, systems.get(FLOOR))
        for point, systems in samples.items()
        for name, runs in systems.items()
    ]


def _row(point: Point, name: str, runs: Sequence[Sample], floor: Sequence[Sample] | None) -> Row:
    def middle(figures: Iterable[float]) -> float:
        return round(median(figures), 2)

    return Row(
        point,
        name,
        len(runs),
        cpu_us=middle(run.cpu_us for run in runs),
        cpu_us_min=round(min(run.cpu_us for run in runs), 2),
        user_us=middle(run.user_us for run in runs),
        system_us=middle(run.cpu_us - run.user_us for run in runs),
        roles={role: middle(run.roles[role] for run in runs) for role in runs[0].roles},
        rps=round(median(run.rps for run in runs)),
        p50_us=round(median(run.p50_us for run in runs)),
        p99_us=round(median(run.p99_us for run in runs)),
        load_busy=middle(run.load_busy for run in runs),
        extra={name: middle(run.extra[name] for run in runs) for name in runs[0].extra},
        ratio_to_nginx=round(ratio(runs, floor), 3) if floor and runs[0].cpu_us else None,
    )


def ratio(runs: Sequence[Sample], floor: Sequence[Sample]) -> float:
    """Median of the ratios within a round: a slow minute slows both."""
    return median(ours.cpu_us / theirs.cpu_us for ours, theirs in zip(runs, floor, strict=False))
