"""WebSocket through a real worker: who may, how long, how much, and what ends it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from data_plane.tasks import spawn
from tests.fakes.front import soon
from tests.fakes.replica import Replica, api_key, configuration
from tests.fakes.socket_server import SocketServer, close_code, open_socket, socket_server
from tests.fakes.upstream import ScriptedUpstream

EXAMPLE = Path(__file__).parents[2] / "examples" / "upgrades" / "gateway.yaml"
PAGE = "https://console.example"
SOON_SECONDS = 1.0
EXPIRY_SECONDS = 3
DEADLINE_SECONDS = 10.0
MESSAGE, MUCH = 1 << 20, 1 << 26
KEY = {"authorization": f"Bearer {api_key()}"}


@pytest.fixture
async def upstream() -> AsyncIterator[SocketServer]:
    async with socket_server() as server:
        yield server


class Configured:
    """A replica with the example, whose Service is at our server, and its documents to change."""

    def __init__(self, replica: Replica, upstream: SocketServer | ScriptedUpstream) -> None:
        self.replica = replica
        self._writers: list[asyncio.StreamWriter] = []
        self.documents = configuration({"events": f"http://127.0.0.1:{upstream.port}"})
        self.documents += list(yaml.safe_load_all(EXAMPLE.read_text()))
        self.spec("Service", "events")["endpoints"] = [{"host": "127.0.0.1", "port": upstream.port}]

    def document(self, kind: str, name: str) -> dict[str, Any]:
        return next(each for each in self.documents if (each["kind"], each["metadata"]["name"]) == (kind, name))

    def spec(self, kind: str, name: str) -> dict[str, Any]:
        spec: dict[str, Any] = self.document(kind, name)["spec"]
        return spec

    @property
    def upgrade(self) -> dict[str, Any]:
        upgrade: dict[str, Any] = self.spec("Route", "events")["upgrades"][0]
        return upgrade

    async def apply_other_change(self) -> None:
        self.spec("Route", "events")["description"] = "changed"
        await self.apply()

    def write(self) -> None:
        self.replica.write_config(self.documents)

    async def apply(self) -> None:
        """Write, and wait until the replica serves it."""
        before = (await self.replica.wait_for(lambda status: True))["revision"]
        self.write()
        await self.replica.wait_for(lambda status: status["revision"] != before)

    async def ask(self, path: str) -> asyncio.StreamReader:
        """An answer that closes its connection."""
        reader, writer = await soon(asyncio.open_connection("127.0.0.1", self.replica.port))
        fields = f"Host: a\r\nAuthorization: {KEY['authorization']}\r\nConnection: close"
        writer.write(f"GET {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode())
        self._writers.append(writer)  # which would close when nobody keeps it
        return reader

    def close(self) -> None:
        """Close the connections of `ask`."""
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.replica.port}/events/room"


@pytest.fixture
async def configured(upstream: SocketServer, tmp_path: Path) -> AsyncIterator[Configured]:
    configured = Configured(Replica(tmp_path, workers=1), upstream)
    configured.write()
    async with configured.replica:
        yield configured


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def cpu_ticks(pid: int) -> int:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


async def until_still(measure: Callable[[], int]) -> None:
    """Until a process has had nothing to do for a while; it looks at its deadlines once a second."""
    last = -1
    async with asyncio.timeout(DEADLINE_SECONDS):
        while last != (last := measure()):
            await asyncio.sleep(0.5)


async def send_much(connection: Connection) -> None:
    for _ in range(MUCH // MESSAGE):
        await connection.send(bytes(MESSAGE))


async def receive_much(connection: Connection) -> list[int]:
    return [len(await connection.recv()) for _ in range(MUCH // MESSAGE)]


async def talk_on(connection: Connection) -> None:
    """So that it is never idle."""
    with suppress(ConnectionClosed):
        while True:
            await connection.send(bytes(10_000))
            await asyncio.sleep(0.01)


async def test_messages_go_both_ways_and_are_recorded(configured: Configured, upstream: SocketServer) -> None:
    async with open_socket(configured.url, additional_headers=KEY, origin=PAGE, compression=None) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        big = bytes(1 << 22)
        await client.send(big)
        assert await client.recv() == big
        assert client.response is not None and "x-isthmus-request-id" in client.response.headers
    seen = upstream.asked()
    assert "authorization" not in seen.headers
    assert seen.path == "/events/room"
    await configured.replica.until(configured.replica.records)
    (record,) = configured.replica.records()
    assert record["bytes_in"] > len(big) and record["bytes_out"] > len(big)
    assert record["attempts"][0]["status"] == 101
    assert "reason" not in record["attempts"][0]
    assert (record["status"], record["outcome"]) == (101, "completed")


@pytest.mark.parametrize(
    ("headers", "origin", "status"),
    [
        pytest.param({}, None, 401, id="no key"),
        pytest.param(KEY, "https://evil.example", 403, id="a page that may not"),
        pytest.param(KEY, "https://console.example.evil.example", 403, id="a page with a name alike"),
    ],
)
async def test_who_may_not_is_refused(
    configured: Configured, upstream: SocketServer, headers: dict[str, str], origin: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(configured.url, additional_headers=headers, origin=origin):
            pass
    assert refused.value.response.status_code == status
    assert upstream.connections == []


async def test_a_browser_brings_its_key_in_the_query(configured: Configured, upstream: SocketServer) -> None:
    async with open_socket(f"{configured.url}?key={api_key()}&a=1", origin="https://a.preview.example") as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        await configured.apply_other_change()
        await client.send("again")
        assert await client.recv() == "again"
    assert upstream.asked().path == "/events/room?a=1"


async def test_there_are_no_more_connections_than_the_route_allows(configured: Configured) -> None:
    configured.upgrade["maxConnections"] = 2
    await configured.apply()
    async with open_socket(configured.url, additional_headers=KEY):
        async with open_socket(configured.url, additional_headers=KEY):
            with pytest.raises(InvalidStatus) as refused:
                async with open_socket(configured.url, additional_headers=KEY):
                    pass
            assert refused.value.response.status_code == 503
            assert "retry-after" in refused.value.response.headers
        await configured.replica.until(configured.replica.records)
        async with open_socket(configured.url, additional_headers=KEY) as client:
            await client.send("there is a place again")
            assert await client.recv() == "there is a place again"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param({"idleSeconds": 1}, 1001, id="nothing is said"),
        pytest.param({"totalSeconds": 2}, 1001, id="it has been open long enough"),
        pytest.param({"maxBytes": 100_000}, 1009, id="too much is said"),
    ],
)
async def test_a_connection_ends_by_the_terms_of_its_route(
    configured: Configured, limits: dict[str, int], code: int
) -> None:
    configured.upgrade.update(limits)
    await configured.apply()
    async with (
        open_socket(configured.url, additional_headers=KEY, compression=None) as client,
        asyncio.TaskGroup() as group,
    ):
        if "idleSeconds" not in limits:
            group.create_task(talk_on(client))
        assert await close_code(client, DEADLINE_SECONDS) == code
    await configured.replica.until(configured.replica.records)
    (record,) = configured.replica.records()
    assert (record["status"], record["outcome"]) == (101, "refused" if code == 1009 else "timed_out")


@pytest.mark.parametrize("change", ["key revoked", "key expires", "route removed", "protocol removed"])
async def test_who_may_no_longer_is_cut_off_within_a_second(configured: Configured, change: str) -> None:
    async with open_socket(configured.url, additional_headers=KEY) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        if change == "key revoked":
            configured.documents.remove(configured.document("Credential", "tester"))
        elif change == "key expires":
            expires = datetime.now(UTC) + timedelta(seconds=EXPIRY_SECONDS)
            configured.spec("Credential", "tester")["expiresAt"] = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif change == "route removed":
            configured.documents.remove(configured.document("Route", "events"))
        else:
            configured.upgrade["protocol"] = "other"
        await configured.apply()
        extra = EXPIRY_SECONDS if change == "key expires" else 0
        assert await close_code(client, SOON_SECONDS + extra) == 1008
    await configured.replica.until(configured.replica.records)
    (record,) = configured.replica.records()
    assert (record["status"], record["outcome"], record["error_code"]) == (101, "refused", "forbidden")


async def test_another_change_leaves_connections_open(configured: Configured) -> None:
    async with open_socket(configured.url, additional_headers=KEY) as client:
        await configured.apply_other_change()
        with pytest.raises(TimeoutError):
            await close_code(client, 2 * SOON_SECONDS)
        await client.send("still here")
        assert await client.recv() == "still here"


async def test_clients_are_told_that_the_gateway_goes(configured: Configured) -> None:
    async with open_socket(configured.url, additional_headers=KEY) as client:
        configured.replica.signal(signal.SIGTERM)
        await configured.replica.until(lambda: "drain" in configured.replica.log())
        configured.replica.signal(signal.SIGTERM)
        assert await close_code(client, DEADLINE_SECONDS) == 1001
    await configured.replica.wait_end()
    (record,) = configured.replica.records()
    assert (record["status"], record["outcome"]) == (101, "completed")


async def test_what_one_side_does_the_other_hears(configured: Configured, upstream: SocketServer) -> None:
    async with open_socket(configured.url, additional_headers=KEY) as client:
        client.transport.abort()
        await soon(upstream.connections[0].wait_closed())
    async with open_socket(configured.url, additional_headers=KEY) as client:
        upstream.connections[1].transport.abort()
        await soon(client.wait_closed())
    async with open_socket(configured.url, additional_headers=KEY) as client:
        await upstream.connections[2].close(4000, "bye")
        assert await close_code(client, DEADLINE_SECONDS) == 4000
    await configured.replica.until(lambda: len(configured.replica.records()) == 3)


@pytest.mark.parametrize("reader", ["client", "upstream"])
async def test_for_who_does_not_read_nothing_is_kept(tmp_path: Path, reader: str) -> None:
    may_read = asyncio.Event()
    received: list[int] = []

    async def serve(connection: ServerConnection) -> None:
        if reader == "client":
            await send_much(connection)
        else:
            await may_read.wait()
            received.extend(await receive_much(connection))
            await connection.send("all")

    async with socket_server(serve, max_queue=1) as upstream:
        configured = Configured(Replica(tmp_path, workers=1), upstream)
        configured.write()
        async with (
            configured.replica,
            open_socket(configured.url, additional_headers=KEY, compression=None, max_queue=1) as client,
        ):
            (pid,) = configured.replica.worker_pids()
            before = resident_bytes(pid)
            sending = spawn(send_much(client)) if reader == "upstream" else None
            await until_still(lambda: cpu_ticks(pid))
            assert resident_bytes(pid) - before < MUCH // 4
            may_read.set()
            if sending is not None:
                await sending
                assert await client.recv() == "all"
            else:
                received.extend(await receive_much(client))
    assert received == [MESSAGE] * (MUCH // MESSAGE)


async def test_a_stream_is_cut_where_its_route_says_so_and_else_ends_as_ever(tmp_path: Path) -> None:
    may_end = asyncio.Event()

    async def streams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
        await may_end.wait()
        writer.write(b"data: last\n\n")
        writer.close()

    upstream = ScriptedUpstream(streams)
    await upstream.open()
    configured = Configured(Replica(tmp_path, workers=1), upstream)
    configured.write()
    async with configured.replica:
        feed, plain = [await configured.ask(path) for path in ("/feed", "/events")]
        for reader in (feed, plain):
            await soon(reader.readuntil(b"first"))
        configured.documents.remove(configured.document("Credential", "tester"))
        await configured.apply()
        async with asyncio.timeout(SOON_SECONDS):
            rest = await feed.read()
        may_end.set()
        assert b"data: last" in await soon(plain.read())
        await configured.replica.until(lambda: len(configured.replica.records()) == 2)
    configured.close()
    await upstream.close()
    assert b"last" not in rest
    assert b"event: error" in rest and b'"forbidden"' in rest
    outcomes = {record["route"]: record["outcome"] for record in configured.replica.records()}
    assert outcomes == {"default/events": "completed", "default/feed": "refused"}
