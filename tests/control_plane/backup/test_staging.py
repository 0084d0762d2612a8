"""Staged chunks come back in order, and go when nobody needs them."""

from collections.abc import Iterator

import pytest

from control_plane.backup.file import Chunk, Section
from control_plane.backup.staging import StagingLost, clean_up, stage, staged
from control_plane.store.base import Compare, Conflict, Delete, Put
from control_plane.store.keys import LEADER_KEY, RESTORE_KEY
from control_plane.store.memory import MemoryStore

CHUNKS = [Chunk(Section.SYSTEM, b"s"), *(Chunk(Section.RESOURCES, b"%d" % number) for number in range(20))]


async def leading(store: MemoryStore) -> Compare:
    return Compare(LEADER_KEY, await store.transact([Compare(LEADER_KEY, 0)], [Put(LEADER_KEY, b"cp")]))


async def found(store: MemoryStore, section: Section) -> list[bytes]:
    return [chunk.data async for chunk in staged(store, "one", section)]


async def test_chunks_come_back_by_section_and_in_order() -> None:
    store = MemoryStore()
    await stage(store, "one", CHUNKS)
    assert await found(store, Section.SYSTEM) == [b"s"]
    assert await found(store, Section.RESOURCES) == [b"%d" % number for number in range(20)]
    assert await found(store, Section.TOKENS) == []


async def test_what_is_being_written_stays_and_what_was_left_goes() -> None:
    store = MemoryStore()
    fence = await leading(store)
    await stage(store, "left", CHUNKS)
    held = await stage(store, "one", CHUNKS)
    await store.transact([held], [Delete("/isthmus/v1/_staging/left")])
    await clean_up(store, fence)
    keys = {entry.key.split("/")[4] for entry in (await store.list("/isthmus/v1/_restore/")).entries}
    assert keys == {"one"}


async def test_what_a_restore_needs_that_began_meanwhile_stays() -> None:
    store = MemoryStore()
    fence = await leading(store)
    held = await stage(store, "one", CHUNKS)
    await store.transact([held, Compare(RESTORE_KEY, 0)], [Put(RESTORE_KEY, b"{}"), Delete(held.key)])
    with pytest.raises(Conflict):
        await clean_up(store, fence)
    assert len(await found(store, Section.RESOURCES)) == 20


async def test_a_stage_whose_lease_ended_is_lost() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0])

    def slow() -> Iterator[Chunk]:
        yield CHUNKS[0]
        now[0] = 100.0
        yield CHUNKS[1]

    with pytest.raises(StagingLost, match="begin again"):
        await stage(store, "one", slow())
