"""`make check`: every gate, as many at once as there are processors; says which failed and how to mend it.

Usage: python -m scripts.check [STEP ...]
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
STEP_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Step:
    """One gate: what is run, and what whoever fails it should do."""

    name: str
    argv: tuple[str, ...]
    mend: str


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended, and what it printed."""

    step: Step
    passed: bool
    seconds: float
    output: str


# The longest first, so that the short ones fill the other processor.
STEPS = (
    Step("types", (f"{BIN}/mypy", "--no-error-summary"), "mend the types above"),
    Step("chart", (f"{BIN}/pytest", "-q", "tests/charts/test_isthmus.py"), "mend charts/isthmus as said above"),
    Step("imports", (f"{BIN}/lint-imports", "--no-logo"), "see 'who may import whom' in pyproject.toml"),
    Step("generated", (f"{BIN}/python", "-m", "scripts.generate", "--check"), "make golden, then review the diff"),
    Step("layout", (f"{BIN}/pytest", "-q", "tests/test_layout.py"), "see 'Where things go' in CONTRIBUTING.md"),
    Step("lint", (f"{BIN}/ruff", "check", "-q", "."), "make fmt mends some of it"),
    Step("format", (f"{BIN}/ruff", "format", "--check", "-q", "."), "make fmt"),
)


def main(names: Sequence[str]) -> int:
    """Run the named steps, or all; return the exit status."""
    unknown = set(names) - {step.name for step in STEPS}
    if unknown:
        print(f"check: no step '{unknown.pop()}'; there are {', '.join(step.name for step in STEPS)}")
        return 2
    steps = [step for step in STEPS if not names or step.name in names]
    failed = []
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for result in pool.map(_run, steps):
            print(f"check: {'ok    ' if result.passed else 'FAILED'} {result.step.name} ({result.seconds:.1f} s)")
            if not result.passed:
                failed.append(result)
                print(result.output.rstrip())
    for result in failed:
        print(f"check: {result.step.name} failed: {result.step.mend}")
    return 1 if failed else 0


def _run(step: Step) -> Result:
    started = time.monotonic()
    try:
        done = subprocess.run(
            step.argv,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        passed, output = done.returncode == 0, done.stdout
    except subprocess.TimeoutExpired:
        passed, output = False, f"{step.name} did not end within {STEP_SECONDS} s"
    return Result(step, passed, time.monotonic() - started, output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
