"""A store whose watch loses events, as etcd's own did before 3.4.25; everything else is passed on."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

from control_plane.store.base import Batch, Event, Store


class LossyStore:
    """Drops each event of a watch for which `loses` says so."""

    def __init__(self, store: Store, loses: Callable[[Event], bool]) -> None:
        self._store = store
        self._loses = loses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def watch(self, prefix: str, *, start_revision: int) -> AsyncGenerator[Batch, None]:
        # A cast: stores make their watches by generators, which the interface does not promise.
        batches = cast(AsyncGenerator[Batch, None], self._store.watch(prefix, start_revision=start_revision))
        async with aclosing(batches):
            async for batch in batches:
                yield Batch(batch.revision, tuple(event for event in batch.events if not self._loses(event)))
