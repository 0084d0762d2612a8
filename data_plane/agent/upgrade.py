"""Starts the program anew beside us, for it to take over."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence

from data_plane.agent import parent

VARIABLE = "ISTHMUS_TAKE_OVER"
POLL_SECONDS = 0.1
UPGRADE_SECONDS = 130.0  # longer than the new process has for its hand-over

logger = logging.getLogger(__name__)


def obstacle(environment: Mapping[str, str], pid: int) -> str:
    """Why a process like us cannot be followed by another; empty if it can."""
    if pid == 1:
        return "a container ends with its first process; replace the container"
    if environment.get(parent.VARIABLE) == "1":
        return "the parent that started us would lose us; have it start another"
    return ""


async def upgrade(command: Sequence[str], environment: Mapping[str, str], has_followed: asyncio.Event) -> bool:
    """Run the command until `has_followed` is set. False: it did not come so far, and is gone.

    Not as a child of asyncio's: that kills its children at the end of the loop.
    """
    try:
        pid = _start(command, environment)
    except OSError as error:
        logger.error("upgrade failed error=%s", error)
        return False
    logger.info("upgrade begins pid=%d", pid)
    deadline = time.monotonic() + UPGRADE_SECONDS
    while not has_followed.is_set():
        status = _status(pid)
        if status is not None:
            logger.error("upgrade failed; serving on pid=%d status=%d", pid, status)
            return False
        if time.monotonic() > deadline:
            logger.error("upgrade failed; serving on pid=%d error=%r", pid, "it does not serve in time")
            _kill(pid)
            return False
        try:
            await asyncio.wait_for(has_followed.wait(), POLL_SECONDS)
        except TimeoutError:
            continue
    return True


def _start(command: Sequence[str], environment: Mapping[str, str]) -> int:
    nowhere = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    return os.posix_spawn(command[0], list(command), {**environment, VARIABLE: "1"}, file_actions=nowhere)


def _status(pid: int) -> int | None:
    """The exit status, negative for a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _kill(pid: int) -> None:
    """Its workers drain: they see that they are nobody's."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
