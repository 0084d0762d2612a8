"""The documents show what is in the file, and nothing of the page around it is lost."""

from pathlib import Path

import pytest

from benchmarks import report, results
from benchmarks.report import BEGIN, END, figures_page, overview
from benchmarks.results import Results, Step
from tests.fakes.bench import MACHINE, row

IDLE = row("idle_connections", concurrency=10_000, extra={"bytes_per_connection": 4096.0, "rss_mib": 50.0})
KNOWN = Results(
    MACHINE,
    {"envoy": "no network"},
    [row(system="nginx", cpu_us=15.0, ratio=1.0), row(), IDLE],
    {"api key": Step(10.0, 11.0, 1.0, 1.1)},
)


@pytest.mark.parametrize(
    "line",
    [
        "| 64 | 17 | isthmus | 30.0 (30.0) | 20.0 / 10.0 | 1.50 | 1,000 | 100 | 200 | 60 |",
        "| isthmus | 4,096 | 50 |",
        "| api key | 10.00 | 11.00 | 1.00 | 1.10 |",
        "| chat, c=64, 17 header fields | ≤ 2 x nginx | 1.50 | yes |",
        "envoy is not in the tables: not installable here (no network).",
        "Measured 2026-11-24 at commit abc on m; nginx 1.22.1.",
    ],
    ids=["row", "memory", "step", "goal", "absent", "machine"],
)
def test_the_page_of_figures_shows(line: str) -> None:
    assert line in figures_page(KNOWN).splitlines()


def test_only_what_lies_between_the_marks_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, figures = tmp_path / "performance.md", tmp_path / "bench.md"
    page.write_text(f"# before\n{BEGIN}\nold\n{END}\nafter\n")
    monkeypatch.setattr(report, "OVERVIEW", page)
    monkeypatch.setattr(report, "FIGURES", figures)
    monkeypatch.setattr(results, "load", lambda: KNOWN)
    report.write_documents()
    assert page.read_text() == f"# before\n{BEGIN}\n\n{overview(KNOWN)}\n\n{END}\nafter\n"
    assert figures.read_text() == figures_page(KNOWN)
