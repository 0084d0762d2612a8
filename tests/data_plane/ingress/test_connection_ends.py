"""How exchanges on a client's connection end: with the response, the client or a deadline."""

import asyncio

import pytest

from data_plane.errors import BadGateway
from data_plane.exchange import Exchange, Outcome, Request, Response
from data_plane.exchange import Timeouts as ExchangeTimeouts
from data_plane.ingress.bounds import Timeouts
from data_plane.ingress.connection import Connection
from data_plane.pipeline.plan import Plan
from data_plane.pipeline.sides import Receiver
from tests.fakes.filters import Act, AsyncSpy, Broken, ReadBody, Slow, Spy
from tests.fakes.front import (
    BODY,
    CONTINUE,
    EXPECTING,
    GET,
    POST_HEAD,
    REQUEST_SECONDS,
    STREAM,
    Front,
    Open,
    StubSnapshots,
    chunk,
    sent,
    statuses,
    until,
)
from tests.fakes.sides import FakeWay

EVENT = b'data: {"t":"Paris"}\n\n'
EVENT_STREAM = [(b"content-type", b"text/event-stream")]


# The response.


async def test_a_client_that_does_not_read_holds_back_the_upstream(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.stop_reading()
    client.send(GET)
    run = await sent(way)
    run.on_response(Response(200, [], 32 << 20), b"", False)
    pieces = 0
    while "pause" not in way.upstream.calls:
        run.on_body(b"z" * (1 << 20), False)
        pieces += 1
        await asyncio.sleep(0)
    assert pieces < 32 and way.upstream.calls == ["pause"]
    client.read_on()
    await until(lambda: way.upstream.calls[-1] == "resume")
    run.on_body(b"z" * ((32 - pieces) << 20), True)
    client.writer.write_eof()
    assert (await client.rest()).count(b"z") == 32 << 20
    assert spy.outcomes == [Outcome.COMPLETED]


async def test_a_stream_that_fails_is_told_and_has_no_end(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.send(STREAM)
    run = await sent(way)
    run.on_response(Response(200, EVENT_STREAM), EVENT, False)
    run.on_failure(BadGateway("the upstream closed the connection"))
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 200 ") and chunk(EVENT) in answer and b"upstream closed" in answer
    assert b"\r\n0\r\n" not in answer and b"[DONE]" not in answer and not answer.endswith(b"<reset>")
    assert spy.outcomes == [Outcome.UPSTREAM_FAILED]


async def test_a_response_that_is_cut_off_shows_it(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.send(GET)
    run = await sent(way)
    run.on_response(Response(200, []), b"01", False)
    await client.until(b"01\r\n")
    run.on_failure(BadGateway("x"))
    answer = await client.rest()
    assert answer in (b"", b"<reset>") and spy.outcomes == [Outcome.UPSTREAM_FAILED]


async def test_a_response_that_only_a_close_ends_is_reset_when_it_is_cut_off(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way))
    client = await front.connect()
    client.send(GET.replace(b"1.1", b"1.0"))
    run = await sent(way)
    run.on_response(Response(200, []), b"01", False)
    await client.until(b"01")
    run.on_failure(BadGateway("x"))
    assert await client.rest() == b"<reset>"


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_stream", "on_complete"])
async def test_a_hook_that_fails_costs_its_exchange_only(opened: Open, hook: str) -> None:
    front = await opened(Front(Spy(), Broken(hook)))
    client = await front.connect()
    for _ in range(2):
        client.send(GET)
        answer = await client.answer()
        assert statuses(answer) == [b"200" if hook == "on_complete" else b"500"] and b"secret" not in answer


async def test_a_snapshot_that_fails_costs_its_request_only(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(StubSnapshots):
        def begin(self, request: Request, now: float) -> tuple[Exchange, Plan]:
            raise RuntimeError("a secret of the inside")

    front = await opened(Front())
    front.listener.snapshots = Broken(front.snapshots.plan)
    answer = await front.ask(GET)
    assert statuses(answer) == [b"500"] and b"secret" not in answer
    assert caplog.messages == ["no exchange could be begun"] and front.listener.exchanges == 0


# Clients that leave.


@pytest.mark.parametrize("begun", [False, True], ids=["before the response", "amid the response"])
@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_a_client_that_leaves_ends_the_upstreams_work(opened: Open, spy_type: type[Spy], begun: bool) -> None:
    spy, way = spy_type(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.send(STREAM)
    run = await sent(way)
    if begun:
        run.on_response(Response(200, EVENT_STREAM), EVENT, False)
        await client.until(EVENT)
    client.leave()
    await until(lambda: spy.outcomes)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and way.upstream.calls[-1] == "abort"
    assert front.listener.exchanges == front.listener.connections == 0


@pytest.mark.parametrize("hook", ["on_request", "on_response"])
async def test_a_client_that_leaves_stops_the_hook_that_waits(opened: Open, hook: str) -> None:
    record, slow = Spy(), Slow(hook)
    front = await opened(Front(record, slow))
    client = await front.connect()
    client.send(GET)
    await until(lambda: slow.notes)
    client.leave()
    await until(lambda: record.outcomes)
    assert slow.notes == ["begun", "left", "client_gone"] and record.outcomes == [Outcome.CLIENT_GONE]


async def test_a_client_that_leaves_with_its_request_is_recorded(opened: Open) -> None:
    record = Spy()
    front = await opened(Front(record, Slow()))
    for _ in range(20):
        client = await front.connect()
        client.send(GET)
        client.leave()  # what is sent is sent; a task may begin in the turn in which this is heard
    await until(lambda: not front.listener.connections)
    await until(lambda: len(record.outcomes) == len(front.snapshots.exchanges))
    assert set(record.outcomes) <= {Outcome.CLIENT_GONE}


# Deadlines.


@pytest.mark.parametrize(
    ("data", "seconds", "status"),
    [
        pytest.param(b"", 16, None, id="never asks"),
        pytest.param(b"GET /x HT", 16, b"408", id="half a head"),
        pytest.param(POST_HEAD + BODY[:-5], 31, b"408", id="half a body"),
    ],
)
async def test_clients_that_dawdle_are_let_go(opened: Open, data: bytes, seconds: float, status: bytes | None) -> None:
    spy, read = Spy(), ReadBody()
    front = await opened(Front(spy, read))
    client = await front.connect()
    client.send(data)
    await until(lambda: front.listener.connections)
    if data:
        await until(lambda: front.listener.held_bytes or data.startswith(b"GET"))
        await asyncio.sleep(0.02)
    front.pass_time(seconds - 2)
    assert front.listener.connections == 1
    front.pass_time(3)
    answer = await client.rest()
    assert statuses(answer) == ([] if status is None else [status])
    assert spy.outcomes == ([Outcome.REFUSED] if data.startswith(b"POST") else []) and read.bodies == []
    front.pass_time(2)
    await until(lambda: not front.listener.connections)


async def test_an_idle_connection_is_closed_without_a_word(opened: Open) -> None:
    front = await opened(Front())
    client = await front.connect()
    client.send(GET)
    await client.answer()
    front.pass_time(Timeouts().idle - 2)
    client.send(GET)
    await client.answer()
    front.pass_time(Timeouts().idle + 1)
    assert await client.rest() in (b"", b"<reset>")


async def test_a_head_that_is_dribbled_does_not_move_its_deadline(opened: Open) -> None:
    front = await opened(Front(timeouts=Timeouts(head=5)))
    client = await front.connect()
    client.send(GET)
    await client.answer()
    for byte in GET[:7]:
        client.send(bytes([byte]))
        await asyncio.sleep(0.01)
        front.pass_time(1)
    assert statuses(await client.rest()) == [b"408"]


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
@pytest.mark.parametrize("begun", [False, True], ids=["no response", "in the stream"])
async def test_the_deadline_of_an_exchange_ends_it(opened: Open, spy_type: type[Spy], begun: bool) -> None:
    spy, way = spy_type(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.send(STREAM)
    run = await sent(way)
    if begun:
        run.on_response(Response(200, EVENT_STREAM), EVENT, False)
        await client.until(EVENT)
    front.pass_time(REQUEST_SECONDS - 2)
    assert spy.outcomes == []
    front.pass_time(3)
    streams = begun or spy_type is Spy  # which by then has begun by itself, unless hooks wait with responses
    answer = await (client.rest() if streams else client.answer())
    assert b"deadline_exceeded" in answer and spy.outcomes == [Outcome.TIMED_OUT]
    assert way.upstream.calls[-1] == "abort" and (not streams or not answer.endswith(b"0\r\n\r\n"))


async def test_a_filter_may_move_the_deadline(opened: Open) -> None:
    def shorten(exchange: Exchange) -> None:
        exchange.timeouts = ExchangeTimeouts(request=5.0)

    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, Act(shorten), way=way))
    client = await front.connect()
    client.send(GET)
    await sent(way)
    front.pass_time(7)
    assert statuses(await client.answer()) == [b"504"] and spy.outcomes == [Outcome.TIMED_OUT]
    client.send(GET)  # the next has its own
    await sent(way, 2)
    front.pass_time(3)
    assert len(spy.outcomes) == 1


@pytest.mark.parametrize("hook", ["on_request", "on_response"])
async def test_hooks_that_wait_beyond_the_deadline_are_left_behind(opened: Open, hook: str) -> None:
    spy, slow = Spy(), Slow(hook)
    front = await opened(Front(spy, slow))
    client = await front.connect()
    client.send(GET)
    await until(lambda: slow.notes)
    front.pass_time(REQUEST_SECONDS + 1)
    if hook == "on_response":  # it waits with the error, too
        await until(lambda: slow.notes.count("begun") == 2)
        front.pass_time(7)
    assert statuses(await client.answer()) == [b"504"] and spy.outcomes == [Outcome.TIMED_OUT]


async def test_hooks_that_wait_with_the_refusal_of_half_a_body_have_a_deadline_too(opened: Open) -> None:
    spy, slow = Spy(), Slow("on_response")
    front = await opened(Front(spy, slow, ReadBody()))
    client = await front.connect()
    client.send(POST_HEAD + BODY[:4])
    await until(lambda: front.listener.held_bytes)
    front.pass_time(Timeouts().body_gap + 1)
    await until(lambda: slow.notes)
    front.pass_time(REQUEST_SECONDS)
    assert b"HTTP/1.1 504 " in await client.rest() and spy.outcomes == [Outcome.TIMED_OUT]


@pytest.mark.parametrize("last", [False, True], ids=["amid the response", "after its end"])
async def test_a_client_that_does_not_take_its_response_is_cut_off(opened: Open, last: bool) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way, timeouts=Timeouts(write_stall=20)))
    client = await front.connect()
    client.stop_reading()
    client.send(GET.replace(b"Host", b"Connection: close\r\nHost"))
    run = await sent(way)
    run.on_response(Response(200, []), b"z" * (32 << 20), last)
    front.pass_time(18)
    await asyncio.sleep(0.01)
    assert front.listener.connections == 1
    front.pass_time(4)
    await until(lambda: not front.listener.connections)
    assert spy.outcomes == [Outcome.COMPLETED if last else Outcome.CLIENT_GONE]


async def test_a_small_rest_that_a_client_leaves_unread_does_not_blame_it_for_the_deadline(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.stop_reading()
    client.send(STREAM)
    run = await sent(way)
    run.on_response(Response(200, EVENT_STREAM), EVENT, False)
    while "pause" not in way.upstream.calls:
        run.on_body(b":" + b" " * (1 << 20) + b"\n\n", False)
    front.pass_time(Timeouts().write_stall - 2)
    client.read_on()
    await until(lambda: way.upstream.calls[-1] == "resume")
    front.pass_time(REQUEST_SECONDS)
    answer = await client.rest()
    assert b"deadline_exceeded" in answer and spy.outcomes == [Outcome.TIMED_OUT]


class Unready:
    """A way to an upstream that answers a part before `send` returns."""

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        receiver.on_response(Response(200, [], 4), b"01", False)
        receiver.on_body(b"23", True)


async def test_an_answer_before_a_streamed_body_was_asked_for_ends_the_exchange(opened: Open) -> None:
    spy = Spy()
    front = await opened(Front(spy, way=Unready()))
    answer = await front.ask(EXPECTING)
    assert statuses(answer) == [b"200"] and CONTINUE not in answer and spy.outcomes == [Outcome.COMPLETED]


async def test_a_client_that_reads_on_has_its_whole_time_for_the_rest_of_its_body(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way, timeouts=Timeouts(write_stall=10, body_gap=30, body_grace=30)))
    client = await front.connect()
    client.stop_reading()
    client.send(POST_HEAD + BODY[:4])
    run = await sent(way)
    run.on_response(Response(200, []), b"", False)
    while "pause" not in way.upstream.calls:
        run.on_body(b"z" * (1 << 20), False)
    front.pass_time(5)
    client.read_on()
    await until(lambda: way.upstream.calls[-1] == "resume")
    front.pass_time(20)
    assert spy.outcomes == []
    front.pass_time(12)
    assert spy.outcomes == [Outcome.REFUSED]


class FullTransport(asyncio.Transport):
    """Takes what is written, and passes nothing on."""

    is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 1

    def close(self) -> None:
        pass  # it would close once the rest is written

    def abort(self) -> None:
        self.is_aborted = True


def test_a_small_rest_that_nobody_takes_keeps_no_connection_that_is_closing() -> None:
    front = Front(timeouts=Timeouts(write_stall=20))
    transport, connection = FullTransport(), Connection(front.listener)
    connection.connection_made(transport)
    connection.data_received(GET.replace(b"Host", b"Connection: close\r\nHost"))
    front.pass_time(18)
    assert not transport.is_aborted
    front.pass_time(4)
    assert transport.is_aborted
