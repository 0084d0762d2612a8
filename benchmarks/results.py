"""`results.json`: the figures of the last full run, and of single scenarios that were measured again since."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmarks.samples import Point, Row
from benchmarks.scenarios import SCENARIOS

FILE = Path(__file__).with_name("results.json")
IN_POINT = frozenset(each.name for each in fields(Point))
IN_ROW = frozenset(each.name for each in fields(Row)) - {"point", "extra"}


@dataclass(frozen=True, slots=True)
class Step:
    """Microseconds a request without and with a step: minima, and the median of the differences."""

    without_us: float
    with_us: float
    cost_us: float
    median_cost_us: float


@dataclass(frozen=True, slots=True)
class Results:
    """What is known. `machine`: names and versions; `absent`: why a system is not there."""

    machine: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    steps: Mapping[str, Step] = field(default_factory=dict)

    def with_rows(self, rows: Iterable[Row], machine: Mapping[str, str], absent: Mapping[str, str]) -> "Results":
        """Rows take the place of those of the same scenarios: figures of different runs are not to be compared."""
        new = list(rows)
        replaced = {row.point.scenario for row in new}
        kept = [row for row in self.rows if row.point.scenario not in replaced]
        order = list(SCENARIOS)
        ordered = sorted(
            [*kept, *new],
            key=lambda row: (order.index(row.point.scenario), row.point.headers, row.point.concurrency),
        )
        return Results(machine, absent, ordered, self.steps)

    def with_steps(self, steps: Mapping[str, Step], machine: Mapping[str, str]) -> "Results":
        return Results(self.machine or machine, self.absent, self.rows, {**self.steps, **steps})

    def find(self, scenario: str, system: str, concurrency: int | None = None) -> Row | None:
        """The last such row: the one with the most header fields."""
        found = [row for row in self.rows if (row.point.scenario, row.system) == (scenario, system)]
        found = [row for row in found if concurrency in (None, row.point.concurrency)]
        return max(found, key=lambda row: row.point.headers, default=None)


def load(file: Path = FILE) -> Results:
    """Read the file; nothing is known if there is none."""
    if not file.exists():
        return Results()
    known = json.loads(file.read_text())
    steps = {name: Step(**figures) for name, figures in known["steps"].items()}
    return Results(known["machine"], known["absent"], [_row(each) for each in known["rows"]], steps)


def save(results: Results, file: Path = FILE) -> None:
    steps = {name: asdict(step) for name, step in results.steps.items()}
    known = {
        "machine": dict(results.machine),
        "absent": dict(results.absent),
        "rows": [_document(row) for row in results.rows],
        "steps": steps,
    }
    file.write_text(json.dumps(known, indent=1) + "\n")


def _document(row: Row) -> dict[str, Any]:
    """Flat, as it is easiest to look into with other tools."""
    document = asdict(row)
    return {**document.pop("point"), "system": row.system, **document.pop("extra"), **document}


def _row(document: Mapping[str, Any]) -> Row:
    point = Point(**{name: document[name] for name in IN_POINT})
    extra = {name: each for name, each in document.items() if name not in IN_POINT | IN_ROW}
    return Row(point=point, extra=extra, **{name: document[name] for name in IN_ROW})
