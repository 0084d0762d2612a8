"""A client that speaks TLS: each piece is sent in a record of its own."""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Self

from data_plane.tasks import spawn
from tests.conformance.client import WAIT_SECONDS, Client


class TlsClient(Client):
    """As `Client`; its socket belongs to asyncio's streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._encrypted, self._writer = reader, writer
        self.reader = asyncio.StreamReader(limit=1 << 26)
        self.was_reset = self._heard = False
        self._reading = spawn(self._read())

    @classmethod
    async def connect_tls(cls, port: int, context: ssl.SSLContext, name: str) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name, limit=1 << 26))

    async def send(self, data: Iterable[bytes]) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                for piece in data:
                    self._writer.write(piece)
                    await self._writer.drain()
                    await asyncio.sleep(0)
        except (ConnectionError, ssl.SSLError):
            pass

    async def leave(self) -> None:
        self._writer.transport.abort()
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            while data := await self._encrypted.read(1 << 18):
                self._heard = True
                self.reader.feed_data(data)
        except (ConnectionError, ssl.SSLError):
            self.was_reset = True
        self._heard = True
        self.reader.feed_eof()
