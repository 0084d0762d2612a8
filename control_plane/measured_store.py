"""A store that measures how long another one takes."""

import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TypeVar

from control_plane.metrics import Metrics
from control_plane.store.base import Batch, Compare, Conflict, Entry, Page, Store, Unavailable, Write

T = TypeVar("T")


class MeasuredStore:
    """Watches are passed on unmeasured: they last."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def get(self, key: str) -> Entry | None:
        return await self._measured("get", self._store.get(key))

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        listing = self._store.list(prefix, start=start, limit=limit, revision=revision)
        return await self._measured("list", listing)

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        return await self._measured("transact", self._store.transact(compares, writes))

    def watch(self, prefix: str, *, start_revision: int) -> AsyncIterator[Batch]:
        return self._store.watch(prefix, start_revision=start_revision)

    async def grant_lease(self, ttl_seconds: int) -> int:
        return await self._measured("lease", self._store.grant_lease(ttl_seconds))

    async def renew_lease(self, lease: int) -> bool:
        return await self._measured("lease", self._store.renew_lease(lease))

    async def revoke_lease(self, lease: int) -> None:
        await self._measured("lease", self._store.revoke_lease(lease))

    async def close(self) -> None:
        await self._store.close()

    async def _measured(self, operation: str, call: Awaitable[T]) -> T:
        started = time.monotonic()
        try:
            return await call
        except Conflict:
            self._metrics.store_failures.add(operation=operation, reason="conflict")
            raise
        except Unavailable:
            self._metrics.store_failures.add(operation=operation, reason="unavailable")
            raise
        finally:
            self._metrics.store_seconds.observe(time.monotonic() - started, operation=operation)
