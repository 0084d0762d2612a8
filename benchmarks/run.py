"""`make bench`: processor time a request, ours beside others in the same run, on the same machine.

Usage: python -m benchmarks.run [--scenario A,B] [--concurrency N,N] [--headers N,N] [--systems A,B] [--rounds N] ...

Rounds alternate between the systems, so that whatever else the machine does falls on all of them. Absolute figures
depend on the machine; the ratio to nginx is what can be compared, within some 20 %.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.measure import Bench, Plan
from benchmarks.report import console_table
from benchmarks.samples import rows
from benchmarks.scenarios import SCENARIOS, is_target, points
from benchmarks.systems import SYSTEMS, other


def main() -> int:
    """Measure and print a table."""
    parser = _parser()
    given = parser.parse_args()
    systems = {name: SYSTEMS[name] for name in given.systems}
    systems |= {name: other(command) for name, _, command in (each.partition("=") for each in given.peer)}
    narrowed = bool(given.concurrency or given.headers)
    rounds = {
        point: given.rounds if narrowed or is_target(point) else max(1, given.rounds // 2)
        for point in points(given.scenario, given.concurrency, given.headers)
    }
    plan = Plan(rounds, systems, given.seconds)
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        samples = Bench(Path(folder), plan).run()
    print(console_table(rows(samples)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scenario", type=_names(SCENARIOS), default=list(SCENARIOS), help="only these")
    parser.add_argument("--systems", type=_names(SYSTEMS), default=list(SYSTEMS), help="only these")
    parser.add_argument("--concurrency", type=_numbers, help="only these numbers of connections")
    parser.add_argument("--headers", type=_numbers, help="only these numbers of header fields: 7, 17")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each system and scenario")
    parser.add_argument("--seconds", type=int, default=2, help="of one measurement")
    parser.add_argument(
        "--peer", action="append", default=[], help="NAME=COMMAND of another gateway, with {port} and {upstream}"
    )
    return parser


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return names

    return parse


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
