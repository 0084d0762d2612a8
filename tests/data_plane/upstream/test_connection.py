"""Responses, deadlines and the receiver's side, over real sockets."""

import asyncio
import gc
import socket
import threading
from weakref import ref

import pytest

from data_plane.errors import GatewayTimeout, UpstreamCutShort
from data_plane.exchange import Response
from data_plane.upstream.cluster import Endpoint, UpstreamTls
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream, PassTime
from tests.fakes.upstream import (
    ANSWER,
    OK,
    WAIT_SECONDS,
    FakeReceiver,
    Script,
    answer,
    hangs,
    receiver,
    says,
    service,
    until,
)

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = b"x" * (1 << 20)
NOBODY = Endpoint("127.0.0.1", 1)  # nothing listens there


@pytest.mark.parametrize(
    ("script", "body"),
    [
        pytest.param(says(CHUNKED_HEAD + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), b"onetwo", id="chunked"),
        pytest.param(says(answer(200, body=MEBIBYTE)), MEBIBYTE, id="long"),
        pytest.param(says(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), ANSWER, id="after an interim response"),
    ],
)
async def test_bodies_are_relayed(pools: Pools, open_upstream: OpenUpstream, script: Script, body: bytes) -> None:
    upstream = await open_upstream(script)
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(2):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        await call.end()
        assert call.body == body
    assert upstream.connections == 1


async def test_a_body_may_end_with_the_connection(pools: Pools, open_upstream: OpenUpstream) -> None:
    async def until_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        writer.close()

    upstream = await open_upstream(until_close)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    assert (call.status, call.body, call.error) == (200, b"all of it", None)
    assert pools.get(upstream.endpoint()).busy == 0


@pytest.mark.parametrize("wants_reset", [False, True], ids=["closed", "reset"])
async def test_a_body_that_is_cut_short_is_a_failure(
    pools: Pools, open_upstream: OpenUpstream, wants_reset: bool
) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await writer.drain()
        if wants_reset:
            await call.began.wait()
            writer.transport.abort()
        else:
            writer.close()

    upstream = await open_upstream(half)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    assert call.body == b"half" and isinstance(call.error, UpstreamCutShort)
    assert call.tries == [("default/s", 200, "upstream_cut_short")]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), id="it says so"),
        pytest.param(OK.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
        pytest.param(OK + OK.replace(b"Paris", b"Stole"), id="more came than was asked for"),
    ],
)
async def test_a_connection_that_may_not_be_used_again_is_not(
    pools: Pools, open_upstream: OpenUpstream, first: bytes
) -> None:
    upstream = await open_upstream(says(first, OK))
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(2):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        assert (await call.end()).body == ANSWER
    assert upstream.connections == 2


async def test_bytes_on_an_idle_connection_reach_nobody(pools: Pools, open_upstream: OpenUpstream) -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        await writer.drain()
        if len(upstream.heads) == 1:
            await first.ended.wait()
            writer.write(OK.replace(b"Paris", b"Stole"))

    upstream = await open_upstream(twice)
    dispatcher = service(pools, upstream.endpoint())
    first, second = receiver(), receiver()
    dispatcher.send(first, streams_body=False)
    await first.end()
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)
    dispatcher.send(second, streams_body=False)
    await second.end()
    assert second.body == ANSWER and upstream.connections == 2


