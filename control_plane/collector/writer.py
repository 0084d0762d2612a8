"""Between streams and store: gathers what is delivered, and has it written in few, large blocks."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, Delivery, FoldedSum

from control_plane.collector.block import Block, make_block
from control_plane.collector.counters import Counters
from control_plane.collector.engine import StoreError
from control_plane.collector.keeper import Keeper
from control_plane.collector.sequences import Stored

GATHER_SECONDS = 1.0  # between two blocks: a store wants few large ones
BLOCK_BYTES = 8 * 1024 * 1024  # of messages; so much is written at once, without waiting for more
PENDING_BYTES = 2 * BLOCK_BYTES  # beyond, streams are not read on: what is sent then waits in its node's spool

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """The stream that brought a delivery."""

    def on_stored(self, sequence: int) -> None:
        """This delivery is durable."""

    def on_failed(self, reason: str) -> None:
        """This delivery is not stored, nor any after it."""


class Store(Protocol):
    """Where blocks go."""

    def write(self, records: Sequence[CallRecord], sums: Sequence[tuple[str, FoldedSum]]) -> None:
        """Keep these; durable when it returns."""

    def oldest_detail(self, now: datetime) -> float:
        """Records that started before are kept as sums only; seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that waits to be written."""

    sender: Sender
    gateway: str
    delivery: Delivery
    size_bytes: int


class Writer:
    """`on_hours` is told the hours whose records have become more."""

    def __init__(
        self,
        store: Store,
        keeper: Keeper,
        counters: Counters,
        now: Callable[[], datetime],
        on_hours: Callable[[set[int]], None],
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._counters = counters
        self._now = now
        self._on_hours = on_hours
        self._stored = Stored()
        self._pending: deque[Parcel] = deque()
        self._bytes = 0
        self._has_some = asyncio.Event()
        self._has_block = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._hurry = asyncio.Event()

    async def put(self, parcel: Parcel) -> None:
        """Take a delivery; waits while there is no room. Its sender is told what becomes of it, in order."""
        while not self._has_room.is_set():
            await self._has_room.wait()  # a write ends, one way or the other
        self._pending.append(parcel)
        self._add_bytes(parcel.size_bytes)
        self._has_some.set()

    async def run(self) -> None:
        """Write what comes; for ever."""
        while True:
            await self._has_some.wait()
            await self._write_block(self._take())
            if not self._hurry.is_set():
                await _first_of(GATHER_SECONDS, self._has_block, self._hurry)

    def hurry(self) -> None:
        """Gather no more: the end is near."""
        self._hurry.set()

    async def _write_block(self, parcels: list[Parcel]) -> None:
        began = time.monotonic()
        try:
            block = await self._keeper.call(self._write, parcels)
        except StoreError as error:
            self._keeper.on_failure(str(error))
            self._fail(parcels, str(error))
            return
        self._keeper.on_success()
        self._counters.write_seconds_total += time.monotonic() - began
        size_bytes = sum(each.size_bytes for each in parcels)
        self._add_bytes(-size_bytes)
        self._count(block, size_bytes)
        self._on_hours(block.hours)
        for each in parcels:
            each.sender.on_stored(each.delivery.sequence)

    def _write(self, parcels: list[Parcel]) -> Block:
        """In the store's thread, which alone uses `_stored`."""
        now = self._now()
        deliveries = [(each.gateway, each.delivery) for each in parcels]
        block = make_block(deliveries, self._stored, self._store.oldest_detail(now), now.timestamp())
        self._store.write(block.records, block.sums)
        for writer, sequence in sorted(block.ids):
            self._stored.add(writer, sequence)
        return block

    def _fail(self, parcels: list[Parcel], reason: str) -> None:
        """Forget all that waits: their nodes still have it, and send it when there is a store again."""
        failed = [*parcels, *self._pending]
        self._pending.clear()
        self._has_some.clear()
        self._add_bytes(-sum(each.size_bytes for each in failed))
        for each in failed:
            each.sender.on_failed(reason)

    def _take(self) -> list[Parcel]:
        parcels, size_bytes = [], 0
        while self._pending and size_bytes < BLOCK_BYTES:
            parcels.append(self._pending.popleft())
            size_bytes += parcels[-1].size_bytes
        if not self._pending:
            self._has_some.clear()
        return parcels

    def _add_bytes(self, count: int) -> None:
        self._bytes += count
        self._counters.pending_bytes = self._bytes
        for event, is_so in (
            (self._has_room, self._bytes < PENDING_BYTES),
            (self._has_block, self._bytes >= BLOCK_BYTES),
        ):
            if is_so:
                event.set()
            else:
                event.clear()

    def _count(self, block: Block, size_bytes: int) -> None:
        counters = self._counters
        counters.writes_total += 1
        counters.records_stored_total += len(block.records)
        counters.records_duplicate_total += block.duplicates
        counters.records_late_total += block.late
        counters.sums_stored_total += len(block.sums) - block.late
        counters.stored_bytes_total += size_bytes
        counters.last_write_timestamp_seconds = self._now().timestamp()


async def _first_of(seconds: float, *events: asyncio.Event) -> None:
    """Wait for one of the events, or so long."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
