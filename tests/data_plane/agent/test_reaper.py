"""Orphans are buried."""

import asyncio
import os
from pathlib import Path

from data_plane.agent.reaper import bury_orphans
from data_plane.tasks import spawn

SWEEP_SECONDS = 0.02
DEADLINE_SECONDS = 10.0


async def test_child_that_nobody_waits_for_is_buried() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    burying = spawn(bury_orphans(SWEEP_SECONDS))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(SWEEP_SECONDS)
    burying.cancel()
