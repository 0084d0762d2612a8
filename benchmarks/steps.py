"""`make bench-steps`: processor time a request of single steps, in process.

Usage: python -m benchmarks.steps [--rounds N] [--requests N] [--step NAME ...] [--json FILE]

Recorded bytes go through the real connection, plan and upstream objects on transports that lead nowhere, once with and
once without a step, in turns, so that whatever else the machine does falls on both. What a step costs is the difference
of the minima; the median of the differences within a round stands beside it. A planted microsecond has to show.
"""

import argparse
import asyncio
import gc
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.in_process import InProcess, Network, Traffic, http, json_request
from benchmarks.peers import ANSWER
from tests.fakes.gateway import KEY, basic, resource

MIN_ROUNDS = 30
PLANTED = "planted 1 us"
PLANTED_US = 1.0
TOLERANCE_US = 0.5  # of the planted time; beyond, the machine is too restless to tell steps apart
CHAT: dict[str, Any] = {"model": "gpt", "messages": [{"role": "user", "content": "Say something about foxes. " * 12}]}
HEADERS = {
    "host": "gateway.example",
    "accept": "application/json",
    "accept-encoding": "identity",
    "authorization": f"Bearer {KEY}",
    "content-type": "application/json",
    "user-agent": "OpenAI/Python 1.30.1",
    "x-stainless-lang": "python",
}
EVENTS = 20


@dataclass(frozen=True, slots=True)
class Variant:
    """One side of a comparison."""

    resources: dict[str, bytes]
    traffic: Traffic
    plant_us: float | None = None


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
    parser.add_argument("--json", type=Path, help="file for all figures")
    given = parser.parse_args()
    if given.rounds < MIN_ROUNDS:
        parser.error(f"--rounds must be greater than or equal to {MIN_ROUNDS}")
    wanted = [step for step in steps if not given.step or step.name in (PLANTED, *given.step)]
    figures = measure_all(wanted, rounds=given.rounds, requests=given.requests)
    print(table(figures))
    if given.json:
        given.json.write_text(json.dumps(summary(figures), indent=2) + "\n")
    if not shows_plant(figures[PLANTED]):
        print("bench-steps: the planted microsecond does not show: do not trust these figures", file=sys.stderr)
        return 1
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
    made = InProcess(variant.resources, variant.traffic, plant)
    await made.warm()
    return made


def _microseconds(side: InProcess, requests: int) -> float:
    side.forget()
    start = time.process_time_ns()
    side.run(requests)
    return (time.process_time_ns() - start) / requests / 1000


def all_steps() -> list[Step]:
    """What is told apart, from the outside inwards; the plant first."""
    service = basic() | dict([resource("Service", "shop", {"endpoints": [{"host": "127.0.0.1", "port": 80}]})])
    answer = whole(ANSWER)
    chat = Variant(basic(), Traffic(json_request("/v1/chat/completions", CHAT, HEADERS), answer))
    rest_traffic = Traffic(json_request("/shop/items", CHAT, HEADERS), answer)
    rest = Variant(service | to_service(), rest_traffic)
    anonymous = Variant(service | to_service(authentication={"methods": ["Anonymous"]}), _without_key(rest_traffic))
    return [
        Step(PLANTED, replace(chat, plant_us=0.0), replace(chat, plant_us=PLANTED_US)),
        Step("api key", anonymous, rest),
        Step("model", rest, chat),
        Step("timeout policy", chat, _with_policy(chat, "TimeoutPolicy", requestSeconds=60)),
        Step("header policy", chat, _with_policy(chat, "HeaderPolicy", **HEADER_CHANGES)),
        Step("shadow policy", chat, _with_policy(chat, "HeaderPolicy", mode="Shadow", **HEADER_CHANGES)),
        Step("stream event", _streamed(1), _streamed(1 + EVENTS), EVENTS),
    ]


HEADER_CHANGES = {
    "request": {"set": [{"name": "x-team", "value": "search"}]},
    "response": {"set": [{"name": "x-served-by", "value": "edge"}], "remove": ["server"]},
}


def to_service(**spec: Any) -> dict[str, bytes]:
    match = {"path": {"type": "Prefix", "value": "/shop"}}
    return dict([resource("Route", "shop", {"serviceRef": {"name": "shop"}, "matches": [match], **spec})])


def whole(document: object) -> tuple[bytes, ...]:
    """An answer in one read."""
    body = json.dumps(document).encode()
    fields = {"server": "model-server", "content-type": "application/json", "content-length": str(len(body))}
    return (http("HTTP/1.1 200 OK", fields, body),)


def _with_policy(variant: Variant, kind: str, **spec: Any) -> Variant:
    policy = resource(kind, "policy", {"targetRefs": [{"kind": "Route", "name": "models"}], **spec})
    return Variant(variant.resources | dict([policy]), variant.traffic)


def _without_key(traffic: Traffic) -> Traffic:
    kept = {name: value for name, value in HEADERS.items() if name != "authorization"}
    return Traffic(json_request("/shop/items", CHAT, kept), traffic.answer)


def _streamed(events: int) -> Variant:
    """A stream of so many events, each in a read of its own."""
    delta = {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "fox"}}]}
    usage = {**delta, "choices": [], "usage": ANSWER["usage"]}
    pieces = [_event(delta)] * events + [_event(usage) + b"data: [DONE]\n\n"]
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
    answer = (http("HTTP/1.1 200 OK", fields), *chunks, b"0\r\n\r\n")
    request = json_request("/v1/chat/completions", {**CHAT, "stream": True}, HEADERS)
    return Variant(basic(), Traffic(request, answer))


def _event(document: object) -> bytes:
    return b"data: %b\n\n" % json.dumps(document).encode()


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
        f"{'step':<16} {'without':>17} {'with':>17} {'costs':>17}",
    ]
    for name, each in figures.items():
        cells = (
            f"{min(each.without):.2f} ({median(each.without):.2f})",
            f"{min(each.with_it):.2f} ({median(each.with_it):.2f})",
            f"{each.cost:.2f} ({each.median_cost:.2f})",
        )
        lines.append(f"{name:<16} " + " ".join(f"{cell:>17}" for cell in cells))
    return "\n".join(lines)


def summary(figures: dict[str, Measured]) -> dict[str, object]:
    """For a file that later runs are compared with."""
    return {
        name: {
            "withoutMicroseconds": round(min(each.without), 3),
            "withMicroseconds": round(min(each.with_it), 3),
            "costMicroseconds": round(each.cost, 3),
            "medianCostMicroseconds": round(each.median_cost, 3),
        }
        for name, each in figures.items()
    }


if __name__ == "__main__":
    sys.exit(main())
