"""Tables of the figures: for the terminal and for the documents."""

import os
import platform
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks import results
from benchmarks.goals import Verdict, verdicts
from benchmarks.results import Results
from benchmarks.samples import Row
from benchmarks.scenarios import SCENARIOS

DOCS = Path(__file__).parents[1] / "docs"
FIGURES, OVERVIEW = DOCS / "results" / "bench.md", DOCS / "performance.md"
BEGIN, END = "<!-- figures of make bench: begin -->", "<!-- figures of make bench: end -->"
EXTRAS = {"added_p50_us": "added p50 us", "added_p99_us": "added p99 us", "rss_mib": "MiB"}
IDLE = "bytes_per_connection"


def console_table(rows: Sequence[Row]) -> str:
    """Medians of all rounds, one line a row."""
    lines = [
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        f"{'scenario':<19} {'c':>5} {'h':>3} {'system':<9} {'cpu us':>8} {'min':>8} {'user':>7} {'kernel':>7}"
        f" {'x nginx':>8} {'a second':>8} {'p50 us':>7} {'p99 us':>7} {'load':>5}  by process, and more",
    ]
    for row in rows:
        point = row.point
        roles = [f"{role} {used:.2f}" for role, used in sorted(row.roles.items())] if len(row.roles) > 1 else []
        more = ", ".join([*roles, *(f"{name} {figure:.0f}" for name, figure in row.extra.items())])
        lines.append(
            f"{point.scenario:<19} {point.concurrency:>5} {point.headers:>3} {row.system:<9} {row.cpu_us:>8.2f}"
            f" {row.cpu_us_min:>8.2f} {row.user_us:>7.2f} {row.system_us:>7.2f} {_ratio(row):>8} {row.rps:>8.0f}"
            f" {row.p50_us:>7.0f} {row.p99_us:>7.0f} {row.load_busy:>5.2f}  {more}".rstrip()
        )
    return "\n".join(lines)


def _ratio(row: Row) -> str:
    return "-" if row.ratio_to_nginx is None else f"{row.ratio_to_nginx:.2f}"


def write_documents() -> None:
    """Write the figures that are known into the pages that show them."""
    known = results.load()
    FIGURES.write_text(figures_page(known))
    before, rest = OVERVIEW.read_text().split(BEGIN)
    OVERVIEW.write_text(f"{before}{BEGIN}\n\n{overview(known)}\n\n{END}{rest.split(END)[1]}")


def overview(known: Results) -> str:
    """The goals, and the scenario they are mostly about."""
    chat = [row for row in known.rows if row.point.scenario == "chat_relay"]
    return "\n\n".join([_machine(known), goals_table(verdicts(known)), _scenario_table("chat_relay", chat)])


def figures_page(known: Results) -> str:
    """All figures."""
    parts = [
        "# Bench",
        "Written by `make bench` and `make bench-steps` from `benchmarks/results.json`;"
        " [performance](../performance.md) says how it was measured and what it means.",
        _machine(known),
        *(f"{name} is not in the tables: not installable here ({reason})." for name, reason in known.absent.items()),
        "## Goals",
        goals_table(verdicts(known)),
    ]
    for name, rows in groupby(known.rows, lambda row: row.point.scenario):
        scenario = SCENARIOS[name]
        parts += [f"## {name}", f"{scenario.about[0].upper()}{scenario.about[1:]}.", _scenario_table(name, list(rows))]
    parts += ["## Steps", "Microseconds of CPU a request, in process: minima, and the median of the differences."]
    parts.append(steps_table(known))
    return "\n\n".join(parts) + "\n"


def _machine(known: Results) -> str:
    versions = ", ".join(f"{name} {each}" for name, each in known.machine.items() if name not in ABOUT)
    about = {name: known.machine.get(name, "unknown") for name in ABOUT}
    return f"Measured {about['date']} at commit {about['commit']} on {about['machine']}; {versions}."


ABOUT = ("date", "commit", "machine")


def goals_table(found: Iterable[Verdict]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    lines = [
        [
            verdict.goal.statement,
            f"≤ {verdict.goal.limit:g} {verdict.goal.unit}",
            "-" if verdict.figure is None else f"{verdict.figure:.2f}",
            words[verdict.met],
        ]
        for verdict in found
    ]
    return markdown(["goal", "at most", "measured", "met"], lines)


def _scenario_table(name: str, rows: Sequence[Row]) -> str:
    if rows and IDLE in rows[0].extra:
        lines = [[row.system, f"{row.extra[IDLE]:,.0f}", f"{row.extra['rss_mib']:.0f}"] for row in rows]
        return markdown(["system", "bytes a connection", "MiB without them"], lines)
    unit = SCENARIOS[name].unit
    extras = {each: title for each, title in EXTRAS.items() if rows and each in rows[0].extra}
    head = ["c", "headers", "system", f"CPU µs a {unit} (min)", "user / kernel", "nginx = 1", f"{unit}s a second"]
    lines = [
        [
            str(row.point.concurrency),
            str(row.point.headers),
            row.system,
            f"{row.cpu_us:.1f} ({row.cpu_us_min:.1f})",
            f"{row.user_us:.1f} / {row.system_us:.1f}",
            _ratio(row),
            f"{row.rps:,.0f}",
            f"{row.p50_us:,.0f}",
            f"{row.p99_us:,.0f}",
            *(f"{row.extra[each]:,.0f}" for each in extras),
        ]
        for row in rows
    ]
    return markdown([*head, "p50 µs", "p99 µs", *(title.replace(" us", " µs") for title in extras.values())], lines)


def steps_table(known: Results) -> str:
    lines = [
        [name, *(f"{each:.2f}" for each in (step.without_us, step.with_us, step.cost_us, step.median_cost_us))]
        for name, step in known.steps.items()
    ]
    return markdown(["step", "without", "with", "costs", "median"], lines)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(each)} |" for each in (head, ["---"] * len(head), *lines))
