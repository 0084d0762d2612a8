"""Sockets of workers whose agent died: the next agent takes them, so that what waits in their queues is served.

Were they bound anew beside the old ones (`SO_REUSEPORT`), the old ones would be closed at the end of the orphans, and
the kernel resets what it has queued for them. Each orphan listens at `orphan-<pid>.sock` in the data directory.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from data_plane.agent import descriptors
from data_plane.agent.messages import Listening

ANSWER_SECONDS = 2.0

logger = logging.getLogger(__name__)


async def lend(data_dir: Path, listening: Sequence[Listening], may_lend: Callable[[], bool]) -> None:
    """Give our listening sockets to every agent that asks, as long as `may_lend` says that they are ours."""
    file = f"orphan-{os.getpid()}.sock"
    loop = asyncio.get_running_loop()
    try:
        with descriptors.listen(data_dir, file) as door:
            while True:
                connection, _ = await loop.sock_accept(door)
                with connection, contextlib.suppress(OSError):
                    if may_lend() and descriptors.is_ours(connection):
                        _send(connection, listening)
    except OSError as error:
        logger.error("the next agent must bind its own sockets error=%s", error)
    finally:
        with contextlib.suppress(OSError):
            (data_dir / file).unlink()


def take(data_dir: Path) -> dict[str, list[socket.socket]]:
    """The sockets of all orphans, by `ListenAddress.identity` with the port that they have. Blocks, not for long."""
    taken: dict[str, list[socket.socket]] = {}
    known: set[int] = set()
    for path in sorted(data_dir.glob("orphan-*.sock")):
        try:
            with descriptors.connect(data_dir, path.name, ANSWER_SECONDS) as connection:
                if not descriptors.is_ours(connection):
                    continue
                received, _ = descriptors.receive(connection)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # of one that was killed
            continue
        except (OSError, msgspec.DecodeError) as error:
            logger.warning("an orphan keeps its sockets file=%s error=%s", path.name, error)
            continue
        for name, each in received:
            number = os.fstat(each.fileno()).st_ino
            if number in known:  # a Unix socket, which all workers share
                each.close()
                continue
            known.add(number)
            taken.setdefault(name, []).append(each)
    return taken


def _send(connection: socket.socket, listening: Sequence[Listening]) -> None:
    with contextlib.ExitStack() as borrowed:
        descriptors.send(connection, [borrowed.enter_context(_named(each)) for each in listening])


@contextlib.contextmanager
def _named(listening: Listening) -> Iterator[tuple[str, socket.socket]]:
    """Under a number of its own: the socket itself stays its owner's."""
    with socket.socket(fileno=os.dup(listening.descriptor)) as ours:
        address = listening.address
        if not address.path:
            address = msgspec.structs.replace(address, port=ours.getsockname()[1])
        yield address.identity, ours
