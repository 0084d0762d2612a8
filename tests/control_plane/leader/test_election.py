"""Who leads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from control_plane.leader.election import Election, find_leader
from control_plane.store.base import Compare, Conflict, Put, Store
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import store_for

KEY = "/isthmus/v1/_test"


class Recorder:
    """A duty that counts, and may fail."""

    name = "recorder"
    period_seconds = 0.01

    def __init__(self, error: Exception | None = None) -> None:
        self.fences: list[Compare] = []
        self._error = error

    async def run(self, fence: Compare) -> None:
        self.fences.append(fence)
        if self._error:
            raise self._error


@pytest.fixture(params=["memory", "etcd"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    store = store_for(request)
    yield store
    await store.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*elections: Election) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.get_running_loop().create_task(election.run()) for election in elections]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_of_several_one_leads_and_does_the_duties(store: Store) -> None:
    duties = [Recorder(), Recorder()]
    elections = [Election(store, name, [duty], lease_seconds=2) for name, duty in zip("ab", duties, strict=True)]
    async with running(*elections):
        await until(lambda: any(len(duty.fences) > 2 for duty in duties))
        leader = next(index for index in range(2) if elections[index].fence)
        assert elections[1 - leader].fence is None
        assert not duties[1 - leader].fences
        assert set(duties[leader].fences) == {elections[leader].fence}
        assert await find_leader(store) == "ab"[leader]


async def test_one_that_stops_gives_up_at_once_and_the_next_has_another_fence(store: Store) -> None:
    first, second = Election(store, "a", lease_seconds=60), Election(store, "b", lease_seconds=1)
    lost: list[str] = []
    first.on_lost = lambda: lost.append("a")
    async with running(first):
        await until(lambda: first.fence is not None)
        old = first.fence
    assert (lost, await find_leader(store)) == (["a"], None)
    async with running(second):
        await until(lambda: second.fence is not None)
        assert old is not None
        with pytest.raises(Conflict):
            await store.transact([old], [Put(KEY, b"")])
        assert second.fence is not None
        await store.transact([second.fence], [Put(KEY, b"")])


async def test_one_that_dies_is_replaced_when_its_lease_ends() -> None:
    now = [0.0]
    store = MemoryStore(now=lambda: now[0])
    lease = await store.grant_lease(10)  # a leader that renews no more
    await store.transact([Compare("/isthmus/v1/_leader", 0)], [Put("/isthmus/v1/_leader", b"dead", lease)])
    election = Election(store, "b", lease_seconds=1)
    async with running(election):
        now[0] = 9.9
        await asyncio.sleep(0.2)
        assert election.fence is None
        now[0] = 10.0
        await until(lambda: election.fence is not None)


async def test_one_whose_lease_is_taken_stands_down_and_stands_again() -> None:
    store, changes = MemoryStore(), []
    election = Election(store, "a", lease_seconds=1)
    election.on_elected = lambda fence: changes.append("elected")
    election.on_lost = lambda: changes.append("lost")
    async with running(election):
        await until(lambda: changes == ["elected"])
        entry = await store.get("/isthmus/v1/_leader")
        assert entry is not None
        await store.revoke_lease(entry.lease)
        await until(lambda: changes == ["elected", "lost", "elected"])


async def test_a_duty_that_fails_stops_neither_the_others_nor_the_leader(caplog: pytest.LogCaptureFixture) -> None:
    broken, works = Recorder(ZeroDivisionError()), Recorder()
    election = Election(MemoryStore(), "a", [broken, works], lease_seconds=1)
    async with running(election):
        await until(lambda: len(broken.fences) > 1 and len(works.fences) > 1)
        assert election.fence is not None
    assert "duty_failed duty=recorder" in caplog.text
