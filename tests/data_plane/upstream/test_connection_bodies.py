"""Request bodies, streamed and whole, and answers that do not wait for their end."""

import asyncio

import pytest

from data_plane.errors import GatewayTimeout
from data_plane.upstream.cluster import Endpoint
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream, PassTime
from tests.fakes.upstream import (
    ANSWER,
    OK,
    WAIT_SECONDS,
    answer,
    read_body,
    receiver,
    service,
    takes_nothing,
)

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = b"x" * (1 << 20)
NOBODY = Endpoint("127.0.0.1", 1)  # nothing listens there


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    body = await read_body(reader, head)
    writer.write(answer(200, body=body))


@pytest.mark.parametrize("length", [None, 9], ids=["chunked", "length"])
async def test_a_streamed_body_arrives_as_it_was(pools: Pools, open_upstream: OpenUpstream, length: int | None) -> None:
    upstream = await open_upstream(echo)
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(2):  # on a connection that opens, and on one that waits
        call = receiver("POST")
        call.exchange.request.length = length
        dispatcher.send(call, streams_body=True)
        await call.stream(b"one", b"two", b"", b"end", b"")
        await call.end()
        assert call.body == b"onetwoend"
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: 9"
    assert all(head.count(framing + b"\r\n") == 1 for head in upstream.heads)
    assert upstream.connections == 1


async def test_a_body_that_is_whole_before_the_connect_is_sent_with_the_head(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    upstream = await open_upstream(echo)
    call = receiver("POST")
    service(pools, upstream.endpoint()).send(call, streams_body=True)
    assert call.upstream is not None and call.upstream.send_body(b"all", True) is False
    await call.end()
    assert (call.body, call.drained) == (b"all", 0)


@pytest.mark.parametrize("pieces", [(b"one", b"two", b"end"), (b"all",)], ids=["a part", "the whole"])
async def test_what_waits_for_the_connect_goes_to_the_next_endpoint(
    pools: Pools, open_upstream: OpenUpstream, pieces: tuple[bytes, ...]
) -> None:
    upstream = await open_upstream(echo)
    call = receiver("POST")
    dispatcher = service(pools, NOBODY, upstream.endpoint())
    dispatcher.send(call, streams_body=True)
    await call.stream(*pieces)
    await call.end()
    assert call.body == b"".join(pieces) and len(call.exchange.attempts) == 2
    assert pools.get(upstream.endpoint()).idle == 1


async def test_an_upstream_that_does_not_read_holds_back_the_body(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    go_on = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await go_on.wait()
        size = len(await read_body(reader, head))
        writer.write(answer(200, body=b"%d" % size))

    upstream = await open_upstream(slow)
    call = receiver("POST")
    service(pools, upstream.endpoint()).send(call, streams_body=True)
    await asyncio.wait_for(call.may_send.wait(), WAIT_SECONDS)
    sent = 0
    assert call.upstream is not None
    while call.upstream.send_body(MEBIBYTE, False):
        sent += 1
        await asyncio.sleep(0)
        assert sent < 64, "nothing held us back"
    pass_time(30)
    call.may_send.clear()
    go_on.set()
    await asyncio.wait_for(call.may_send.wait(), WAIT_SECONDS)
    pass_time(600)  # the upstream owes nothing while it is our turn
    assert call.upstream.send_body(b"", True) is True
    await call.end()
    assert call.body == b"%d" % ((sent + 1) << 20)


async def test_an_upstream_that_reads_no_more_is_given_up(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    upstream = await open_upstream(takes_nothing)
    call = receiver("POST")
    service(pools, upstream.endpoint()).send(call, streams_body=True)
    await asyncio.wait_for(call.may_send.wait(), WAIT_SECONDS)
    assert call.upstream is not None
    while call.upstream.send_body(MEBIBYTE, False):
        await asyncio.sleep(0)
    pass_time(62)
    assert isinstance((await call.end()).error, GatewayTimeout)


async def test_an_early_answer_is_relayed_and_costs_the_connection(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()

    async def too_large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(answer(413, body=b"too large"))

    upstream.script = too_large
    call = receiver("POST")
    service(pools, upstream.endpoint()).send(call, streams_body=True)
    await call.end()
    assert (call.status, call.body) == (413, b"too large")
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)
    pool = pools.get(upstream.endpoint())
    assert (pool.busy, pool.idle) == (0, 0)


async def test_an_answer_before_a_whole_body_was_taken_costs_the_connection(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        await takes_nothing(reader, writer, head)

    upstream = await open_upstream(at_once)
    call = receiver("POST", "/x", MEBIBYTE * 16)
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    pool = pools.get(upstream.endpoint())
    assert (call.body, pool.busy, pool.idle) == (ANSWER, 0, 0)


async def test_the_body_goes_on_while_the_answer_has_begun(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    async def both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(CHUNKED_HEAD)
        body = await read_body(reader, head)
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))

    upstream = await open_upstream(both_ways)
    call = receiver("POST")
    service(pools, upstream.endpoint()).send(call, streams_body=True)
    await asyncio.wait_for(call.began.wait(), WAIT_SECONDS)
    pass_time(300)  # the answer waits for the rest of the body, which is not the upstream's fault
    await call.stream(b"one", b"end")
    await call.end()
    assert call.body == b"oneend"
    assert pools.get(upstream.endpoint()).idle == 1
