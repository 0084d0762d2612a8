"""Writes the last good file in the background: the newest accepted state, one write at a time."""

import asyncio
import logging
import time

from data_plane.config.last_good import LastGoodFile, Saved
from data_plane.config.resource_set import ResourceSet

REST = 4  # rests so many times as long as the last write took: at most a fifth of the time is spent on writing

logger = logging.getLogger(__name__)


class LastGoodKeeper:
    """`keep` marks what is to be written, `run` writes it."""

    def __init__(self, file: LastGoodFile) -> None:
        self._file = file
        self._newest: ResourceSet | None = None
        self._wanted = asyncio.Event()
        self.writes = 0
        self.failures = 0

    def keep(self, resources: ResourceSet) -> None:
        """Have the state that `resources` shows when the write begins written."""
        self._newest = resources
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            started = time.monotonic()
            await self.flush()
            await asyncio.sleep(REST * (time.monotonic() - started))

    async def flush(self) -> None:
        """Write what is still to be written. A failure is logged and counted; the next change tries again."""
        if self._newest is None or not self._wanted.is_set():
            return
        self._wanted.clear()
        try:
            await asyncio.to_thread(self._file.save, Saved.of(self._newest))
            self.writes += 1
        except OSError as error:
            self.failures += 1
            logger.error("last_good_not_written reason=%r", str(error))
