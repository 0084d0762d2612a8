"""The replica's listening sockets, open as long as the agent lives: what is queued outlives a worker.

Each worker has TCP sockets of its own, all on one port (`SO_REUSEPORT`). A Unix socket is one, which all workers share.
"""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from data_plane.listen_address import ListenAddress


class CannotListen(Exception):
    """The address cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One socket of a listener."""

    address: ListenAddress
    socket: socket.socket


Adopted = Mapping[str, Sequence[socket.socket]]  # by `ListenAddress.identity`: what an agent before us has handed over


class Sockets:
    """All sockets of a replica, and which worker accepts on which."""

    def __init__(self, addresses: Sequence[ListenAddress], workers: int, adopted: Adopted, *, beside_orphans: bool):
        """Take over what was handed over, and bind the rest.

        They do not listen yet: nothing is queued for workers that do not exist. `SO_REUSEPORT` also lets a new agent
        bind beside workers that have outlived theirs. Without such orphans whoever has the port is a stranger, even
        another Isthmus, with whom the kernel would silently share the traffic.

        Raises:
            CannotListen: an address is in use, not ours or not permitted.
        """
        self._all: list[Bound] = []
        self._files: dict[str, tuple[int, int]] = {}  # Unix sockets that are ours, by path
        try:
            self.places = [tuple(each) for each in self._open(addresses, workers, adopted, beside_orphans)]
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Bound]:
        return iter(self._all)

    def address_of(self, address: ListenAddress) -> str:
        """What is bound for a listener, with the port that was free where 0 was asked for."""
        if address.path:
            return str(address)
        bound = next(each for each in self._all if each.address == address)
        return str(msgspec.structs.replace(address, port=bound.socket.getsockname()[1]))

    def close(self) -> None:
        """Listen no more; what is in the queues is then the workers' alone."""
        for bound in self._all:
            bound.socket.close()

    def unlink(self) -> None:
        """Remove the files of Unix sockets that are still ours."""
        for path, identity in self._files.items():
            with contextlib.suppress(OSError):
                if _identity(path) == identity:
                    os.unlink(path)

    def _open(
        self, addresses: Sequence[ListenAddress], workers: int, adopted: Adopted, beside_orphans: bool
    ) -> list[list[Bound]]:
        places: list[list[Bound]] = [[] for _ in range(workers)]
        for address in addresses:
            opened = [Bound(address, each) for each in adopted.get(address.identity, ())]
            self._all += opened
            if address.path:
                if not opened:
                    opened = [Bound(address, _bind_unix(address, beside_orphans=beside_orphans))]
                    self._all += opened
                self._files[address.path] = _identity(address.path)
                for place in places:
                    place += opened
                continue
            missing = workers - len(opened)
            if missing > 0:
                wanted = address
                if opened:
                    wanted = msgspec.structs.replace(address, port=opened[0].socket.getsockname()[1])
                beside = beside_orphans or bool(opened)
                new = [Bound(address, each) for each in _bind(wanted, missing, beside_orphans=beside)]
                self._all += new
                opened += new
            for number, bound in enumerate(opened):  # one each; were there more workers before, what they had, too
                places[number % workers].append(bound)
        return places


def _bind(address: ListenAddress, count: int, *, beside_orphans: bool) -> list[socket.socket]:
    """Bind `count` sockets that share the port; 0 picks one that is free."""
    sockets: list[socket.socket] = []
    try:
        family, _, _, _, name = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        if not beside_orphans:
            _refuse_strangers(family, name)
        for _ in range(count):
            bound = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            bound.bind(name)
            name = bound.getsockname()
    except OSError as error:
        for bound in sockets:
            bound.close()
        raise CannotListen(f"cannot listen on {address.place}: {_reason(error)}") from error
    return sockets


def _refuse_strangers(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger are nobody's listener
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        probe.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it


def _bind_unix(address: ListenAddress, *, beside_orphans: bool) -> socket.socket:
    """Bind under another name and rename: the path always leads to a socket with the right mode, old or new."""
    path, temporary = address.path, f"{address.path}.new"
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _refuse_occupant(path, beside_orphans=beside_orphans)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(temporary).st_mode):  # left by one that was killed in between
                os.unlink(temporary)
        bound.bind(temporary)
        os.chmod(temporary, address.mode)
        os.rename(temporary, path)
    except (OSError, CannotListen) as error:
        bound.close()
        if isinstance(error, CannotListen):
            raise
        raise CannotListen(f"cannot listen on {address.place}: {_reason(error)}") from error
    return bound


def _refuse_occupant(path: str, *, beside_orphans: bool) -> None:
    """Allow what nobody listens on: the file of one that was killed."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"cannot listen on unix:{path}: there is a file that is no socket")
    if beside_orphans:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full queue is somebody's, too
        if probe.connect_ex(path) not in (errno.ECONNREFUSED, errno.ENOENT):
            raise CannotListen(f"cannot listen on unix:{path}: another program does")


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).lstat()
    return found.st_dev, found.st_ino


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use by another program"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
