"""Ports for processes that are to find them free again when they are restarted."""

import os
import socket
from collections.abc import Iterator
from itertools import islice

# Below the ports that Linux gives to clients and to who asks for port 0: nobody gets them by chance while their
# process is dead.
FIRST, LAST = 20_000, 32_000


def _numbers() -> Iterator[int]:
    """From a start of this process's own, so that those of other test runs are others."""
    start = int.from_bytes(os.urandom(4)) % (LAST - FIRST)
    yield from (FIRST + (start + step) % (LAST - FIRST) for step in range(LAST - FIRST))


_NUMBERS = _numbers()


def lasting_ports(count: int) -> list[int]:
    """Ports of loopback that are free, none given out before."""
    return list(islice(_free_ports(), count))


def _free_ports() -> Iterator[int]:
    for port in _NUMBERS:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port
