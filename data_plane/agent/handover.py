"""Hands a replica's sockets to the agent that is to follow, over a Unix socket in the data directory.

The one that serves sends its sockets (`SCM_RIGHTS`) to whoever connects with its own user id. It serves on until the
other says that all its workers serve; only then it lets go, and drains. If the other fails, nothing has happened.
"""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

FILE = "handover.sock"
PER_MESSAGE = 200  # descriptors; the kernel takes 253
MAX_MESSAGE_BYTES = 65_536
SERVING, RELEASED = b"serving", b"released"
ANSWER_SECONDS = 10.0
SERVE_SECONDS = 120.0  # for the successor to load its configuration and start its workers

logger = logging.getLogger(__name__)


class CannotTakeOver(Exception):
    """Nobody hands over; one line for the operator."""


class Offer(msgspec.Struct, frozen=True):
    """Names for the descriptors of the same message. `spool`: the folder of records that the giver writes to."""

    sockets: tuple[str, ...]
    spool: str
    is_last: bool


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
    with contextlib.closing(_listen(data_dir)) as listening:
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
    if not _is_ours(connection):
        logger.error("a stranger asked for the sockets")
        return False
    await giver.prepare()
    logger.info("handing over")
    try:
        for message, descriptors in _messages(giver):
            socket.send_fds(connection, [message], descriptors)
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


def _messages(giver: Giver) -> Iterator[tuple[bytes, list[int]]]:
    sockets = list(giver.sockets())
    for start in range(0, max(1, len(sockets)), PER_MESSAGE):
        batch = sockets[start : start + PER_MESSAGE]
        is_last = start + PER_MESSAGE >= len(sockets)
        offered = Offer(tuple(name for name, _ in batch), giver.spool, is_last)
        yield msgspec.json.encode(offered), [each.fileno() for _, each in batch]


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
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inheritance = cls(connection)
        try:
            connection.settimeout(ANSWER_SECONDS)
            with _short_path(data_dir) as path:
                connection.connect(path)
            if not _is_ours(connection):
                raise CannotTakeOver(f"'{data_dir / FILE}' is another user's")
            while not inheritance._receive():
                pass
        except CannotTakeOver:
            connection.close()
            raise
        except (OSError, msgspec.DecodeError) as error:
            connection.close()
            raise CannotTakeOver(f"nobody hands over at '{data_dir / FILE}': {error}") from error
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

    def _receive(self) -> bool:
        """Whether it was the last message."""
        message, descriptors, _, _ = socket.recv_fds(self._connection, MAX_MESSAGE_BYTES, PER_MESSAGE)
        received = [socket.socket(fileno=each) for each in descriptors]
        offered = msgspec.json.decode(message, type=Offer)
        for name, each in zip(offered.sockets, received, strict=True):
            each.set_inheritable(False)
            self.sockets.setdefault(name, []).append(each)
        self.spool = offered.spool
        return offered.is_last


def _listen(data_dir: Path) -> socket.socket:
    """Only for its own user, from its first moment: it listens after the mode is set."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with contextlib.suppress(FileNotFoundError):
            (data_dir / FILE).unlink()  # who holds the agent's lock is alone here
        with _short_path(data_dir) as path:
            listening.bind(path)
        (data_dir / FILE).chmod(0o600)
        listening.listen(1)
    except BaseException:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


@contextmanager
def _short_path(data_dir: Path) -> Iterator[str]:
    """A Unix socket's path has 107 bytes at most, and data directories may lie deep."""
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{FILE}"
    finally:
        os.close(folder)


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other side runs as our user, or as root."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user in (0, os.geteuid())
