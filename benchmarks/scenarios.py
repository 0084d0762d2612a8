"""What traffic is measured: for each scenario its load, how it is wired, and the points of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from benchmarks import wrk
from benchmarks.requests import CHAT_PATH, LENGTHS, MEBIBYTE, REST_PATH, UPLOAD_PATH, chat_body, halves, whole
from benchmarks.samples import Point

ALL_CONCURRENCIES = (1, 16, 64, 256)
BOTH = (7, 17)
IDLE_CONNECTIONS = 10_000
HALF = 0.5


class Kind(Enum):
    """Who makes the load, and what is looked at."""

    CLOSED = "closed loop"  # by wrk
    FRESH = "closed loop, heads that differ"
    UPSTREAM = "closed loop, without a gateway"
    STREAMS = "paced streams"
    HALF_LOAD = "steady rate"
    IDLE = "idle connections"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What stands around the gateways: they are started anew whenever it changes.

    `streams`: the upstream is the one that streams and takes large bodies. `unused`: nothing was measured before.
    """

    tls_in: bool = False
    tls_up: bool = False
    streams: bool = False
    unused: bool = False


PLAIN = Wiring()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of traffic. `about` stands in the report; `unit` is what processor time is divided by."""

    about: str
    points: tuple[tuple[int, int], ...]  # concurrency, headers
    kind: Kind = Kind.CLOSED
    wiring: Wiring = PLAIN
    unit: str = "request"
    target: float | None = None  # of the ratio to nginx, at the last point


SCENARIOS: Mapping[str, Scenario] = {
    "chat_relay": Scenario(
        "a chat request; the head is always the same but for the body's length (16 lengths), as an SDK sends it",
        tuple((each, headers) for headers in BOTH for each in (*(n for n in ALL_CONCURRENCIES if n != 64), 64)),
        target=2.0,
    ),
    "chat_relay_fresh": Scenario(
        "the same with a `traceparent` in every head that was never there before", ((64, 7), (64, 17)), Kind.FRESH
    ),
    "rest_get": Scenario("a GET of a Service, with a key", ((64, 17),)),
    "upstream_alone": Scenario(
        "chat requests without a gateway: what load and upstream can do", ((64, 17),), Kind.UPSTREAM
    ),
    "half_load": Scenario(
        "chat requests at half the rate that the system reached in a closed loop, whatever comes back; added is what"
        " the same load had without a gateway, taken off",
        ((64, 17),),
        Kind.HALF_LOAD,
    ),
    "idle_connections": Scenario(
        "10,000 connections, each after one answer: memory a connection",
        ((IDLE_CONNECTIONS, 17),),
        Kind.IDLE,
        Wiring(unused=True),
    ),
    "chat_relay_tls_in": Scenario("chat_relay, clients talk TLS", ((64, 17),), wiring=Wiring(tls_in=True)),
    "chat_relay_tls_up": Scenario("chat_relay, the upstream talks TLS", ((64, 17),), wiring=Wiring(tls_up=True)),
    "chat_relay_tls_both": Scenario("chat_relay, both talk TLS", ((64, 17),), wiring=Wiring(tls_in=True, tls_up=True)),
    "sse_paced": Scenario(
        "64 streams with an event each 5 ms; the latency is an event's, from the upstream to the client",
        ((64, 17),),
        Kind.STREAMS,
        Wiring(streams=True),
        "event",
        1.2,
    ),
    "sse_burst": Scenario(
        "streams of 100 events and the usage, all at once",
        ((16, 17),),
        wiring=Wiring(streams=True),
        unit="stream",
        target=1.0,
    ),
    "body_1m_chat": Scenario("a chat request of 1 MiB, held", ((4, 17),), wiring=Wiring(streams=True), target=2.0),
    "body_1m_rest": Scenario("1 MiB to a Service, streamed", ((4, 17),), wiring=Wiring(streams=True), target=1.5),
}


def points(
    scenarios: Sequence[str], concurrencies: Sequence[int] | None = None, headers: Sequence[int] | None = None
) -> list[Point]:
    """The points of these scenarios, narrowed; a number that a scenario does not have is added to it."""
    found: list[Point] = []
    for name in scenarios:
        own = SCENARIOS[name].points
        for number in headers or dict.fromkeys(each for _, each in own):
            of_number = [concurrency for concurrency, each in own if each == number]
            found.extend(Point(name, each, number) for each in concurrencies or of_number or (own[-1][0],))
    return found


def is_target(point: Point) -> bool:
    """Whether a goal is set for the ratio at this point."""
    scenario = SCENARIOS[point.scenario]
    return scenario.target is not None and (point.concurrency, point.headers) == scenario.points[-1]


def requests_of(point: Point) -> list[bytes]:
    """What is sent, by turns."""
    match point.scenario:
        case "rest_get" | "idle_connections":
            return [whole("GET", REST_PATH, point.headers)]
        case "sse_paced" | "sse_burst":
            paced = point.scenario == "sse_paced"
            return [whole("POST", CHAT_PATH, point.headers, chat_body(400, stream=True, paced=paced))]
        case "body_1m_chat":
            return [whole("POST", CHAT_PATH, point.headers, chat_body(MEBIBYTE))]
        case "body_1m_rest":
            return [whole("POST", UPLOAD_PATH, point.headers, b"x" * MEBIBYTE)]
        case _:
            return [whole("POST", CHAT_PATH, point.headers, chat_body(length)) for length in LENGTHS]


def write_script(point: Point, folder: Path) -> Path:
    """What wrk runs at a point."""
    file = folder / f"{point.scenario}.{point.headers}.lua"
    fresh = SCENARIOS[point.scenario].kind is Kind.FRESH
    parts = [halves(point.headers, chat_body(length)) for length in LENGTHS] if fresh else []
    file.write_text(wrk.fresh_script(parts) if fresh else wrk.script(requests_of(point)))
    return file
