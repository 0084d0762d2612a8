"""Tunnels between real sockets: what a client sends and hears around a change of protocol."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import pytest

from data_plane.codecs.websocket import accept_of
from data_plane.deadlines import Deadlines
from data_plane.exchange import UpgradeTerms
from data_plane.filters.upgrade import UpgradeFilter, UpgradeRule
from data_plane.origins import Origins
from data_plane.pipeline.plan import compile_plan
from data_plane.upstream.pool import Pools
from tests.fakes.front import Client, Front, soon, until
from tests.fakes.secure_front import TLS, SecureFront
from tests.fakes.upstream import OK, Script, ScriptedUpstream, service

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + KEY + b"\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: "
    + accept_of(KEY)
    + b"\r\n\r\n"
)
TERMS = UpgradeTerms(b"websocket", idle_seconds=50, total_seconds=1000, max_bytes=1 << 30)
FRAME = b"\x82\x02hi"
MUCH = 1 << 25

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def switches(then: Streams, switch: bytes = SWITCH) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(switch)
        await then(reader, writer)
        writer.close()

    return script


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


class Way:
    """A front whose one route takes up WebSocket, and its upstream."""

    def __init__(self, script: Script) -> None:
        self.upstream = ScriptedUpstream(script)
        self.pools = Pools(Deadlines())
        self.open_tunnels: dict[str, int] = {}
        self.clients: list[Client] = []
        self.front: Front

    async def open(self, front: Front) -> None:
        await self.upstream.open()
        rule = UpgradeRule(TERMS, Origins(()), 10)
        upgrade = UpgradeFilter("t/r", {TERMS.protocol: rule}, self.open_tunnels)
        front.snapshots.plan = compile_plan((upgrade,), dispatcher=service(self.pools, self.upstream.endpoint()))
        self.front = front
        await front.open()

    async def connect(self) -> Client:
        front = self.front
        client = await (front.connect_tls() if isinstance(front, SecureFront) else front.connect())
        self.clients.append(client)
        return client

    async def close(self) -> None:
        for client in self.clients:
            client.leave()
        await until(lambda: not self.front.listener.connections)
        await self.front.close()
        self.pools.close()
        await self.upstream.close()


class OpenWay(Protocol):
    async def __call__(self, script: Script, front: Front | None = None) -> Way: ...


@pytest.fixture
async def open_way() -> AsyncIterator[OpenWay]:
    ways: list[Way] = []

    async def open_one(script: Script, front: Front | None = None) -> Way:
        ways.append(Way(script))
        await ways[-1].open(front or Front())
        return ways[-1]

    yield open_one
    for way in ways:
        await way.close()


async def test_bytes_that_come_with_the_heads_belong_to_the_tunnel(open_way: OpenWay) -> None:
    way = await open_way(switches(echoes, SWITCH + FRAME))
    client = await way.connect()
    client.send(HANDSHAKE + b"early")
    head = await client.until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nconnection: upgrade\r\nupgrade: websocket\r\n" in head
    assert await client.until(b"early") == FRAME + b"early"
    client.send(b"GET / HTTP/1.1\r\n\r\n")  # is no request any more
    assert await client.until(b"\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"
    assert way.open_tunnels == {"t/r": 1}
    client.leave()
    await until(lambda: not way.open_tunnels)
    sent = way.upstream.heads[0].lower()
    assert b"\r\nconnection: upgrade\r\nupgrade: websocket\r\n" in sent
    assert b"\r\nsec-websocket-key: " + KEY.lower() in sent


async def test_when_the_upstream_declines_what_came_behind_is_the_next_request(open_way: OpenWay) -> None:
    async def declines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)

    way = await open_way(declines)
    client = await way.connect()
    client.send(HANDSHAKE + b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [(await client.answer())[:12] for _ in range(2)] == [b"HTTP/1.1 200"] * 2
    assert [head.split(b" ")[1] for head in way.upstream.heads] == [b"/x", b"/y"]
    assert way.upstream.connections == 2  # the one that was asked to change serves nothing else
    assert way.open_tunnels == {}


@pytest.mark.parametrize(
    ("asked", "switch"),
    [
        pytest.param(HANDSHAKE, SWITCH.replace(accept_of(KEY), accept_of(b"another")), id="to another key"),
        pytest.param(HANDSHAKE, SWITCH.replace(b"websocket", b"h2c"), id="to another protocol"),
        pytest.param(HANDSHAKE.replace(b"Upgrade: WebSocket\r\n", b""), SWITCH, id="that nobody asked for"),
        pytest.param(HANDSHAKE.replace(b"WebSocket\r\n", b"h2c\r\n"), SWITCH, id="that no route has"),
    ],
)
async def test_a_101_that_was_not_asked_for_is_a_502(open_way: OpenWay, asked: bytes, switch: bytes) -> None:
    way = await open_way(switches(echoes, switch))
    client = await way.connect()
    client.send(asked + HANDSHAKE.replace(KEY, b"AAAAAAAAAAAAAAAAAAAAAA=="))
    assert (await client.answer())[:12] == b"HTTP/1.1 502"
    assert (await client.answer())[:12] == b"HTTP/1.1 502"
    assert way.upstream.connections == 2
    assert way.open_tunnels == {}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(HANDSHAKE.replace(b"WebSocket\r\n", b"h2c\r\nHTTP2-Settings: x\r\n"), id="h2c"),
        pytest.param(HANDSHAKE.replace(b"WebSocket\r\n", b"websocket, h2c\r\n"), id="several"),
        pytest.param(HANDSHAKE.replace(b"Connection: Upgrade\r\n", b""), id="without connection"),
        pytest.param(HANDSHAKE.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nhi"), id="with a body"),
        pytest.param(HANDSHAKE.replace(b"GET", b"POST"), id="POST"),
        pytest.param(HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
    ],
)
async def test_what_is_no_offer_of_the_route_goes_on_as_any_request(open_way: OpenWay, asked: bytes) -> None:
    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        await reader.read(1 << 16)

    way = await open_way(answers)
    client = await way.connect()
    client.send(asked)
    assert (await client.answer())[:12] == b"HTTP/1.1 200"
    assert b"upgrade" not in way.upstream.heads[0].lower().replace(b"upgrade-insecure", b"")


async def test_a_silent_tunnel_lives_until_it_is_idle(open_way: OpenWay) -> None:
    way = await open_way(switches(echoes))
    client = await way.connect()
    client.send(HANDSHAKE)
    await client.until(b"\r\n\r\n")
    for _ in range(4):
        way.front.pass_time(TERMS.idle_seconds - 2)
        client.send(FRAME)
        assert await client.until(b"hi") == FRAME
    way.front.pass_time(TERMS.idle_seconds + 2)
    assert (await client.rest())[2:4] == b"\x03\xe9"
    assert way.front.snapshots.exchanges[0].status == 101


async def test_a_tunnel_ends_however_busy_it_is(open_way: OpenWay) -> None:
    way = await open_way(switches(echoes))
    client = await way.connect()
    client.send(HANDSHAKE)
    await client.until(b"\r\n\r\n")
    passed = 0.0
    while passed < TERMS.total_seconds - 30:
        way.front.pass_time(30)
        passed += 30
        client.send(FRAME)
        assert await client.until(b"hi") == FRAME
    way.front.pass_time(31)
    assert (await client.rest())[2:4] == b"\x03\xe9"


async def test_who_does_not_read_holds_the_upstream_back(open_way: OpenWay) -> None:
    written = [0]

    async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while written[0] < MUCH:
            writer.write(bytes(1 << 16))
            await writer.drain()
            written[0] += 1 << 16

    way = await open_way(switches(floods))
    client = await way.connect()
    client.send(HANDSHAKE)
    await client.until(b"\r\n\r\n")
    client.stop_reading()
    exchange = way.front.snapshots.exchanges[0]
    last = -1
    while last != (last := exchange.bytes_out):
        await asyncio.sleep(0.2)
    assert exchange.bytes_out < MUCH  # what sockets hold is less
    client.read_on()
    assert len(await client.rest()) == MUCH


async def test_an_upstream_that_does_not_read_holds_the_client_back(open_way: OpenWay) -> None:
    may_read, received = asyncio.Event(), [0]

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_read.wait()
        while data := await reader.read(1 << 16):
            received[0] += len(data)

    way = await open_way(switches(waits))
    client = await way.connect()
    client.send(HANDSHAKE)
    await client.until(b"\r\n\r\n")
    client.send(bytes(MUCH))
    exchange = way.front.snapshots.exchanges[0]
    last = -1
    while last != (last := exchange.bytes_in):
        await asyncio.sleep(0.2)
    assert exchange.bytes_in < MUCH
    assert client.unsent_bytes
    may_read.set()
    await until(lambda: received[0] == MUCH)


async def test_at_the_end_of_a_drain_clients_are_told(open_way: OpenWay) -> None:
    way = await open_way(switches(echoes))
    client = await way.connect()
    client.send(HANDSHAKE)
    await client.until(b"\r\n\r\n")
    await way.front.listener.drain(0.0)
    assert (await client.rest())[2:4] == b"\x03\xe9"
    await soon(way.upstream.closed.wait())


async def test_tunnels_go_through_tls_too(open_way: OpenWay) -> None:
    way = await open_way(switches(echoes, SWITCH + FRAME), SecureFront(TLS))
    client = await way.connect()
    big = b"\x82\x7f" + (1 << 20).to_bytes(8, "big") + bytes((1 << 20) - 3) + b"end"
    client.send(HANDSHAKE + big)
    await client.until(b"\r\n\r\n")
    assert await client.until(b"end") == FRAME + big
    way.front.pass_time(TERMS.idle_seconds + 2)
    assert (await client.until(b"allows"))[2:4] == b"\x03\xe9"
    way.front.pass_time(way.front.listener.timeouts.lingering + 2)  # TLS has no half of a connection to close
    assert await client.rest() in (b"", b"<reset>")
