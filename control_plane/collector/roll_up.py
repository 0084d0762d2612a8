"""Keeps hourly sums up to date with the records, and drops what is past its retention."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from control_plane.collector.counters import Counters
from control_plane.collector.engine import StoreError
from control_plane.collector.keeper import Keeper

TURN_SECONDS = 30.0  # how long sums may be behind the records
REST = 10  # rests so many times as long as the last turn took: a tenth of the store's time, at most
EXPIRY_SECONDS = 3600.0

logger = logging.getLogger(__name__)


class Store(Protocol):
    """Where records and sums are."""

    def stale_hours(self) -> list[int]:
        """Hours with records that their sums may be without."""

    def roll_up(self, hour: int) -> None:
        """Sum up one hour from its records."""

    def drop_expired(self, now: datetime) -> None:
        """Drop what is past its retention. All hours must have been rolled up."""


class RollUp:
    """One task. What was stored before our start is found in the store."""

    def __init__(self, store: Store, keeper: Keeper, counters: Counters, now: Callable[[], datetime]) -> None:
        self._store = store
        self._keeper = keeper
        self._counters = counters
        self._now = now
        self._stale: set[int] | None = None  # not known yet
        self._arrived: set[int] = set()
        self._expired_at: float | None = None

    def add(self, hours: set[int]) -> None:
        """Records of these hours have been stored."""
        self._arrived |= hours

    async def run(self) -> None:
        """For ever."""
        await self._keeper.prepared.wait()
        while True:
            began = time.monotonic()
            try:
                await self.turn()
            except StoreError:
                logger.warning("roll_up_put_off stale_hours=%d", self._counters.stale_hours)
            await asyncio.sleep(max(TURN_SECONDS, REST * (time.monotonic() - began)))

    async def turn(self) -> None:
        """Sum up what has changed.

        Raises:
            StoreError: the rest is for the next turn.
        """
        if self._stale is None:
            self._stale = set(await self._keeper.call(self._store.stale_hours))
        stale = self._stale
        stale |= self._arrived
        self._arrived = set()
        for hour in sorted(stale):
            self._counters.stale_hours = len(stale)
            await self._keeper.call(self._store.roll_up, hour)
            stale.discard(hour)
            self._counters.roll_ups_total += 1
        self._counters.stale_hours = 0
        if self._expired_at is None or time.monotonic() - self._expired_at > EXPIRY_SECONDS:
            await self._keeper.call(self._store.drop_expired, self._now())
            self._expired_at = time.monotonic()
