"""What traffic is measured: for each scenario its load, its upstream, and the points of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wrk
from benchmarks.requests import CHAT_PATH, LENGTHS, REST_PATH, chat_body, head, whole
from benchmarks.samples import Point

ALL_CONCURRENCIES = (1, 16, 64, 256)
BOTH = (7, 17)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of traffic. `about` stands in the report."""

    about: str
    unit: str  # what processor time is divided by
    points: tuple[tuple[int, int], ...]  # concurrency, headers
    target: float | None = None  # of the ratio to nginx, at c=64 with 17 headers


def _cross(concurrencies: Sequence[int], headers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple((concurrency, number) for number in headers for concurrency in concurrencies)


SCENARIOS: Mapping[str, Scenario] = {
    "chat_relay": Scenario(
        "a chat request whose head is always the same but for the length of its body (16 lengths), as an SDK sends it",
        "request",
        _cross(ALL_CONCURRENCIES, BOTH),
        2.0,
    ),
    "chat_relay_fresh": Scenario(
        "the same, but with a `traceparent` that was never there before in every head", "request", _cross((64,), BOTH)
    ),
    "rest_get": Scenario("a GET of a Service, with a key", "request", _cross((64,), (17,))),
}


def points(
    scenarios: Sequence[str], concurrencies: Sequence[int] | None = None, headers: Sequence[int] | None = None
) -> list[Point]:
    """The points of these scenarios, narrowed; a concurrency that a scenario does not have is added to it."""
    found: list[Point] = []
    for name in scenarios:
        own = SCENARIOS[name].points
        numbers = dict.fromkeys(number for _, number in own)
        for number in headers or numbers:
            for concurrency in concurrencies or dict.fromkeys(each for each, also in own if also == number):
                found.append(Point(name, concurrency, number))
    return found


def write_script(point: Point, folder: Path) -> Path:
    """What wrk runs at a point."""
    file = folder / f"{point.scenario}.{point.headers}.lua"
    file.write_text(_script(point.scenario, point.headers))
    return file


def _script(scenario: str, headers: int) -> str:
    if scenario == "rest_get":
        return wrk.script([whole("GET", REST_PATH, headers)])
    bodies = [chat_body(length) for length in LENGTHS]
    if scenario == "chat_relay_fresh":
        return wrk.fresh_script([_halves(headers, body) for body in bodies])
    return wrk.script([whole("POST", CHAT_PATH, headers, body) for body in bodies])


def _halves(headers: int, body: bytes) -> tuple[bytes, bytes]:
    """A request without its last field but one, in two parts: a field of one's own goes between."""
    lines = head("POST", CHAT_PATH, headers, len(body)).encode().splitlines(keepends=True)
    return b"".join(lines[:-2] + lines[-1:]), b"\r\n\r\n" + body
