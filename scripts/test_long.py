"""`make test-long`: runs the tests marked `long` and writes what ran, and the figures, to docs/results/.

A test adds a figure with pytest's `record_property(name, value)`.
Usage: python -m scripts.test_long [PYTEST-ARGUMENT ...]
"""

import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as Xml
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "test-long.md"
TEST_SECONDS = 1800  # of one test; `make test` allows 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test ended, and the figures it gave."""

    name: str
    result: str
    seconds: float
    figures: tuple[tuple[str, str], ...]


def main(arguments: Sequence[str]) -> int:
    """Return pytest's exit status."""
    with tempfile.TemporaryDirectory(prefix="isthmus-test-long-") as folder:
        report = Path(folder) / "report.xml"
        options = ["-m", "long", "-o", f"timeout={TEST_SECONDS}", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        status = subprocess.run([sys.executable, "-m", "pytest", "-q", *options, *arguments], cwd=ROOT, check=False)
        outcomes = sorted(read(report), key=lambda each: each.name) if report.exists() else []
    if arguments:
        print("test-long: a part was run, so docs/results/ stays as it is")
    elif outcomes:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(page(outcomes))
        print(f"test-long: {RESULTS.relative_to(ROOT)} written")
    return status.returncode


def read(report: Path) -> Iterator[Outcome]:
    """Outcomes in pytest's JUnit file."""
    for case in Xml.parse(report).iter("testcase"):
        ends = {"failure": "failed", "error": "failed", "skipped": "skipped"}
        result = next((ends[child.tag] for child in case if child.tag in ends), "passed")
        figures = tuple((each.get("name", ""), each.get("value", "")) for each in case.iter("property"))
        name = f"{case.get('classname', '').removeprefix('tests.')}: {case.get('name', '')}"
        yield Outcome(name, result, float(case.get("time", "0")), figures)


def page(outcomes: Sequence[Outcome]) -> str:
    """The results as a page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    rows = [
        f"| {each.name} | {each.result} | {each.seconds:.1f} | {', '.join(f'{k}: {v}' for k, v in each.figures)} |"
        for each in outcomes
    ]
    passed = sum(each.result == "passed" for each in outcomes)
    return "\n".join(
        [
            "# Long tests",
            "",
            f"Written by `make test-long` on {datetime.now(UTC):%Y-%m-%d}, commit {commit}, on {machine}.",
            f"{passed} of {len(outcomes)} passed.",
            "",
            "| test | result | seconds | figures |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
