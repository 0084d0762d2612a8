"""The replica's listening sockets: one per worker, all on one port, open as long as the agent lives."""

import errno
import os
import socket


class CannotListen(Exception):
    """The address cannot be used; the message says why."""


def bind(host: str, port: int, count: int, *, beside_orphans: bool) -> list[socket.socket]:
    """Bind `count` sockets that share the port; 0 picks one that is free.

    They do not listen yet: nothing is queued for workers that do not exist. `SO_REUSEPORT` also lets a new agent bind
    beside workers that have outlived theirs. Without such orphans whoever has the port is a stranger, even another
    Isthmus, with whom the kernel would silently share the traffic.

    Raises:
        CannotListen: the address is in use, not ours or not permitted.
    """
    sockets: list[socket.socket] = []
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        if not beside_orphans:
            _refuse_strangers(family, address)
        for _ in range(count):
            bound = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            bound.bind(address)
            address = bound.getsockname()
    except OSError as error:
        for bound in sockets:
            bound.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {_reason(error)}") from error
    return sockets


def _refuse_strangers(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger are nobody's listener
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        probe.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use by another program"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
