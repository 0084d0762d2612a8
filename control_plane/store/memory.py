"""The store in memory, for tests: etcd's semantics in one process. It keeps every version and forgets all at exit."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from control_plane.store.base import (
    Batch,
    Compacted,
    Compare,
    Conflict,
    Delete,
    Entry,
    Event,
    LeaseEnded,
    Page,
    Put,
    StoreError,
    Unavailable,
    Write,
)
from control_plane.store.transaction import check_start, check_transaction


@dataclass(slots=True)
class _Lease:
    ttl_seconds: int
    ends_at: float


class MemoryStore:
    """Leases end by `now`, seen at the next call of any method, or of `expire_leases` in a test with its own clock."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._revision = 1  # as an empty etcd
        self._compacted = 0
        self._versions: dict[str, list[Event]] = {}  # by key, oldest first
        self._log: list[Event] = []  # by revision
        self._leases: dict[int, _Lease] = {}
        self._last_lease = 0
        self._changed = asyncio.Event()
        self._closed = False

    async def get(self, key: str) -> Entry | None:
        self._begin()
        return self._entry(key)

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        self._begin()
        if revision > self._revision:
            raise StoreError(f"revision {revision} is still to come; the store is at {self._revision}")
        if 0 < revision < self._compacted:
            raise Compacted(self._compacted)
        shown = revision or self._revision
        keys = sorted(key for key in self._versions if key.startswith(prefix) and key >= start)
        entries = [entry for key in keys if (entry := self._entry(key, shown))]
        if limit and len(entries) > limit:
            return Page(tuple(entries[:limit]), shown, next_key=entries[limit].key)
        return Page(tuple(entries), shown)

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        check_transaction(compares, writes)
        self._begin()
        for compare in compares:
            entry = self._entry(compare.key)
            revision = entry.revision if entry else 0
            if revision != compare.revision and not (compare.revision is None and entry):
                raise Conflict(compare.key, revision)
        for write in writes:
            if isinstance(write, Put) and write.lease and write.lease not in self._leases:
                raise LeaseEnded(f"lease {write.lease} of `{write.key}` has ended")
        self._commit(writes)
        return self._revision

    async def watch(self, prefix: str, *, start_revision: int) -> AsyncIterator[Batch]:
        check_start(start_revision)
        while not self._closed:
            self._begin()
            if start_revision < self._compacted:
                raise Compacted(self._compacted)
            changed = self._changed
            first = bisect_left(self._log, start_revision, key=lambda event: event.revision)
            events = tuple(event for event in self._log[first:] if event.key.startswith(prefix))
            start_revision = max(start_revision, self._revision + 1)
            if events:
                yield Batch(events[-1].revision, events)
            else:
                await changed.wait()

    async def grant_lease(self, ttl_seconds: int) -> int:
        self._begin()
        self._last_lease += 1
        self._leases[self._last_lease] = _Lease(ttl_seconds, self._now() + ttl_seconds)
        return self._last_lease

    async def renew_lease(self, lease: int) -> bool:
        self._begin()
        if (found := self._leases.get(lease)) is None:
            return False
        found.ends_at = self._now() + found.ttl_seconds
        return True

    async def revoke_lease(self, lease: int) -> None:
        self._begin()
        self._end_lease(lease)

    async def close(self) -> None:
        self._closed = True
        self._changed.set()

    def compact(self, revision: int) -> None:
        """Refuse from now on to show, or to watch from, anything before `revision`."""
        self._compacted = max(self._compacted, min(revision, self._revision))

    def expire_leases(self) -> None:
        """End the leases whose time is over, with their keys."""
        now = self._now()
        for lease in [id for id, lease in self._leases.items() if lease.ends_at <= now]:
            self._end_lease(lease)

    def _begin(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")
        self.expire_leases()

    def _entry(self, key: str, revision: int | None = None) -> Entry | None:
        """The key as of `revision`; None: as of now."""
        for event in reversed(self._versions.get(key, [])):
            if revision is None or event.revision <= revision:
                return event.entry
        return None

    def _commit(self, writes: Sequence[Write]) -> None:
        revision = self._revision + 1
        events = [self._event(write, revision) for write in writes if isinstance(write, Put) or self._entry(write.key)]
        if not events:
            return  # as in etcd: what changes nothing makes no revision
        self._revision = revision
        self._log.extend(events)
        for event in events:
            self._versions.setdefault(event.key, []).append(event)
        self._changed.set()
        self._changed = asyncio.Event()

    def _event(self, write: Write, revision: int) -> Event:
        if not isinstance(write, Put):
            return Event(write.key, None, revision)
        current = self._entry(write.key)
        created = current.created_revision if current else revision
        return Event(write.key, Entry(write.key, write.value, revision, created, write.lease), revision)

    def _end_lease(self, lease: int) -> None:
        if self._leases.pop(lease, None) is None:
            return
        entries = [self._entry(key) for key in sorted(self._versions)]
        self._commit([Delete(entry.key) for entry in entries if entry and entry.lease == lease])
