"""How connections end: whether a client from which nothing is read is still there, and an end that none overlooks."""

import asyncio
import select
import socket
import struct

RESET = struct.pack("ii", 1, 0)  # no lingering: a close is a reset
LOOK_SECONDS = 1.0  # how often we look whether a client that we do not read from is still there
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Whether the client has closed its side; what it sent before may still be unread."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLRDHUP)
    return any(events & GONE for _, events in poll.poll(0))


def reset(transport: asyncio.Transport) -> None:
    """Close at once, by a reset: an orderly close would be the end of a response that has no length."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        with socket.socket(fileno=sock.fileno()) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            same.detach()
    transport.abort()
