"""`make bench`: processor time a request, ours beside others in the same run, on the same machine.

Usage: python -m benchmarks.run [--scenario A,B] [--concurrency N,N] [--headers N,N] [--systems A,B] [--rounds N]
    [--seconds N] [--peer NAME=COMMAND ...] [--quick | --save]

Rounds alternate between the systems, so that whatever else the machine does falls on all of them. Absolute figures
depend on the machine; the ratio to nginx is what can be compared, within some 20 %.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import machine, results
from benchmarks.measure import Bench, Plan
from benchmarks.report import console_table, write_documents
from benchmarks.samples import FLOOR, INTERPRETED, OURS, rows
from benchmarks.scenarios import SCENARIOS, is_target, points
from benchmarks.systems import SYSTEMS, other

USUAL = [name for name in SYSTEMS if name != INTERPRETED]
QUICK = {
    "scenario": ["chat_relay", "rest_get"],
    "concurrency": [64],
    "headers": [17],
    "systems": [FLOOR, OURS],
    "rounds": 2,
    "seconds": 1,
}


def main() -> int:
    """Measure and print a table; with `--save`, write it into the documents."""
    parser = _parser()
    given = parser.parse_args()
    if given.quick:
        parser.set_defaults(**QUICK)
        given = parser.parse_args()
    systems = {name: SYSTEMS[name] for name in given.systems}
    systems |= {name: other(command) for name, _, command in (each.partition("=") for each in given.peer)}
    narrowed = bool(given.concurrency or given.headers)
    rounds = {
        point: given.rounds if narrowed or is_target(point) else max(1, given.rounds // 2)
        for point in points(given.scenario, given.concurrency, given.headers)
    }
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        bench = Bench(Path(folder), Plan(rounds, systems, given.seconds))
        bench.run()
    found = rows(bench.samples)
    print(console_table(found))
    if given.save:
        results.save(results.load().with_rows(found, machine.describe(), bench.absent))
        write_documents()
    for failure in bench.failures:
        print(f"bench: {failure}", file=sys.stderr)
    return 1 if bench.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scenario", type=_names(SCENARIOS), default=list(SCENARIOS), help="only these")
    parser.add_argument("--systems", type=_names(SYSTEMS), default=USUAL, help=f"others than {','.join(USUAL)}")
    parser.add_argument("--concurrency", type=_numbers, help="only these numbers of connections")
    parser.add_argument("--headers", type=_numbers, help="only these numbers of header fields: 7, 17")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each system and scenario")
    parser.add_argument("--seconds", type=int, default=2, help="of one measurement")
    parser.add_argument(
        "--peer", action="append", default=[], help="NAME=COMMAND of another gateway, with {port} and {upstream}"
    )
    what_for = parser.add_mutually_exclusive_group()
    what_for.add_argument("--quick", action="store_true", help="chat and REST at one point, in less than a minute")
    what_for.add_argument(
        "--save", action="store_true", help="write benchmarks/results.json, and what shows it in docs/"
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
