"""Hands a replica's sockets to the agent that is to follow, over a Unix socket in the data directory.

The one that serves sends its sockets (`SCM_RIGHTS`) to whoever connects with its own user id. It serves on until the
other says that all its workers serve; only then it lets go, and drains. If the other fails, nothing has happened.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from data_plane.agent import descriptors

FILE = "handover.sock"
SERVING, RELEASED = b"serving", b"released"
ANSWER_SECONDS = 10.0
SERVE_SECONDS = 120.0  # for the successor to load its configuration and start its workers

logger = logging.getLogger(__name__)


class CannotTakeOver(Exception):
    """Nobody hands over; one line for the operator."""


class Giver(Protocol):
    """The replica that serves."""

    @property
    def spool(self) -> str:
        """The name of the folder of records that it writes to."""

    def sockets(self) -> Iterable[tuple[str, socket.socket]]:
        """All listening sockets, by name; of a listener there may be several."""

    async def prepare(self) -> None:
        """A successor begins to load: put on disk what it will look for."""

    async def release(self) -> None:
        """The successor serves: let go."""

    def resume(self) -> None:
        """The successor has failed: whatever it has left behind is to end."""


async def offer(data_dir: Path, giver: Giver) -> None:
    """Wait for a successor, and hand over to it; returns when one serves.

    Raises:
        OSError: the data directory takes no socket.
    """
    loop = asyncio.get_running_loop()
    with descriptors.listen(data_dir, FILE) as listening:  # who holds the agent's lock is alone here
        while True:
            connection, _ = await loop.sock_accept(listening)
            with connection:
                if await _hand_over(connection, giver):
                    break
                giver.resume()
    with contextlib.suppress(OSError):
        (data_dir / FILE).unlink()


async def _hand_over(connection: socket.socket, giver: Giver) -> bool:
    """Whether the successor serves now."""
    loop = asyncio.get_running_loop()
    if not descriptors.is_ours(connection):
        logger.error("a stranger asked for the sockets")
        return False
    await giver.prepare()
    logger.info("handing over")
    try:
        descriptors.send(connection, giver.sockets(), giver.spool)
        async with asyncio.timeout(SERVE_SECONDS):
            answer = await loop.sock_recv(connection, len(SERVING))
    except (OSError, TimeoutError) as error:
        logger.error("not handed over; serving on error=%r", error)
        return False
    if answer != SERVING:
        logger.error("not handed over; serving on error=%r", "the successor has given up")
        return False
    await giver.release()
    with contextlib.suppress(OSError):
        connection.send(RELEASED)
    return True


class Inheritance:
    """What was handed over. The giver serves until `confirm`."""

    def __init__(self, connection: socket.socket) -> None:
        self.sockets: dict[str, list[socket.socket]] = {}
        self.spool = ""
        self._connection = connection

    @classmethod
    def take(cls, data_dir: Path) -> "Inheritance":
        """Blocks, not for long.

        Raises:
            CannotTakeOver: nobody serves, or it does not hand over.
        """
        try:
            connection = descriptors.connect(data_dir, FILE, ANSWER_SECONDS)
        except OSError as error:
            raise _nobody(data_dir, error) from error
        inheritance = cls(connection)
        try:
            if not descriptors.is_ours(connection):
                raise CannotTakeOver(f"'{data_dir / FILE}' is another user's")
            received, inheritance.spool = descriptors.receive(connection)
        except CannotTakeOver:
            connection.close()
            raise
        except (OSError, msgspec.DecodeError) as error:
            connection.close()
            raise _nobody(data_dir, error) from error
        for name, each in received:
            inheritance.sockets.setdefault(name, []).append(each)
        connection.setblocking(False)
        return inheritance

    async def confirm(self) -> bool:
        """Say that we serve. Whether the giver has let go; False: it is gone, or has given up on us."""
        loop = asyncio.get_running_loop()
        with self._connection:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await loop.sock_sendall(self._connection, SERVING)
                    return await loop.sock_recv(self._connection, len(RELEASED)) == RELEASED
            except (OSError, TimeoutError):
                return False


def _nobody(data_dir: Path, error: Exception) -> CannotTakeOver:
    return CannotTakeOver(f"nobody hands over at '{data_dir / FILE}': {error}")
