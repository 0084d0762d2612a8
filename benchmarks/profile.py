"""Where a request's time goes: calls and time of every function, for the chat request in process.

Usage: python -m benchmarks.profile [--traffic chat|fresh|rest|stream] [--headers 7|17] [--requests N] [--lines N]
    [--compiled]

The bytes of `make bench-steps` go through the real connection, plan and upstream objects, so the kernel is left out.
Calls are exact. Times are those under the profiler, which makes calls look dearer than they are.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import compiled
from benchmarks.in_process import InProcess, Network, Traffic
from benchmarks.variants import HEADERS, chat, fresh, rest, standard, streamed

ROOT = Path(__file__).parents[1]
BUILT_IN = "~"  # what pstats calls the file of a function in C
TRAFFIC: Mapping[str, Callable[[int], Traffic]] = {
    "chat": chat,
    "fresh": fresh,
    "rest": lambda _: rest(),
    "stream": lambda _: streamed(20),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One function, per request."""

    where: str
    calls: float
    own_us: float
    total_us: float
    in_python: bool


def main() -> int:
    """Profile, and print a table."""
    parser = argparse.ArgumentParser(prog="profile", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--traffic", choices=TRAFFIC, default="chat")
    parser.add_argument("--headers", type=int, choices=(7, 17), default=HEADERS)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument(compiled.FLAG, action="store_true", help="the compiled request path, as it is shipped")
    given = parser.parse_args()
    if given.compiled:
        compiled.restart("benchmarks.profile", sys.argv[1:])
    with asyncio.Runner(loop_factory=Network) as runner:
        bare_us, lines = runner.run(profiled(TRAFFIC[given.traffic](given.headers), given.requests))
    print(table(bare_us, lines[: given.lines], lines))
    return 0


async def profiled(traffic: Traffic, times: int) -> tuple[float, list[Line]]:
    """Microseconds a request without the profiler, and the functions, the dearest first."""
    worker = InProcess(standard(), traffic)
    await worker.warm()
    gc.collect()
    gc.freeze()
    try:
        asked = worker.requests(times)
        start = time.process_time_ns()
        worker.run(asked)
        bare_us = (time.process_time_ns() - start) / times / 1000
        worker.forget()
        asked = worker.requests(times)
        profile = cProfile.Profile()
        profile.enable()
        worker.run(asked)
        profile.disable()
    finally:
        gc.unfreeze()
    return bare_us, lines_of(profile, times)


def lines_of(profile: cProfile.Profile, times: int) -> list[Line]:
    """What was called, the dearest first."""
    entries: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    lines = [
        Line(
            _where(file, line, name),
            calls / times,
            own / times * 1e6,
            total / times * 1e6,
            in_python=file != BUILT_IN,
        )
        for (file, line, name), (_, calls, own, total, _) in entries.items()
    ]
    return sorted(lines, key=lambda each: -each.own_us)


def _where(file: str, line: int, name: str) -> str:
    if file == BUILT_IN:
        return name
    path = Path(file)
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}:{line} {name}"


def table(bare_us: float, shown: list[Line], lines: list[Line]) -> str:
    """The totals are those of all lines."""
    python, built_in = (sum(line.calls for line in lines if line.in_python is kind) for kind in (True, False))
    return "\n".join(
        [
            f"{bare_us:.2f} us a request without the profiler;"
            f" {python:.1f} calls of Python functions, {built_in:.1f} of others",
            f"{'calls':>7} {'own us':>7} {'with callees':>12}  function",
            *(f"{line.calls:>7.2f} {line.own_us:>7.2f} {line.total_us:>12.2f}  {line.where}" for line in shown),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
