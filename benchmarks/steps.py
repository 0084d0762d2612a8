"""`make bench-steps`: processor time a request of single steps, in process.

Usage: python -m benchmarks.steps [--rounds N] [--requests N] [--step NAME ...] [--compiled] [--save]

Recorded bytes go through the real connection, plan and upstream objects on transports that lead nowhere, once with and
once without a step, in turns, so that whatever else the machine does falls on both. What a step costs is the difference
of the minima; the median of the differences within a round stands beside it. A planted microsecond has to show.
"""

import argparse
import asyncio
import gc
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from benchmarks import compiled, machine, results
from benchmarks.goals import SCALE
from benchmarks.in_process import InProcess, Network
from benchmarks.isthmus import HEADERS as HEADER_CHANGES
from benchmarks.report import write_documents
from benchmarks.variants import (
    Variant,
    at_provider,
    chat,
    chat_at_anthropic,
    fresh,
    many,
    messages,
    messages_at_openai,
    policy,
    posted,
    route,
    standard,
    streamed,
    streamed_by_anthropic,
    streamed_to_anthropic,
    without,
)

MIN_ROUNDS = 30
PLANTED = "planted 1 us"
PLANTED_US = 1.0
TOLERANCE_US = 0.5  # of the planted time; beyond, the machine is too restless to tell steps apart
EVENTS = 20
POLICIES = ("TimeoutPolicy", "HeaderPolicy")  # of the standard configuration
TO_SERVICE = {"matches": [{"path": {"value": "/rest"}}], "serviceRef": {"name": "rest"}}


