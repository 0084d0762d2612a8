"""`make bench`: processor time a request, ours beside nginx in the same run, on the same machine.

Usage: python -m benchmarks.run [--seconds N] [--rounds N] [--peer NAME=COMMAND ...] [--json FILE]

Rounds alternate between the peers, so that whatever else the machine does falls on all of them. Absolute figures depend
on the machine; the ratio to nginx is what can be compared, within some 20 %.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.measure import SCRIPTS, Measured, measure
from benchmarks.peers import (
    Peer,
    free_port,
    isthmus_command,
    nginx_command,
    other_command,
    running,
    upstream_command,
)

FLOOR = "nginx"
WARM_SECONDS = 1

Figures = dict[str, dict[str, list[Measured]]]  # by scenario and peer


def main() -> int:
    """Measure, print a table, and write the figures if asked."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each peer and scenario")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument(
        "--peer", action="append", default=[], help="another gateway; {port} and {upstream} are filled in"
    )
    parser.add_argument("--json", type=Path, help="file for all figures")
    given = parser.parse_args()
    others = dict(each.split("=", 1) for each in given.peer)
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        figures = _measure_all(given, Path(folder), others)
    print(table(figures))
    if given.json:
        given.json.write_text(json.dumps(summary(figures), indent=2) + "\n")
    return 0


def _measure_all(given: argparse.Namespace, folder: Path, others: Mapping[str, str]) -> Figures:
    """Gateways have the first processor, load and upstream the last."""
    first, last = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
    figures: Figures = {scenario: {} for scenario in SCRIPTS}
    with ExitStack() as stack:
        upstream = free_port()
        command = upstream_command(folder, upstream)
        stack.enter_context(running("upstream", command, upstream, processor=last, log=folder / "upstream.log"))
        commands = {name: (free_port(), template) for name, template in ((FLOOR, ""), ("isthmus", ""), *others.items())}
        peers: list[Peer] = []
        for name, (port, template) in commands.items():
            if name == FLOOR:
                argv = nginx_command(folder, port, upstream)
            elif name == "isthmus":
                argv = isthmus_command(folder, port, upstream)
            else:
                argv = other_command(template, port, upstream)
            peers.append(stack.enter_context(running(name, argv, port, processor=first, log=folder / f"{name}.log")))
        load = {"connections": given.connections, "processor": last, "folder": folder}
        for scenario in SCRIPTS:
            for peer in peers:
                measure(peer, scenario, seconds=WARM_SECONDS, **load)
            for number in range(given.rounds):
                print(f"bench: {scenario}, round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
                for peer in peers:
                    measured = measure(peer, scenario, seconds=given.seconds, **load)
                    figures[scenario].setdefault(peer.name, []).append(measured)
    return figures


def table(figures: Figures) -> str:
    """Medians of all rounds."""
    lines = [
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "scenario  gateway    CPU us/request  x nginx  requests/s  p50 us  p99 us",
    ]
    for scenario, peers in figures.items():
        for name, runs in peers.items():
            ratio = ratio_to_floor(peers, name)
            lines.append(
                f"{scenario:<9} {name:<10} {median(run.cpu_us for run in runs):>14.1f} {ratio:>8.2f}"
                f" {median(run.requests_per_second for run in runs):>11.0f} {median(run.p50_us for run in runs):>7.0f}"
                f" {median(run.p99_us for run in runs):>7.0f}"
            )
    return "\n".join(lines)


def ratio_to_floor(peers: Mapping[str, list[Measured]], name: str) -> float:
    """Median of the ratios of neighbouring measurements: a slow minute slows both."""
    return median(ours.cpu_us / floor.cpu_us for ours, floor in zip(peers[name], peers[FLOOR], strict=True))


def summary(figures: Figures) -> dict[str, object]:
    """All figures, for a file that later runs are compared with."""
    return {
        scenario: {
            name: {
                "cpuMicroseconds": [round(run.cpu_us, 2) for run in runs],
                "requestsPerSecond": [round(run.requests_per_second) for run in runs],
                "ratioToNginx": round(ratio_to_floor(peers, name), 3),
            }
            for name, runs in peers.items()
        }
        for scenario, peers in figures.items()
    }


if __name__ == "__main__":
    sys.exit(main())
