"""Messages over a socketpair: a length in four bytes, then msgpack."""

import asyncio
import socket
from typing import Generic, TypeVar

import msgspec

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
BUFFER_BYTES = 256 * 1024  # on each side, before the sender has to wait

Incoming = TypeVar("Incoming")


class ChannelClosed(Exception):
    """The other side is gone."""


class Channel(Generic[Incoming]):
    """One end. One task may send and another receive."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: "msgspec.msgpack.Decoder[Incoming]"
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = decoder.decode
        self._encode = msgspec.msgpack.Encoder().encode

    @classmethod
    async def open(cls, end: socket.socket, decoder: "msgspec.msgpack.Decoder[Incoming]") -> "Channel[Incoming]":
        """Take over one end of a socketpair."""
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=BUFFER_BYTES)
        writer.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        return cls(reader, writer, decoder)

    async def receive(self) -> Incoming:
        """The next message.

        Raises:
            ChannelClosed: none will come.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(4), "big")
            if length > MAX_MESSAGE_BYTES:
                raise ChannelClosed(f"a message of {length} bytes")
            return self._decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ChannelClosed("the other side is gone") from error
        except msgspec.DecodeError as error:
            raise ChannelClosed("not a message") from error

    def post(self, message: msgspec.Struct) -> None:
        """Send without waiting: for what is small, or the last word. A closed channel swallows it."""
        if not self._writer.is_closing():
            payload = self._encode(message)
            self._writer.write(len(payload).to_bytes(4, "big") + payload)

    async def send(self, message: msgspec.Struct) -> None:
        """Send, and wait while the other side does not keep up.

        Raises:
            ChannelClosed: the other side is gone.
        """
        self.post(message)
        try:
            await self._writer.drain()
        except OSError as error:
            raise ChannelClosed("the other side is gone") from error

    def unsent_bytes(self) -> int:
        return self._writer.transport.get_write_buffer_size()

    def close(self) -> None:
        self._writer.close()

    async def flush_and_close(self, timeout_seconds: float) -> None:
        """Close once everything is written, or after so long."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), timeout_seconds)
        except (TimeoutError, OSError):
            self._writer.transport.abort()
