"""What a worker is told."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from data_plane.agent.feed import Feed, WorkerDiffers, chunks
from data_plane.agent.messages import CHUNK_BYTES, Accept, Changes, Commit

FIRST, SECOND, THIRD = (Commit("e", revision, f"hash{revision}") for revision in (1, 2, 3))


class Worker:
    """Takes messages; answers when the test says so."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[msgspec.Struct] = asyncio.Queue()

    async def send(self, message: msgspec.Struct) -> None:
        self.messages.put_nowait(message)

    async def next(self) -> msgspec.Struct:
        return await asyncio.wait_for(self.messages.get(), 1.0)


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    yield Worker()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def start(feed: Feed, worker: Worker) -> "asyncio.Task[None]":
    task = asyncio.get_running_loop().create_task(feed.run(worker))
    await settle()
    return task


async def test_a_new_worker_hears_the_whole_set_before_it_may_accept(worker: Worker) -> None:
    feed = Feed({"a": b"1", "b": b"2"}, FIRST)
    feed.accept()
    task = await start(feed, worker)
    assert await worker.next() == Changes({"a": b"1", "b": b"2"}, [])
    assert await worker.next() == FIRST
    assert worker.messages.empty()
    feed.on_applied(1, "hash1")
    assert await worker.next() == Accept()
    task.cancel()


async def test_without_a_set_a_worker_may_accept_at_once(worker: Worker) -> None:
    feed = Feed({}, None)
    feed.accept()
    task = await start(feed, worker)
    assert await worker.next() == Accept()
    task.cancel()


async def test_changes_while_one_is_in_flight_become_one_update(worker: Worker) -> None:
    feed = Feed({"a": b"1"}, FIRST)
    task = await start(feed, worker)
    feed.offer({"a": b"2", "b": b"2"}, (), SECOND)
    feed.offer({"a": b"3"}, ("b",), THIRD)
    assert [await worker.next() for _ in range(2)] == [Changes({"a": b"1"}, []), FIRST]
    await settle()
    assert worker.messages.empty()
    feed.on_applied(1, "hash1")
    assert [await worker.next() for _ in range(2)] == [Changes({"a": b"3"}, ["b"]), THIRD]
    task.cancel()


async def test_a_revision_without_changes_for_this_gateway_is_told_too(worker: Worker) -> None:
    feed = Feed({}, FIRST)
    task = await start(feed, worker)
    assert await worker.next() == FIRST
    task.cancel()


async def test_a_worker_that_made_something_else_of_it_is_told_apart(worker: Worker) -> None:
    feed = Feed({}, FIRST)
    task = await start(feed, worker)
    with pytest.raises(WorkerDiffers):
        feed.on_applied(1, "other")
    assert feed.applied is None
    task.cancel()


def test_a_large_set_goes_in_messages_of_bounded_size() -> None:
    pending = {f"p{number}": b"x" * 100_000 for number in range(50)}
    parts = list(chunks(pending))
    assert {path: content for part in parts for path, content in part.changed.items()} == pending
    assert all(sum(map(len, part.changed.values())) < CHUNK_BYTES + 100_000 for part in parts)
    assert len(parts) > 1
