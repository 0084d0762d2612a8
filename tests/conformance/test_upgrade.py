"""Upgrades on a route that takes WebSocket: only what both sides have agreed on becomes a tunnel."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.case import SEEN_SMUGGLED, SMUGGLED
from tests.conformance.client import FEEDS, Client, pieces, until
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import PROBE
from tests.fakes.replica import Replica, configuration, resource

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = (
    b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
ASKS = b"GET /ws/x HTTP/1.1\r\n" + FIELDS + b"\r\n"
ACCEPT = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
BOTH = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
SWITCHES = b"HTTP/1.1 101 Switching Protocols\r\n"
GOOD = SWITCHES + BOTH + ACCEPT + b"\r\n"
NO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def upgrading(running_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replica]:
    """A replica with a route to the recorder that takes WebSocket."""
    replica = Replica(tmp_path_factory.mktemp("upgrading"), workers=1)
    route = {
        "matches": [{"path": {"value": "/ws"}}],
        "authentication": {"methods": ["Anonymous"]},
        "serviceRef": {"name": "rest"},
        "upgrades": [{"protocol": "websocket"}],
    }
    replica.write_config(
        [*configuration({"recorder": f"http://127.0.0.1:{running_recorder.port}"}), resource("Route", "ws", route)]
    )
    async with replica:
        yield replica


class Tunnel:
    """The upstream's end: says something, and keeps what it hears."""

    def __init__(self, recorder: Recorder, answer: bytes) -> None:
        self.heard = bytearray()
        self._answer = answer
        recorder.scripts[b"/ws/x"] = self._run

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._answer)
        if not self._answer.startswith(SWITCHES):
            return
        while data := await reader.read(65_536):
            self.heard += data
            writer.write(data.upper())
        writer.close()


@pytest.mark.parametrize("feed", FEEDS)
async def test_after_the_switch_bytes_are_bytes(feed: str, upgrading: Replica, recorder: Recorder) -> None:
    tunnel = Tunnel(recorder, GOOD)
    client = await Client.connect(upgrading.port)
    await client.send(pieces(ASKS, feed, feed))
    async with asyncio.timeout(5):
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        await client.send(pieces(SMUGGLED, feed, feed))
        assert await client.reader.readexactly(len(SMUGGLED)) == SMUGGLED.upper()
    assert bytes(tunnel.heard) == SMUGGLED
    await client.leave()
    assert recorder.told == []


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(SWITCHES + ACCEPT + b"\r\n", id="names no protocol"),
        pytest.param(SWITCHES + b"Upgrade: websocket\r\n" + ACCEPT + b"\r\n", id="without Connection"),
        pytest.param(SWITCHES + b"Connection: Upgrade\r\n" + ACCEPT + b"\r\n", id="without Upgrade"),
        pytest.param(SWITCHES + BOTH.replace(b"websocket", b"h2c") + ACCEPT + b"\r\n", id="another protocol"),
        pytest.param(SWITCHES + BOTH.replace(b"websocket", b"websocket, h2c") + ACCEPT + b"\r\n", id="two protocols"),
        pytest.param(SWITCHES + BOTH + b"\r\n", id="without the proof"),
        pytest.param(SWITCHES + BOTH + ACCEPT.replace(b"s3p", b"s3q") + b"\r\n", id="a wrong proof"),
        pytest.param(SWITCHES + BOTH + ACCEPT + ACCEPT + b"\r\n", id="the proof twice"),
        pytest.param(SWITCHES + BOTH + ACCEPT + b"X: a\rb\r\n\r\n", id="a malformed field"),
        pytest.param(GOOD.replace(b"1.1 101", b"1.0 101"), id="HTTP/1.0"),
    ],
)
async def test_a_switch_that_does_not_match_is_refused(
    answer: bytes, feed: str, upgrading: Replica, recorder: Recorder
) -> None:
    tunnel = Tunnel(recorder, answer)
    client = await Client.connect(upgrading.port)
    await client.send(pieces(ASKS, feed, feed))
    got = await client.answer()
    assert got is not None and got.status == 502
    await client.send([SMUGGLED])
    await client.leave()
    await until(lambda: recorder.open == 0 or all(each.complete for each in recorder.requests[1:]))
    assert bytes(tunnel.heard) == b""


@pytest.mark.parametrize("feed", FEEDS)
async def test_what_comes_with_the_handshake_waits_for_the_switch(
    feed: str, upgrading: Replica, recorder: Recorder
) -> None:
    """It is no request once the upstream has switched, and one if it has not."""
    tunnel = Tunnel(recorder, GOOD)
    client = await Client.connect(upgrading.port)
    await client.send(pieces(ASKS + SMUGGLED, feed, feed))
    async with asyncio.timeout(5):
        head = await client.reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 101 "):
            assert await client.reader.readexactly(len(SMUGGLED)) == SMUGGLED.upper()
    await client.leave()
    assert head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 400 "))
    assert bytes(tunnel.heard) in (SMUGGLED, b"")
    assert recorder.told == []


@pytest.mark.parametrize("feed", FEEDS)
async def test_an_upstream_that_does_not_switch_answers_as_always(
    feed: str, upgrading: Replica, recorder: Recorder
) -> None:
    Tunnel(recorder, NO)
    client = await Client.connect(upgrading.port)
    await client.send(pieces(ASKS, feed, feed))
    answer = await client.answer()
    assert answer is not None and (answer.status, answer.body) == (200, b"no")
    await client.send([SMUGGLED])
    answer = await client.answer()
    assert answer is None or answer.status == 200
    await client.leave()
    assert recorder.told in ([], [SEEN_SMUGGLED])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ASKS.replace(b"GET", b"POST"), id="POST"),
        pytest.param(b"GET /ws/y HTTP/1.0\r\n" + FIELDS + b"\r\n", id="HTTP/1.0"),
        pytest.param(b"GET /ws/y HTTP/1.1\r\n" + FIELDS + b"Content-Length: 5\r\n\r\nabcde", id="with a body"),
        pytest.param(
            b"GET /ws/y HTTP/1.1\r\n" + FIELDS + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="with chunks"
        ),
        pytest.param(ASKS.replace(b"websocket", b"h2c").replace(b"/ws/x", b"/ws/y"), id="another protocol"),
        pytest.param(ASKS.replace(b"Connection: Upgrade\r\n", b"").replace(b"/ws/x", b"/ws/y"), id="no Connection"),
        pytest.param(ASKS.replace(b"Version: 13", b"Version: 8").replace(b"/ws/x", b"/ws/y"), id="version 8"),
        pytest.param(ASKS.replace(b"dGhl", b"dG").replace(b"/ws/x", b"/ws/y"), id="a short key"),
        pytest.param(
            ASKS.replace(b"Host", b"Origin: https://evil.example\r\nHost").replace(b"/ws/x", b"/ws/y"), id="a page"
        ),
        pytest.param(ASKS.replace(b"/ws/x", b"/rest/y"), id="a route without upgrades"),
    ],
)
async def test_who_may_not_upgrade_reaches_no_tunnel(data: bytes, upgrading: Replica, recorder: Recorder) -> None:
    client = await Client.connect(upgrading.port)
    await client.send([data])
    answer = await client.answer()
    assert answer is not None and (answer.status == 200 or 400 <= answer.status < 500)
    await client.leave()
    for seen in recorder.requests:
        assert seen.head.values(b"upgrade") == []
    late = await Client.connect(upgrading.port)
    assert (await late.ask(PROBE)).status == 200
    await late.leave()
