"""Where a gateway's processor time goes by library, the kernel included: `perf record` under chat load.

Usage: python -m benchmarks.perf [SYSTEM] [--scenario NAME] [--seconds N] [--symbols]

Needs the program `perf`, and the right to use it.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Bench, Plan
from benchmarks.processes import Server, family
from benchmarks.samples import OURS
from benchmarks.scenarios import SCENARIOS, points
from benchmarks.systems import SYSTEMS

HERTZ = 1999  # no multiple of what the kernel itself does at a steady rate
LEAST_PERCENT = "0.5"


def main() -> int:
    """Load, and print shares."""
    parser = argparse.ArgumentParser(prog="perf", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("system", nargs="?", choices=SYSTEMS, default=OURS)
    parser.add_argument("--scenario", choices=SCENARIOS, default="chat_relay")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--symbols", action="store_true", help="functions, not only libraries")
    given = parser.parse_args()
    if not shutil.which("perf"):
        parser.error("there is no `perf` on PATH: install it (as the package linux-perf)")
    point = points([given.scenario])[-1]
    with tempfile.TemporaryDirectory(prefix="isthmus-perf-") as name:
        folder = Path(name)
        plan = Plan({point: 1}, {given.system: SYSTEMS[given.system]}, given.seconds)
        data = folder / "perf.data"
        Bench(folder, plan, watch=lambda server: recording(server, data)).run()
        order = "dso,symbol" if given.symbols else "dso"
        print(shares(data, order))
    return 0


@contextmanager
def recording(server: Server, data: Path) -> Iterator[None]:
    """Record all processes of a server until the block ends."""
    processes = ",".join(map(str, family(server.process.pid)))
    options = ("-q", "-e", "cpu-clock", "-F", str(HERTZ), "-o", str(data), "-p", processes)
    with subprocess.Popen(["perf", "record", *options], stderr=subprocess.DEVNULL) as process:
        yield
        process.send_signal(signal.SIGINT)


def shares(data: Path, order: str) -> str:
    """Percentages of the time recorded, the largest first."""
    argv = ["perf", "report", "-q", "--stdio", "--percent-limit", LEAST_PERCENT, "--sort", order, "-i", str(data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    return "\n".join(line.rstrip(" -") for line in done.stdout.splitlines() if line.strip())


if __name__ == "__main__":
    sys.exit(main())
