"""Sockets that go from one process to another over a Unix socket in the data directory (`SCM_RIGHTS`, unix(7))."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

PER_MESSAGE = 200  # descriptors; the kernel takes 253
MAX_MESSAGE_BYTES = 65_536


class Offer(msgspec.Struct, frozen=True):
    """Names for the descriptors of the same message. `spool`: the folder of records that the giver writes to."""

    sockets: tuple[str, ...]
    spool: str
    is_last: bool


def listen(data_dir: Path, file: str) -> socket.socket:
    """Only for its own user, from its first moment: it listens after the mode is set. In place of what is there.

    Raises:
        OSError: the data directory takes no socket.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with contextlib.suppress(FileNotFoundError):
            (data_dir / file).unlink()
        with _short_path(data_dir, file) as path:
            listening.bind(path)
        (data_dir / file).chmod(0o600)
        listening.listen(1)
    except BaseException:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def connect(data_dir: Path, file: str, seconds: float) -> socket.socket:
    """A connection that blocks, at most so long with each call.

    Raises:
        OSError: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(seconds)
        with _short_path(data_dir, file) as path:
            connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def is_ours(connection: socket.socket) -> bool:
    """Whether the other side runs as our user, or as root."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user in (0, os.geteuid())


def send(connection: socket.socket, given: Iterable[tuple[str, socket.socket]], spool: str = "") -> None:
    """Send sockets by name; of a name there may be several.

    Raises:
        OSError: the other side is gone.
    """
    sockets = list(given)
    for start in range(0, max(1, len(sockets)), PER_MESSAGE):
        batch = sockets[start : start + PER_MESSAGE]
        offered = Offer(tuple(name for name, _ in batch), spool, start + PER_MESSAGE >= len(sockets))
        socket.send_fds(connection, [msgspec.json.encode(offered)], [each.fileno() for _, each in batch])


def receive(connection: socket.socket) -> tuple[list[tuple[str, socket.socket]], str]:
    """What `send` has sent: the sockets by name, and the giver's spool.

    Raises:
        OSError: the other side is gone, or says nothing.
        msgspec.DecodeError: it speaks another language.
    """
    received: list[tuple[str, socket.socket]] = []
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, MAX_MESSAGE_BYTES, PER_MESSAGE)
        sockets = [socket.socket(fileno=each) for each in descriptors]
        offered = msgspec.json.decode(message, type=Offer)
        for each in sockets:
            each.set_inheritable(False)
        received += zip(offered.sockets, sockets, strict=True)
        if offered.is_last:
            return received, offered.spool


@contextmanager
def _short_path(data_dir: Path, file: str) -> Iterator[str]:
    """A Unix socket's path has 107 bytes at most, and data directories may lie deep."""
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{file}"
    finally:
        os.close(folder)
