"""The store for all who write in the ordinary way: while a restore is under way it takes nothing of them."""

from collections.abc import AsyncIterator, Sequence

from control_plane.store.base import Batch, Compare, Conflict, Entry, Page, Store, UnderRestore, Write
from control_plane.store.keys import RESTORE_KEY


class FencedStore:
    """Reads go through. Each transaction requires that no restore is under way."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        if not compares:
            return await self._store.transact(compares, writes)
        try:
            return await self._store.transact([Compare(RESTORE_KEY, 0), *compares], writes)
        except Conflict as conflict:
            if conflict.key == RESTORE_KEY:
                raise UnderRestore from conflict
            raise

    async def get(self, key: str) -> Entry | None:
        return await self._store.get(key)

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        return await self._store.list(prefix, start=start, limit=limit, revision=revision)

    def watch(self, prefix: str, *, start_revision: int) -> AsyncIterator[Batch]:
        return self._store.watch(prefix, start_revision=start_revision)

    async def grant_lease(self, ttl_seconds: int) -> int:
        return await self._store.grant_lease(ttl_seconds)

    async def renew_lease(self, lease: int) -> bool:
        return await self._store.renew_lease(lease)

    async def revoke_lease(self, lease: int) -> None:
        await self._store.revoke_lease(lease)

    async def close(self) -> None:
        await self._store.close()
