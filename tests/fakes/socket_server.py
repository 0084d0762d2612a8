"""A WebSocket server for tests, behind the gateway, and the clients that call it through a replica."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

Handler = Callable[[ServerConnection], Awaitable[None]]
MAX_BYTES = 1 << 26


async def echo(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):  # in whatever way
        async for message in connection:
            await connection.send(message)


@dataclass
class SocketServer:
    """`connections`: all that were made."""

    handler: Handler = echo
    max_queue: int = 16
    port: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    _server: Server | None = None

    async def _handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await self.handler(connection)

    def asked(self) -> Request:
        """The handshake of the first connection."""
        request = self.connections[0].request
        assert request is not None
        return request

    async def start(self) -> None:
        self._server = await serve(
            self._handle, "127.0.0.1", 0, max_size=MAX_BYTES, max_queue=self.max_queue, ping_interval=None
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@asynccontextmanager
async def socket_server(handler: Handler = echo, max_queue: int = 16) -> AsyncIterator[SocketServer]:
    server = SocketServer(handler, max_queue)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def open_socket(url: str, **options: Any) -> connect:
    """A client's connection; asks for no proxy, and pings by itself only if told to."""
    return connect(url, proxy=None, ping_interval=None, max_size=MAX_BYTES, **options)


async def close_code(connection: ClientConnection | ServerConnection, seconds: float) -> int | None:
    """Wait for the other side to close; with which code it did, None if it only closed the connection."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else None
