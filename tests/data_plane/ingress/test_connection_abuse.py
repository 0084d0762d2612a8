"""Clients that trickle, leave unseen, or send what nobody can read."""

import asyncio
import logging
from random import Random

import pytest

from data_plane.exchange import Exchange, Outcome, Request, Response
from data_plane.ingress.bounds import Capacity, Timeouts
from data_plane.ingress.connection import Connection
from data_plane.pipeline.plan import Plan
from data_plane.pipeline.sides import Receiver
from tests.data_plane.ingress.framing_cases import CASES
from tests.data_plane.ingress.test_guard import damaged
from tests.fakes.filters import ReadBody, Slow, Spy
from tests.fakes.front import (
    BODY,
    GET,
    POST_HEAD,
    REQUEST_SECONDS,
    Front,
    Instant,
    Open,
    StubSnapshots,
    sent,
    statuses,
    until,
)
from tests.fakes.sides import FakeWay

LONG_POST = POST_HEAD.replace(b"10", b"100000")


class Memory(asyncio.Transport):
    """Keeps what is written. `states`: whether it is paused or closed now."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = self.is_closed = False

    @property
    def states(self) -> set[str]:
        return {name for name, is_so in (("paused", self.is_paused), ("closed", self.is_closed)) if is_so}

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True


def connect(front: Front) -> tuple[Connection, Memory]:
    transport, connection = Memory(), Connection(front.listener)
    connection.connection_made(transport)
    return connection, transport


def pass_seconds(front: Front, transport: Memory, limit: int) -> int:
    """How many seconds pass until the client is answered or cut off."""
    for second in range(limit):
        if transport.written or transport.is_closed:
            return second
        front.pass_time(1.0)
    return limit


@pytest.mark.parametrize("offset", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize(
    ("data", "limit"),
    [(b"", 15), (GET[:5], 15), (LONG_POST, 30), (POST_HEAD + BODY[:4], 30)],
    ids=["no byte", "part of a head", "no body", "part of a body"],
)
def test_a_client_that_stops_is_gone_in_time_though_the_wheel_is_coarse(data: bytes, limit: int, offset: float) -> None:
    front = Front(ReadBody())
    front.clock.now += offset
    connection, transport = connect(front)
    if data:
        connection.data_received(data)
    assert pass_seconds(front, transport, 100) <= limit


@pytest.mark.parametrize("offset", [0.0, 0.01, 0.5, 0.99])
def test_an_idle_client_is_gone_in_time_though_the_wheel_is_coarse(offset: float) -> None:
    front = Front()
    front.clock.now += offset
    connection, transport = connect(front)
    connection.data_received(GET)
    transport.written = b""
    assert 60 <= pass_seconds(front, transport, 100) <= 75


@pytest.mark.parametrize("step", [1, 2])
def test_a_head_that_is_dribbled_ends_in_time(step: int) -> None:
    front = Front()
    connection, transport = connect(front)
    for second in range(20):
        connection.data_received(GET[second : second + 1])
        if transport.written:
            break
        front.pass_time(step)
    assert front.clock.now - 1000.0 <= 15.0 and statuses(transport.written) == [b"408"]


@pytest.mark.parametrize(("rate", "status"), [(100, b"408"), (230, b"408"), (260, b"200"), (5000, b"200")])
def test_a_body_has_to_come_at_some_rate(rate: int, status: bytes) -> None:
    spy = Spy()
    front = Front(spy, ReadBody())
    connection, transport = connect(front)
    connection.data_received(POST_HEAD.replace(b"10", b"6000"))
    left = 6000
    while left and not transport.written:
        connection.data_received(b"x" * min(rate, left))
        left -= min(rate, left)
        front.pass_time(1.0)
    assert statuses(transport.written) == [status]
    assert spy.outcomes == [Outcome.REFUSED if status == b"408" else Outcome.COMPLETED]


def test_a_slow_start_is_no_trickle() -> None:
    front = Front(ReadBody())
    connection, transport = connect(front)
    connection.data_received(LONG_POST)
    front.pass_time(8.0)
    connection.data_received(b"x" * 50_000)
    front.pass_time(20.0)
    assert not transport.written
    connection.data_received(b"x" * 50_000)
    assert statuses(transport.written) == [b"200"]


def test_time_in_which_the_upstream_takes_nothing_is_not_the_clients() -> None:
    spy, way = Spy(), FakeWay()
    front = Front(spy, way=way)
    connection, transport = connect(front)
    connection.data_received(POST_HEAD.replace(b"10", b"1000"))
    way.upstream.is_full = True
    connection.data_received(b"x" * 300)
    assert transport.states == {"paused"}
    front.pass_time(40.0)
    way.upstream.is_full = False
    way.receivers[0].on_request_drained()
    front.pass_time(8.0)
    assert (transport.states, spy.outcomes) == (set(), [])
    front.pass_time(4.0)
    assert spy.outcomes == [Outcome.REFUSED]


# Clients that leave while nothing is read from them.


@pytest.mark.parametrize("leaves", ["reset", "end"])
@pytest.mark.parametrize("data", [LONG_POST + b"x" * 100_000, GET * 100], ids=["a body that waits", "requests ahead"])
async def test_a_client_that_leaves_unread_is_noticed_all_the_same(opened: Open, data: bytes, leaves: str) -> None:
    record, slow = Spy(), Slow()
    front = await opened(Front(record, slow))
    client = await front.connect()
    client.send(data[:-1000] if data.startswith(b"POST") else data)
    await until(lambda: slow.notes)
    await asyncio.sleep(0.02)
    if leaves == "reset":
        client.leave()
    else:
        client.writer.write_eof()
    await asyncio.sleep(0.02)
    front.pass_time(1.0)
    front.pass_time(1.0)
    await until(lambda: record.outcomes)
    assert record.outcomes == [Outcome.CLIENT_GONE] and not front.listener.connections


async def test_a_client_that_stays_is_not_taken_for_gone(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way))
    client = await front.connect()
    client.send(GET * 2)
    run = await sent(way)
    for _ in range(30):
        front.pass_time(1.0)
    run.on_response(Response(200, [], 2), b"hi", True)
    assert (await client.answer()).endswith(b"hi")
    (await sent(way, 2)).on_response(Response(200, [], 2), b"hi", True)
    assert (await client.answer()).endswith(b"hi")


def test_what_comes_ahead_is_kept_unread_and_no_more_is_asked_for() -> None:
    way = FakeWay()
    front = Front(way=way)
    connection, transport = connect(front)
    connection.data_received(GET * 5000)
    assert (transport.states, len(way.receivers)) == ({"paused"}, 1)
    for number in range(1, 5001):
        assert len(way.receivers) == number
        way.receivers[-1].on_response(Response(200, [], 2), b"hi", True)
    assert (transport.states, transport.written.count(b"HTTP/1.1 200")) == (set(), 5000)


def test_the_next_request_waits_until_the_client_takes_its_answers() -> None:
    way = FakeWay()
    front = Front(way=way)
    connection, _ = connect(front)
    connection.data_received(GET * 2)
    connection.pause_writing()
    way.receivers[0].on_response(Response(200, [], 2), b"hi", True)
    assert len(way.receivers) == 1
    connection.resume_writing()
    assert len(way.receivers) == 2


def test_a_client_has_its_whole_time_for_the_end_of_an_answer() -> None:
    way = FakeWay()
    front = Front(way=way, timeouts=Timeouts(write_stall=28))
    connection, transport = connect(front)
    connection.data_received(GET)
    front.pass_time(REQUEST_SECONDS - 10)
    connection.pause_writing()
    way.receivers[0].on_response(Response(200, [], 2), b"hi", True)
    front.pass_time(26)
    assert transport.states == set()
    front.pass_time(4)
    assert transport.states == {"closed"}


def test_a_streamed_body_that_came_whole_goes_up_whole() -> None:
    way = FakeWay()
    front = Front(way=way)
    connection, _ = connect(front)
    connection.data_received(POST_HEAD + BODY)
    assert way.sent == [(BODY, False)]


# Refusals for load.


async def test_refusals_for_load_are_counted_and_told_now_and_then(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    front = await opened(Front(ReadBody(), capacity=Capacity(connections=1, held_bytes=100)))
    kept = await front.connect()
    kept.send(POST_HEAD.replace(b"10", b"200") + b"x" * 200)
    assert statuses(await kept.answer()) == [b"503"]
    for _ in range(3):
        await front.ask(GET)
    front.pass_time(11.0)
    await front.ask(GET)
    told = [(delta.name, delta.labels, delta.value) for delta in front.listener.refusals.deltas()]
    name = "isthmus_refused_connections_total"
    assert told == [(name, [("reason", "held_bodies")], 1.0), (name, [("reason", "connections")], 4.0)]
    assert front.listener.refusals.deltas() == []
    assert caplog.messages == [
        "clients refused reason=held_bodies refused=1",
        "clients refused reason=connections refused=1",
        "clients refused reason=connections refused=3",
    ]


class BrokenSnapshots(StubSnapshots):
    def begin(self, request: Request, now: float) -> tuple[Exchange, Plan]:
        raise RuntimeError("no plan")


def test_a_snapshot_that_fails_leaves_no_held_bytes(caplog: pytest.LogCaptureFixture) -> None:
    front = Front(ReadBody())
    front.listener.snapshots = BrokenSnapshots(front.snapshots.plan)
    connection, transport = connect(front)
    connection.data_received(POST_HEAD + BODY)
    assert statuses(transport.written) == [b"500"] and front.listener.held_bytes == front.listener.exchanges == 0
    assert caplog.messages == ["no exchange could be begun"]


# Nothing that a client sends is a fault of ours.


class Upper:
    """An upstream that answers with what it got, in capitals."""

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        body = receiver.exchange.request.body.upper()
        receiver.on_response(Response(200, [], len(body)), body, True)


CLIENT_FAULTS = {b"400", b"405", b"408", b"413", b"414", b"417", b"431", b"501", b"505"}


@pytest.mark.parametrize("count", [2000, pytest.param(100_000, marks=pytest.mark.long)])
def test_no_bytes_of_a_client_are_answered_as_a_fault_of_ours(count: int, caplog: pytest.LogCaptureFixture) -> None:
    random = Random(3)  # a fixed seed: a failure must come again
    front = Front(ReadBody(), way=Upper())
    seeds = [case[1] for case in CASES if len(case[1]) < 500]
    answered = set[bytes]()
    for _ in range(count):
        data = damaged(random) if random.random() < 0.8 else random.choice(seeds) + random.randbytes(9)
        connection, transport = connect(front)
        at = 0
        while at < len(data):
            size = random.randint(1, 40)
            connection.data_received(data[at : at + size])
            at += size
        connection.connection_lost(None)
        answered.update(statuses(transport.written))
    assert answered <= CLIENT_FAULTS | {b"100", b"200"} and len(answered) > 5
    assert caplog.messages == [] and front.listener.exchanges == front.listener.held_bytes == 0


@pytest.mark.parametrize("data", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_no_framing_case_is_answered_as_a_fault_of_ours(data: bytes) -> None:
    front = Front(way=Instant(), timeouts=Timeouts())
    connection, transport = connect(front)
    connection.data_received(data)
    connection.connection_lost(None)
    assert set(statuses(transport.written)) <= CLIENT_FAULTS | {b"200"}
