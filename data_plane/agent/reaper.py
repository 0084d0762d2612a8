"""Buries processes that were left to us: the first process of a container is the parent of every orphan in there."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

SWEEP_SECONDS = 30.0
STATE, START = 0, 19  # in /proc/PID/stat, behind the name; proc(5)


async def bury_orphans(sweep_seconds: float = SWEEP_SECONDS) -> None:
    """Wait for children that nobody waits for, until cancelled.

    Whoever started a child waits for it at once: one that is still there at the next sweep is nobody's.
    """
    before: set[tuple[int, str]] = set()
    while True:
        await asyncio.sleep(sweep_seconds)
        found = _ended_children()
        for pid, _ in found & before:
            _bury(pid)
        before = found


def _bury(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _ended_children() -> set[tuple[int, str]]:
    """Children that wait to be asked about, each with the time of its start: numbers come back."""
    ended = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread, or a child, has just gone
            for pid in file.read_text().split():
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                if fields[STATE] == "Z":
                    ended.add((int(pid), fields[START]))
    return ended
