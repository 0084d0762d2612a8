"""Starts the program anew beside us, for it to take over."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Mapping, Sequence

from data_plane.agent import parent

VARIABLE = "ISTHMUS_TAKE_OVER"
POLL_SECONDS = 0.1
UPGRADE_SECONDS = 130.0  # longer than the new process has for its hand-over
KILL_SECONDS = 5.0

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
        process = await asyncio.to_thread(_start, command, environment)
    except OSError as error:
        logger.error("upgrade failed error=%s", error)
        return False
    logger.info("upgrade begins pid=%d", process.pid)
    deadline = time.monotonic() + UPGRADE_SECONDS
    while not has_followed.is_set():
        if process.poll() is not None:
            logger.error("upgrade failed; serving on pid=%d status=%d", process.pid, process.returncode)
            return False
        if time.monotonic() > deadline:
            logger.error("upgrade failed; serving on pid=%d error=%s", process.pid, "it does not serve in time")
            await asyncio.to_thread(_end, process)
            return False
        try:
            await asyncio.wait_for(has_followed.wait(), POLL_SECONDS)
        except TimeoutError:
            continue
    return True


def _start(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*command], env={**environment, VARIABLE: "1"}, stdin=subprocess.DEVNULL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(KILL_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
