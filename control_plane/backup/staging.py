"""A backup's chunks in the store, where any control plane can finish a restore, and nobody else looks."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from control_plane.backup.file import Chunk, Section
from control_plane.store.base import Compare, Conflict, Delete, LeaseEnded, Put, Store
from control_plane.store.keys import RESTORE_KEY, STAGE_PREFIX, STAGING_PREFIX

LEASE_SECONDS = 60
RENEW_SECONDS = 15.0
PAGE_CHUNKS = 8


class StagingLost(Exception):
    """It took so long that others may have cleaned up."""


async def stage(store: Store, id: str, chunks: Iterable[Chunk]) -> Compare:
    """Write the chunks; what holds while they are safe. Whoever needs them compares it and deletes its key.

    Raises:
        StagingLost: the store was away for too long; begin again.
    """
    lease = await store.grant_lease(LEASE_SECONDS)
    sign = f"{STAGING_PREFIX}{id}"
    loop = asyncio.get_running_loop()
    renewed = loop.time()
    try:
        held = Compare(sign, await store.transact([Compare(sign, 0)], [Put(sign, b"", lease)]))
        for number, chunk in enumerate(chunks):
            key = f"{_prefix(id, chunk.section)}{number:08d}"
            await store.transact([held], [Put(key, chunk.data)])
            if loop.time() - renewed > RENEW_SECONDS:
                if not await store.renew_lease(lease):
                    raise StagingLost("the store was away for too long; begin again")
                renewed = loop.time()
    except (Conflict, LeaseEnded) as error:
        raise StagingLost("the store was away for too long; begin again") from error
    return held


async def staged(store: Store, id: str, section: Section) -> AsyncIterator[Chunk]:
    """The chunks of a section, in order."""
    start: str | None = ""
    while start is not None:
        page = await store.list(_prefix(id, section), start=start, limit=PAGE_CHUNKS)
        for entry in page.entries:
            yield Chunk(section, entry.value)
        start = page.next_key


async def clean_up(store: Store, fence: Compare) -> None:
    """Remove what is staged and neither being written nor needed: no restore is under way."""
    start: str | None = ""
    while start is not None:
        page = await store.list(STAGE_PREFIX, start=start, limit=1)
        if not page.entries:
            return
        id = page.entries[0].key.removeprefix(STAGE_PREFIX).partition("/")[0]
        start = f"{STAGE_PREFIX}{id}0"  # "0" follows "/"
        if await store.get(f"{STAGING_PREFIX}{id}") is not None:
            continue
        while entries := (await store.list(f"{STAGE_PREFIX}{id}/", limit=PAGE_CHUNKS)).entries:
            # A restore that has begun since we looked needs what it staged.
            await store.transact([fence, Compare(RESTORE_KEY, 0)], [Delete(entry.key) for entry in entries])


def _prefix(id: str, section: Section) -> str:
    return f"{STAGE_PREFIX}{id}/{section:d}/"
