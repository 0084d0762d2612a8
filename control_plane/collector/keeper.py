"""The store's one thread, and whether the store works."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, TypeVarTuple

from control_plane.collector.counters import Counters
from control_plane.collector.engine import StoreError

PROBE_SECONDS = 5.0

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Store(Protocol):
    """What tells whether a store works."""

    def prepare(self) -> None:
        """Make or upgrade the tables."""

    def probe(self) -> None:
        """Write something."""


class Keeper:
    """`missing` says why nothing can be stored now; empty: all is well."""

    def __init__(self, store: Store, counters: Counters) -> None:
        self.missing = "the store has not been reached yet"
        self.prepared = asyncio.Event()
        self._store = store
        self._counters = counters
        self._worked_at = 0.0  # monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def call(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Run this in the thread.

        Raises:
            StoreError: what the store said.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def run(self) -> None:
        """Prepare the store, then see from time to time whether it still takes what it is given; for ever."""
        while True:
            try:
                if not self.prepared.is_set():
                    await self.call(self._store.prepare)
                    self.prepared.set()
                if self.missing or time.monotonic() - self._worked_at >= PROBE_SECONDS:
                    await self.call(self._store.probe)
                    self.on_success()
            except StoreError as error:
                self.on_failure(str(error))
            await asyncio.sleep(PROBE_SECONDS)

    def on_failure(self, reason: str) -> None:
        """The store took nothing: until it takes something we are not ready."""
        self._counters.write_failures_total += 1
        if self.missing != reason:
            logger.error("store_failed nothing_is_acked=true trying_again=true reason=%r", reason)
        self.missing = reason or "the store failed"
        self._counters.ready = 0

    def on_success(self) -> None:
        """The store took something."""
        self._worked_at = time.monotonic()
        if self.missing:
            logger.info("store_ready")
        self.missing = ""
        self._counters.ready = 1
