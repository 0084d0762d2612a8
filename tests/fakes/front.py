"""A listener of this process with plans of a test's own, a clock that a test moves, and clients that speak bytes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from data_plane.deadlines import Deadlines
from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.ingress.bounds import Capacity, Limits
from data_plane.ingress.bounds import Timeouts as ClientTimeouts
from data_plane.ingress.listener import Listener
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import Plan, compile_plan
from data_plane.pipeline.run import Run
from data_plane.pipeline.sides import Dispatcher, Receiver
from tests.fakes.sides import FakeWay

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
STREAM = GET.replace(b"/x", b"/stream")
BODY = b"0123456789"
POST_HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
EXPECTING = POST_HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REQUEST_SECONDS = 60.0
DEADLINE_SECONDS = 5.0

Value = TypeVar("Value")
Open = Callable[["Front"], Awaitable["Front"]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class StubSnapshots:
    """Every request goes through one plan; those to `/stream` ask for a stream."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.exchanges: list[Exchange] = []

    def begin(self, request: Request, now: float) -> tuple[Exchange, Plan]:
        stream = request.path.startswith(b"/stream")
        timeouts = Timeouts(request=REQUEST_SECONDS)
        exchange = Exchange(request, "t/r", "openai", "chat", request.path, "made-here", now, 1, timeouts)
        exchange.stream = stream
        self.exchanges.append(exchange)
        return exchange, self.plan


class Instant:
    """A way to an upstream that answers before `send` returns."""

    def __init__(self, body: bytes = b"hi") -> None:
        self.body = body
        self.sent: list[Request] = []

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        self.sent.append(receiver.exchange.request)
        receiver.on_response(Response(200, [], len(self.body)), self.body, True)


class Front:
    """`port` is open once `open` has been awaited."""

    def __init__(
        self,
        *filters: Filter,
        way: Dispatcher | None = None,
        limits: Limits | None = None,
        timeouts: ClientTimeouts | None = None,
        capacity: Capacity | None = None,
    ) -> None:
        self.clock = Clock()
        self.deadlines = Deadlines(self.clock)
        self.snapshots = StubSnapshots(compile_plan(filters, dispatcher=way or Instant()))
        self.listener = Listener(self.snapshots, self.deadlines, limits=limits, timeouts=timeouts, capacity=capacity)
        self.port = 0
        self._clients: list[Client] = []

    async def open(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        await self.listener.serve(listening)

    async def close(self) -> None:
        for client in self._clients:
            client.leave()
        await self.listener.drain(0.0)
        await until(lambda: not self.listener.connections)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        self.deadlines.sweep()

    async def connect(self) -> "Client":
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 26))
        self._clients.append(client)
        return client

    async def ask(self, data: bytes) -> bytes:
        """Send bytes on a new connection that is closed by the gateway; all that comes back."""
        client = await self.connect()
        client.send(data)
        answer = await client.rest()
        client.leave()
        return answer


class Client:
    """One connection to a front."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._reader = reader
        self._transport = cast(asyncio.Transport, writer.transport)  # uvloop's is one by shape only

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def send_all(self, data: bytes) -> None:
        """Send, and wait until nearly all of it has left."""
        self.writer.write(data)
        await soon(self.writer.drain())

    @property
    def unsent_bytes(self) -> int:
        """What the gateway, and the kernel for it, have not taken."""
        return self._transport.get_write_buffer_size()

    def leave(self) -> None:
        self._transport.abort()

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def read_on(self) -> None:
        self._transport.resume_reading()

    async def until(self, end: bytes) -> bytes:
        return await soon(self._reader.readuntil(end))

    async def answer(self) -> bytes:
        """One response with a length."""
        head = await self.until(b"\r\n\r\n")
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return head + await soon(self._reader.readexactly(int(length)))

    async def rest(self) -> bytes:
        """All until the gateway closes; `<reset>` at the end if it did so without order."""
        pieces: list[bytes] = []
        try:
            while piece := await soon(self._reader.read(1 << 20)):
                pieces.append(piece)
        except ConnectionError:
            pieces.append(b"<reset>")
        return b"".join(pieces)


async def soon(awaitable: Awaitable[Value]) -> Value:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await awaitable


async def until(condition: Callable[[], object]) -> None:
    """Wait for what sockets bring about."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


async def sent(way: FakeWay, count: int = 1) -> Run:
    """The run that has come to the upstream as that many-th."""
    await until(lambda: len(way.receivers) >= count)
    run = way.receivers[count - 1]
    assert isinstance(run, Run)
    return run


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def statuses(answers: bytes) -> list[bytes]:
    """Of responses in a row."""
    return [each[:3] for each in answers.split(b"HTTP/1.1 ")[1:]]