async def test_an_idle_connection_that_the_upstream_closes_is_forgotten(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        writer.close()

    upstream = await open_upstream(answer_and_close)
    pool = pools.get(upstream.endpoint())
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(3):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        await call.end()
        await until(lambda: pool.idle == 0)
        assert call.body == ANSWER and len(call.exchange.attempts) == 1


# Deadlines.


async def test_an_upstream_that_does_not_answer_is_given_up(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    upstream = await open_upstream(hangs)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await until(lambda: len(upstream.heads) == 1)
    pass_time(118)
    assert not call.ended.is_set()
    pass_time(4)
    assert isinstance((await call.end()).error, GatewayTimeout)
    assert call.tries == [("default/s", 0, "upstream_timeout")]
    assert pools.get(upstream.endpoint()).busy == 0
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)


async def test_bytes_of_a_head_do_not_move_its_deadline(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        while True:
            writer.write(await pieces.get())

    upstream = await open_upstream(dribble)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    for piece in (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"X-", b"Y"):
        pieces.put_nowait(piece)
        for _ in range(10):
            await asyncio.sleep(0.001)
        pass_time(29)
        assert not call.ended.is_set()
    pass_time(6)
    assert isinstance((await call.end()).error, GatewayTimeout)


async def test_an_upstream_that_falls_silent_amid_its_answer_is_given_up(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(CHUNKED_HEAD + b"3\r\none\r\n")
        await hangs(reader, writer, head)

    upstream = await open_upstream(half)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await asyncio.wait_for(call.began.wait(), WAIT_SECONDS)
    assert call.upstream is not None
    call.upstream.pause_reading()
    pass_time(300)  # it is the client that does not take more
    assert not call.ended.is_set()
    call.upstream.resume_reading()
    pass_time(62)
    assert isinstance((await call.end()).error, GatewayTimeout)


async def test_a_connect_that_takes_too_long_is_given_up(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    upstream = await open_upstream()  # knows no TLS, and waits for the end of what it takes for a head
    call = receiver()
    service(pools, upstream.endpoint(UpstreamTls("localhost"))).send(call, streams_body=False)
    await until(lambda: upstream.connections == 1)
    pass_time(3)
    assert not call.ended.is_set()
    pass_time(4)
    await call.end()
    assert call.error is not None and call.error.code == "upstream_unreachable"
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)


@pytest.mark.resolver
async def test_a_name_that_nobody_resolves_is_given_up(
    pools: Pools, pass_time: PassTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, go_on = threading.Event(), threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        is_asked.set()
        go_on.wait(WAIT_SECONDS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    call, endpoint = receiver(), Endpoint("nobody.example", 443)
    service(pools, endpoint).send(call, streams_body=False)
    await until(is_asked.is_set)
    pass_time(7)
    await call.end()
    go_on.set()
    assert call.error is not None and call.error.code == "upstream_unreachable"
    assert pools.get(endpoint).busy == 0


async def test_an_idle_connection_expires(pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime) -> None:
    upstream = await open_upstream()
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    pool = pools.get(upstream.endpoint())
    pass_time(58)
    assert pool.idle == 1
    pass_time(4)
    assert pool.idle == 0
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)


# The receiver's side.


@pytest.mark.parametrize("when", ["connecting", "waiting", "amid the answer"])
async def test_an_exchange_that_is_dropped_ends_its_connection(
    pools: Pools, open_upstream: OpenUpstream, when: str
) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if when == "amid the answer":
            writer.write(CHUNKED_HEAD + b"3\r\none\r\n")
        await hangs(reader, writer, head)

    upstream = await open_upstream(half)
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    if when == "waiting":
        await until(lambda: len(upstream.heads) == 1)
    elif when == "amid the answer":
        await asyncio.wait_for(call.began.wait(), WAIT_SECONDS)
    assert call.upstream is not None
    call.upstream.abort()
    assert pools.get(upstream.endpoint()).busy == 0
    attempt = call.exchange.attempts[0]
    assert attempt.reason == ("unsent" if when == "connecting" else "aborted") and attempt.ended
    if when != "connecting":
        await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)
    assert not call.ended.is_set()


async def test_a_receiver_that_pauses_holds_back_the_upstream(pools: Pools, open_upstream: OpenUpstream) -> None:
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(MEBIBYTE) * 32))
        for _ in range(32):
            writer.write(MEBIBYTE)
            await writer.drain()
            written += 1

    class Pausing(FakeReceiver):
        def on_response(self, response: Response, data: bytes, last: bool) -> None:
            assert self.upstream is not None
            self.upstream.pause_reading()
            super().on_response(response, data, last)

    upstream = await open_upstream(flood)
    call = Pausing(receiver().exchange)
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await asyncio.wait_for(call.began.wait(), WAIT_SECONDS)
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert written < 32
    assert call.upstream is not None
    call.upstream.resume_reading()
    await call.end()
    assert len(call.body) == 32 << 20


async def test_who_pauses_is_not_flooded_by_another_attempt(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    call = receiver()
    dispatcher = service(pools, NOBODY, upstream.endpoint())
    dispatcher.send(call, streams_body=False)
    assert call.upstream is not None
    call.upstream.pause_reading()
    await until(lambda: bool(upstream.heads))
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not call.began.is_set()
    call.upstream.resume_reading()
    assert (await call.end()).body == ANSWER


async def test_who_pauses_before_the_connect_hears_nothing_until_it_resumes(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    upstream = await open_upstream()
    call = receiver()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    assert call.upstream is not None
    call.upstream.pause_reading()
    await until(lambda: bool(upstream.heads))
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not call.began.is_set()
    call.upstream.resume_reading()
    assert (await call.end()).body == ANSWER


async def test_a_pool_that_nothing_needs_goes_with_its_connections(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    upstream = await open_upstream()
    dispatcher = service(pools, upstream.endpoint())
    call = receiver()
    dispatcher.send(call, streams_body=False)
    await call.end()
    del dispatcher, call
    gc.collect()
    pool = ref(pools.get(upstream.endpoint()))
    assert pool() is not None
    pass_time(62)
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)
    await asyncio.sleep(0.01)
    gc.collect()
    assert pool() is None
