"""Connections that become tunnels: both ways, declined, and what ends them."""

import asyncio

import pytest

from data_plane.exchange import UpgradeTerms
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream, PassTime
from tests.fakes.upstream import OK, WAIT_SECONDS, FakeReceiver, answer, receiver, says, service, until

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 1.3
TERMS = UpgradeTerms(b"websocket", 60.0, 3600.0, 1 << 20)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n" % ACCEPT
)


def offering() -> FakeReceiver:
    call = receiver("GET", "/socket", sec_websocket_key=KEY, sec_websocket_version="13", upgrade="websocket")
    call.exchange.request.headers[b"connection"] = b"Upgrade"
    call.exchange.upgrade = TERMS
    return call


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(SWITCHED + b"hello")
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def test_bytes_go_both_ways_until_the_upstream_ends(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime
) -> None:
    upstream = await open_upstream(echo)
    call = offering()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await until(lambda: call.body == b"hello")
    assert call.status == 101 and call.upstream is not None
    lines = upstream.heads[0].split(b"\r\n")
    assert lines.count(b"connection: upgrade") == lines.count(b"upgrade: websocket") == 1
    assert b"sec-websocket-key: " + KEY.encode() in lines
    pass_time(3000)  # the client's side has the deadlines
    assert call.upstream.send_body(b"0\r\n\r\n", False)
    await until(lambda: call.body == b"hello0\r\n\r\n")
    await upstream.close()
    await asyncio.wait_for(call.ended.wait(), WAIT_SECONDS)
    assert (pools.get(upstream.endpoint()).idle, pools.get(upstream.endpoint()).busy) == (0, 0)


@pytest.mark.parametrize("said", [OK, answer(426, b"Upgrade: websocket")], ids=["200", "426"])
async def test_who_declines_is_relayed_and_its_connection_not_used_again(
    pools: Pools, open_upstream: OpenUpstream, said: bytes
) -> None:
    upstream = await open_upstream(says(said))
    dispatcher = service(pools, upstream.endpoint())
    for count in (1, 2, 3):
        call = offering()
        dispatcher.send(call, streams_body=False)
        await call.end()
        assert (call.status, upstream.connections) == (int(said[9:12]), count)
    assert pools.get(upstream.endpoint()).idle == 0


@pytest.mark.parametrize("patience", [0.0, 62.0], ids=["in time", "too late"])
async def test_what_was_to_be_sent_goes_out_before_the_close(
    pools: Pools, open_upstream: OpenUpstream, pass_time: PassTime, patience: float
) -> None:
    received, go_on = bytearray(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(SWITCHED)
        await go_on.wait()
        while data := await reader.read(65536):
            received.extend(data)

    upstream = await open_upstream(slow)
    call, much = offering(), b"x" * (16 << 20)
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await asyncio.wait_for(call.began.wait(), WAIT_SECONDS)
    connection = call.upstream
    assert connection is not None and connection.send_body(much, False) is False
    connection.close_when_sent()
    assert pools.get(upstream.endpoint()).busy == 0
    pass_time(patience)
    go_on.set()
    await asyncio.wait_for(upstream.closed.wait(), WAIT_SECONDS)
    assert (len(received) == len(much)) is (patience == 0.0)