@dataclass(frozen=True, slots=True)
class Step:
    """What is compared. `parts`: how often the step happens in one exchange."""

    name: str
    without: Variant
    with_it: Variant
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds an exchange, of each round."""

    without: tuple[float, ...]
    with_it: tuple[float, ...]
    parts: int = 1

    @property
    def cost(self) -> float:
        """What the step costs, by minima."""
        return (min(self.with_it) - min(self.without)) / self.parts

    @property
    def median_cost(self) -> float:
        """The same, by differences within rounds."""
        return median(after - before for before, after in zip(self.without, self.with_it, strict=True)) / self.parts


def main() -> int:
    """Measure and print; 1 if the planted microsecond does not show."""
    parser = argparse.ArgumentParser(
        prog="bench-steps", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    steps = all_steps()
    parser.add_argument("--rounds", type=int, default=MIN_ROUNDS)
    parser.add_argument("--requests", type=int, default=300, help="of one side in one round")
    parser.add_argument("--step", action="append", choices=[step.name for step in steps], help="only these")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results.json, and what shows it in docs/")
    parser.add_argument(compiled.FLAG, action="store_true", help="the compiled request path, as it is shipped")
    given = parser.parse_args()
    if given.compiled:
        compiled.restart("benchmarks.steps", sys.argv[1:])
    if given.rounds < MIN_ROUNDS:
        parser.error(f"--rounds must be greater than or equal to {MIN_ROUNDS}")
    wanted = [step for step in steps if not given.step or step.name in (PLANTED, *given.step)]
    figures = measure_all(wanted, rounds=given.rounds, requests=given.requests)
    print(table(figures))
    if not shows_plant(figures[PLANTED]):
        print("bench-steps: the planted microsecond does not show: do not trust these figures", file=sys.stderr)
        return 1
    if given.save:
        results.save(results.load().with_steps(summary(figures), machine.describe()))
        write_documents()
    return 0


def measure_all(steps: Sequence[Step], *, rounds: int, requests: int) -> dict[str, Measured]:
    """Figures by step."""
    gc.collect()
    gc.freeze()  # as a worker does
    try:
        with asyncio.Runner(loop_factory=Network) as runner:
            return {step.name: runner.run(measure(step, rounds=rounds, requests=requests)) for step in steps}
    finally:
        gc.unfreeze()


async def measure(step: Step, *, rounds: int, requests: int) -> Measured:
    sides = [await _made(variant) for variant in (step.without, step.with_it)]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):  # neither is always the first
            times[side].append(_microseconds(sides[side], requests))
    return Measured(tuple(times[0]), tuple(times[1]), step.parts)


async def _made(variant: Variant) -> InProcess:
    plant = burner(variant.plant_us) if variant.plant_us is not None else None
    made = InProcess(variant.resources | variant.added(), variant.traffic, plant)
    await made.warm()
    return made


def _microseconds(side: InProcess, requests: int) -> float:
    side.forget()
    asked = side.requests(requests)
    start = time.process_time_ns()
    side.run(asked)
    return (time.process_time_ns() - start) / requests / 1000


def all_steps() -> list[Step]:
    """What is told apart, from the outside inwards; the plant first."""
    bare = without(standard(), *POLICIES)
    asked = Variant(bare, chat())
    get = Variant(bare, posted())
    anthropic = at_provider(bare, "Anthropic")
    keyless = bare | route("rest", authentication={"methods": ["Anonymous"]}, **TO_SERVICE)
    anonymous = Variant(keyless, posted(key=False))
    return [
        Step(PLANTED, replace(asked, plant_us=0.0), replace(asked, plant_us=PLANTED_US)),
        Step("api key", anonymous, get),
        Step("model", get, asked),
        Step("10 more headers", replace(asked, traffic=chat(7)), asked),
        Step("head never seen", asked, replace(asked, traffic=fresh())),
        Step("timeout policy", asked, _with_policy(asked, "TimeoutPolicy", requestSeconds=60)),
        Step("header policy", asked, _with_policy(asked, "HeaderPolicy", **HEADER_CHANGES)),
        Step("shadow policy", asked, _with_policy(asked, "HeaderPolicy", mode="Shadow", **HEADER_CHANGES)),
        Step(SCALE, asked, replace(asked, added=partial(many, routes=5_000, credentials=300_000))),
        Step("chat to Anthropic", asked, Variant(anthropic, chat_at_anthropic())),
        Step("messages to OpenAI", Variant(anthropic, messages()), Variant(bare, messages_at_openai())),
        Step(
            "event of Anthropic's",
            Variant(anthropic, streamed_by_anthropic(1)),
            Variant(anthropic, streamed_by_anthropic(1 + EVENTS)),
            EVENTS,
        ),
        Step(
            "event for Anthropic's",
            Variant(bare, streamed_to_anthropic(1)),
            Variant(bare, streamed_to_anthropic(1 + EVENTS)),
            EVENTS,
        ),
        Step("stream event", Variant(bare, streamed(1)), Variant(bare, streamed(1 + EVENTS)), EVENTS),
    ]


def _with_policy(variant: Variant, kind: str, **spec: Any) -> Variant:
    return replace(variant, resources=variant.resources | policy(kind, "measured", **spec))


def burner(microseconds: float) -> Callable[[], None]:
    """A function that takes so much time, beside what its call and a look at the clock take."""
    return partial(_spin, round(microseconds * 1000))


def _spin(nanoseconds: int) -> None:
    # By the clock, not by a number of turns: among other code a loop runs slower than where it would be calibrated.
    clock = time.perf_counter_ns
    end = clock() + nanoseconds
    while clock() < end:
        pass


def shows_plant(measured: Measured) -> bool:
    return abs(measured.cost - PLANTED_US) <= TOLERANCE_US


def table(figures: dict[str, Measured]) -> str:
    lines = [
        f"{platform.machine()}, Python {platform.python_version()}; us of CPU a request, minimum (median)",
        f"{'step':<27} {'without':>17} {'with':>17} {'costs':>17}",
    ]
    for name, each in figures.items():
        cells = (
            f"{min(each.without):.2f} ({median(each.without):.2f})",
            f"{min(each.with_it):.2f} ({median(each.with_it):.2f})",
            f"{each.cost:.2f} ({each.median_cost:.2f})",
        )
        lines.append(f"{name:<27} " + " ".join(f"{cell:>17}" for cell in cells))
    return "\n".join(lines)


def summary(figures: dict[str, Measured]) -> dict[str, results.Step]:
    """For the file that later runs are compared with."""
    return {
        name: results.Step(
            without_us=round(min(each.without), 3),
            with_us=round(min(each.with_it), 3),
            cost_us=round(each.cost, 3),
            median_cost_us=round(each.median_cost, 3),
        )
        for name, each in figures.items()
    }


if __name__ == "__main__":
    sys.exit(main())
