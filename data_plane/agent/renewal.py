"""Takes a discovery stream over to a connection with new certificates: proved first, so that none is lost by them."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import grpc
import grpc.aio

from data_plane.agent.tls_files import TlsFiles, TlsMaterial

READY_SECONDS = 10.0  # for a new connection to be made
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 2 * 1024 * 1024),  # the protocol allows 1 MiB
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),  # else a new channel inherits the back-off of the last one
)

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class NoLongerTrusted(Exception):
    """An authority is gone from the files: what rests on it ends at once."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Whoever has it closes the channel."""

    target: str
    tls: TlsMaterial
    channel: grpc.aio.Channel

    @classmethod
    def to(cls, target: str, tls: TlsMaterial) -> "Connection":
        return cls(target, tls, grpc.aio.secure_channel(target, tls.credentials(), CHANNEL_OPTIONS))


class Renewal:
    """Looks at the files while a connection is used; in `async with`."""

    def __init__(self, files: TlsFiles, used: Connection, poll_seconds: float) -> None:
        self._files = files
        self._used = used
        self._poll_seconds = poll_seconds
        self._looking: asyncio.Task[None] | None = None
        self._successor: Connection | None = None

    async def __aenter__(self) -> Self:
        self._looking = asyncio.get_running_loop().create_task(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        if self._successor is not None:
            await self._successor.channel.close()

    async def wait_for(self, message: Coroutine[None, None, Result]) -> Result | None:
        """The message, or None: a connection with new certificates is there for `take`.

        Raises:
            NoLongerTrusted: the stream must end, and begin anew.
        """
        assert self._looking is not None, "used in `async with`"
        waiting = asyncio.get_running_loop().create_task(message)
        try:
            await asyncio.wait((waiting, self._looking), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            self._looking.result()
            return None
        finally:
            waiting.cancel()

    def take(self) -> Connection | None:
        """The connection to go on with, if there is one; it is the caller's then."""
        successor, self._successor = self._successor, None
        return successor

    async def _look(self) -> None:
        while self._successor is None:
            await asyncio.sleep(self._poll_seconds)
            new = await asyncio.to_thread(self._files.get)
            if new == self._used.tls:
                continue
            if not new.trusts_all_of(self._used.tls):
                raise NoLongerTrusted("an authority of certificates is no longer trusted")
            self._successor = await self._proved(new)

    async def _proved(self, tls: TlsMaterial) -> Connection | None:
        """A connection that the same control plane has accepted; None: it has not, and the stream goes on as it is."""
        connection = Connection.to(self._used.target, tls)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await connection.channel.channel_ready()
        except TimeoutError:
            logger.error(
                "discovery_renewal_failed target=%s: it does not accept the new certificate", connection.target
            )
            await connection.channel.close()
            return None
        except asyncio.CancelledError:
            await connection.channel.close()
            raise
        return connection
