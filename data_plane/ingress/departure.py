"""Whether a client from which nothing is read is still there: its transport would tell only while it reads."""

import asyncio
import select

GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Whether the client has closed its side; what it sent before may still be unread."""
    socket = transport.get_extra_info("socket")
    if socket is None or socket.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(socket.fileno(), select.POLLRDHUP)
    return any(events & GONE for _, events in poll.poll(0))
