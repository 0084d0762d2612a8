"""Which versions are kept."""

from datetime import timedelta

import pytest

from control_plane.history.retention import HistoryRetention
from control_plane.store.base import Compare, Conflict, Put
from control_plane.store.keys import HISTORY_PREFIX, LEADER_KEY
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import START, ControlPlane, control_plane, document


async def lead(plane: ControlPlane) -> Compare:
    revision = await plane.store.transact([Compare(LEADER_KEY, 0)], [Put(LEADER_KEY, b"a")])
    return Compare(LEADER_KEY, revision)


async def retain(plane: ControlPlane, fence: Compare, days: float) -> None:
    await HistoryRetention(plane.store, now=lambda: START + timedelta(days=days)).run(fence)


async def versions(plane: ControlPlane, name: str) -> list[int]:
    entries = (await plane.store.list(f"{HISTORY_PREFIX}default/Team/{name}/")).entries
    return [entry.revision for entry in entries]


async def rename(plane: ControlPlane, name: str, times: int) -> list[int]:
    found = []
    for number in range(times):
        plane.clock.advance(seconds=1)
        found.append((await plane.apply(document("Team", name, {"displayName": str(number)}))).revision)
    return found


async def test_the_last_fifty_versions_are_kept() -> None:
    async with control_plane(MemoryStore()) as plane:
        made = {name: await rename(plane, name, count) for name, count in (("a", 60), ("b", 3), ("c", 51))}
        await retain(plane, await lead(plane), days=1)
        assert {name: await versions(plane, name) for name in made} == {name: made[name][-50:] for name in made}


async def test_a_version_is_kept_for_ninety_days_after_it_was_replaced() -> None:
    async with control_plane(MemoryStore()) as plane:
        first, second = await rename(plane, "a", 2)
        plane.clock.advance(days=50)
        third = (await plane.apply(document("Team", "a", {"displayName": "new"}))).revision
        fence = await lead(plane)
        await retain(plane, fence, days=89)
        assert await versions(plane, "a") == [first, second, third]
        await retain(plane, fence, days=91)
        assert await versions(plane, "a") == [second, third]
        await retain(plane, fence, days=1000)
        assert await versions(plane, "a") == [third]


async def test_of_a_deleted_resource_nothing_is_kept_in_the_end() -> None:
    async with control_plane(MemoryStore()) as plane:
        await rename(plane, "a", 2)
        await plane.delete("Team", "a")
        fence = await lead(plane)
        await retain(plane, fence, days=89)
        assert len(await versions(plane, "a")) == 3
        await retain(plane, fence, days=91)
        assert await versions(plane, "a") == []


async def test_versions_that_lie_on_several_pages_belong_together() -> None:
    async with control_plane(MemoryStore()) as plane:
        made = {name: await rename(plane, name, 170) for name in "abc"}
        await retain(plane, await lead(plane), days=1)
        assert {name: await versions(plane, name) for name in made} == {name: made[name][-50:] for name in made}


async def test_who_no_longer_leads_removes_nothing() -> None:
    async with control_plane(MemoryStore()) as plane:
        made = await rename(plane, "a", 51)
        with pytest.raises(Conflict):
            await retain(plane, Compare(LEADER_KEY, 7), days=1)
        assert await versions(plane, "a") == made
