"""A client that sends bytes in pieces and reads answers strictly."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Self

from data_plane.tasks import spawn
from tests.conformance.wire import STATUS_LINE, CutShort, Head, read_body, read_head

WAIT_SECONDS = 10.0
LARGE_BYTES = 3000  # more than this byte by byte takes too long, and shows nothing new
FEEDS = ("whole", "byte by byte", "random segments")


@dataclass(frozen=True, slots=True)
class Answer:
    head: Head
    body: bytes

    @property
    def status(self) -> int:
        return self.head.status


def pieces(data: bytes, feed: str, seed: str) -> Iterator[bytes]:
    """Cut bytes up; the same way each time."""
    if feed == "whole":
        yield data
        return
    random = Random(seed)
    largest = 1 if feed == "byte by byte" else 40
    if len(data) > LARGE_BYTES:
        largest = 997 if feed == "byte by byte" else 20_000
    start = 0
    while start < len(data):
        size = largest if feed == "byte by byte" else random.randint(1, largest)
        yield data[start : start + size]
        start += size


class Client:
    """One connection to the gateway. Not asyncio's streams: those drop what was read when a write fails."""

    def __init__(self, connection: socket.socket) -> None:
        self.reader = asyncio.StreamReader(limit=1 << 26)
        self.was_reset = False  # closed without order: on some systems the client loses answers it has not read yet
        self._heard = False
        self._socket = connection
        self._reading = spawn(self._read())

    @classmethod
    async def connect(cls, port: int) -> Self:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        except OSError:
            connection.close()
            raise
        return cls(connection)

    async def send(self, data: Iterable[bytes]) -> None:
        """Send each piece by itself. A gateway that has closed meanwhile is not told."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                for piece in data:
                    await loop.sock_sendall(self._socket, piece)
                    await asyncio.sleep(0)
        except ConnectionError:
            pass

    async def answer(self, method: bytes = b"GET") -> Answer | None:
        """The next answer that is not an interim one; None if the gateway has closed instead.

        Raises:
            Malformed, CutShort: the gateway wrote it wrongly, or not whole.
        """
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                head = await read_head(self.reader, STATUS_LINE)
                if head is None or head.status >= 200:
                    break
            if head is None:
                return None
            body = bytearray()
            if method != b"HEAD" and head.status not in (204, 304):
                await read_body(self.reader, head, body, until_close=True)
            return Answer(head, bytes(body))

    @property
    def has_heard(self) -> bool:
        """Whether there is anything of an answer, or the end."""
        return self._heard

    async def is_closed(self) -> bool:
        """Wait for the end: false if there is more than that."""
        async with asyncio.timeout(WAIT_SECONDS):
            return not await self.reader.read(1)

    async def ask(self, data: bytes, method: bytes = b"GET") -> Answer:
        """Send a request, and read its answer.

        Raises:
            CutShort: there is none.
        """
        await self.send([data])
        answer = await self.answer(method)
        if answer is None:
            raise CutShort("no answer")
        return answer

    async def leave(self) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])
        self._socket.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self._socket, 1 << 18):
                self._heard = True
                self.reader.feed_data(data)
        except ConnectionError:
            self.was_reset = True
        self._heard = True
        self.reader.feed_eof()


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other processes bring about."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)
