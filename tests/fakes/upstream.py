"""A scripted upstream on a real socket, and a receiver that keeps what it hears."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from data_plane.errors import GatewayError
from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.pipeline.sides import Upstream
from data_plane.upstream.cluster import Cluster, Endpoint, ServiceTarget, UpstreamTls
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from data_plane.upstream.service_dispatch import ServiceDispatcher

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]

ANSWER = b'{"answer":"Paris"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
WAIT_SECONDS = 5.0


def answer(status: int, *fields: bytes, body: bytes = b"") -> bytes:
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"HTTP/1.1 %d Status\r\n%bContent-Length: %d\r\n\r\n%b" % (status, lines, len(body), body)


def says(*answers: bytes) -> Script:
    """Give these answers in turn, the last one again and again."""
    left = list(answers)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await read_body(reader, head)
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return script


async def read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body of a request whose head was read, its chunks put together."""
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
    length = head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
    return await reader.readexactly(int(length)) if length else b""


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """Take whatever comes and answer nothing, until the gateway gives up."""
    while await reader.read(65536):
        pass


async def takes_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """Neither read nor answer."""
    await asyncio.Event().wait()


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    await read_body(reader, head)
    writer.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let sockets work until it holds."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never came to hold"
        await asyncio.sleep(0.001)


def service(
    pools: Pools, *endpoints: Endpoint, random: Callable[[], float] = lambda: 0.0, retries_stale: bool = False
) -> ServiceDispatcher:
    """The way to a Service. Unless there is a `random`, endpoints are chosen in their order."""
    cluster = Cluster("default/s", endpoints, (1,) * len(endpoints), retries_stale)
    return Dispatchers(pools, random).for_service(ServiceTarget("default/s", cluster))


class ScriptedUpstream:
    """Calls the script for each request's head; counts connections, and keeps heads."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or says(OK)
        self.heads: list[bytes] = []
        self.connections = 0
        self.closed = asyncio.Event()  # a connection has ended
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def endpoint(self, tls: UpstreamTls | None = None) -> Endpoint:
        return Endpoint("127.0.0.1", self.port, tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await self.script(reader, writer, head)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self.closed.set()
            writer.close()


@dataclass
class FakeReceiver:
    """Implements `Receiver`."""

    exchange: Exchange
    upstream: Upstream | None = None
    response: Response | None = None
    body: bytes = b""
    error: GatewayError | None = None
    drained: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    may_send: asyncio.Event = field(default_factory=asyncio.Event)

    def on_response(self, response: Response, data: bytes, last: bool) -> None:
        assert self.response is None
        self.response = response
        self.began.set()
        self.on_body(data, last)

    def on_switch(self, response: Response, data: bytes) -> None:
        self.on_response(response, data, False)

    def on_body(self, data: bytes, last: bool) -> None:
        assert not self.ended.is_set()
        self.body += data
        if last:
            assert self.upstream is None  # the connection may already serve another
            self.ended.set()

    def on_failure(self, error: GatewayError) -> None:
        assert not self.ended.is_set()
        assert self.upstream is None
        self.error = error
        self.ended.set()

    def on_request_drained(self) -> None:
        self.drained += 1
        self.may_send.set()

    async def end(self) -> "FakeReceiver":
        """Wait until it has heard the end."""
        await asyncio.wait_for(self.ended.wait(), WAIT_SECONDS)
        return self

    async def stream(self, *pieces: bytes) -> None:
        """Send a request body, waiting wherever the upstream asks for it."""
        for position, piece in enumerate(pieces, 1):
            if self.upstream is None:
                return
            self.may_send.clear()
            if not self.upstream.send_body(piece, position == len(pieces)) and position < len(pieces):
                await asyncio.wait_for(self.may_send.wait(), WAIT_SECONDS)

    @property
    def status(self) -> int:
        return self.response.status if self.response is not None else 0

    @property
    def tries(self) -> list[tuple[str, int, str]]:
        """Target, status and reason of each attempt."""
        return [(attempt.target, attempt.status, attempt.reason) for attempt in self.exchange.attempts]


def receiver(method: str = "GET", path: str = "/x", body: bytes = b"", /, **headers: str) -> FakeReceiver:
    """One with an exchange of a REST route. `_` in a header's name stands for `-`."""
    fields = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    where, _, query = path.partition("?")
    request = Request(
        method.encode(), where.encode(), query.encode(), {b"host": b"client.example", **fields}, has_body=bool(body)
    )
    request.body = body
    request.length = len(body) if body else None
    return FakeReceiver(
        Exchange(request, "default/r", "rest", "", where.encode(), "id-1", 0.0, 1, Timeouts(connect=5.0))
    )
