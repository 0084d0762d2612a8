"""What every store promises, shown for the one in memory and for a real etcd."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import pytest

from control_plane.etcd.settings import EtcdSettings
from control_plane.store.base import (
    Batch,
    Compacted,
    Compare,
    Conflict,
    Delete,
    Entry,
    Event,
    LeaseEnded,
    Put,
    Store,
    StoreError,
    TooLarge,
    Unavailable,
)
from control_plane.store.etcd import EtcdStore
from control_plane.store.memory import MemoryStore
from tests.fakes.etcd_cluster import EtcdCluster
from tests.fakes.lossy_store import LossyStore

DEADLINE_SECONDS = 10.0


@dataclass
class Subject:
    """A store with what only a test may do to it. `pass_time` lets leases of so many seconds end."""

    store: Store
    compact: Callable[[int], Awaitable[None]]
    pass_time: Callable[[float], Awaitable[None]]


@pytest.fixture(params=["memory", "etcd"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "memory":
        subject = _in_memory()
    else:
        etcd: EtcdCluster = request.getfixturevalue("etcd")
        subject = Subject(EtcdStore(EtcdSettings(etcd.endpoints)), etcd.compact, asyncio.sleep)
    yield subject
    await subject.store.close()


@pytest.fixture
def store(subject: Subject) -> Store:
    return subject.store


def _in_memory() -> Subject:
    now = [0.0]
    memory = MemoryStore(now=lambda: now[0])

    async def compact(revision: int) -> None:
        memory.compact(revision)

    async def pass_time(seconds: float) -> None:
        now[0] += seconds
        memory.expire_leases()

    return Subject(memory, compact, pass_time)


async def _create(store: Store, *keys: str, lease: int = 0) -> int:
    revision = 0
    for key in keys:
        revision = await store.transact([Compare(key, 0)], [Put(key, key.encode(), lease)])
    return revision


async def _watch(store: Store, prefix: str, start_revision: int, count: int) -> list[Event]:
    """The first `count` events."""
    events: list[Event] = []
    watch = cast(AsyncGenerator[Batch, None], store.watch(prefix, start_revision=start_revision))
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(watch):
        async for batch in watch:
            assert all(event.revision <= batch.revision for event in batch.events)
            events.extend(batch.events)
            if len(events) >= count:
                return events
    raise AssertionError("the watch ended by itself")


async def test_a_key_is_read_as_it_was_written(store: Store) -> None:
    created = await store.transact([Compare("/a", 0)], [Put("/a", b"1")])
    changed = await store.transact([Compare("/a", created)], [Put("/a", b"2")])
    assert changed == created + 1
    assert await store.get("/a") == Entry("/a", b"2", changed, created)
    assert await store.get("/missing") is None


async def test_writes_of_one_transaction_share_a_revision(store: Store) -> None:
    await _create(store, "/old")
    revision = await store.transact([Compare("/a", 0)], [Put("/a", b""), Put("/é", b"\xff"), Delete("/old")])
    page = await store.list("/")
    assert [(entry.key, entry.value, entry.revision) for entry in page.entries] == [
        ("/a", b"", revision),
        ("/é", b"\xff", revision),
    ]
    assert page.revision == revision


@pytest.mark.parametrize(
    ("compares", "key"),
    [
        ([Compare("/a", 0)], "/a"),
        ([Compare("/a", 1)], "/a"),
        ([Compare("/missing", 7)], "/missing"),
        ([Compare("/missing", None)], "/missing"),
        ([Compare("/a", None), Compare("/missing", None)], "/missing"),
    ],
    ids=["exists", "changed", "is gone", "must exist", "second of two"],
)
async def test_a_failed_comparison_names_the_key_and_writes_nothing(
    store: Store, compares: list[Compare], key: str
) -> None:
    revision = await _create(store, "/a")
    with pytest.raises(Conflict) as caught:
        await store.transact(compares, [Put("/a", b"other"), Put("/b", b"")])
    assert (caught.value.key, caught.value.revision) == (key, revision if key == "/a" else 0)
    assert [entry.value for entry in (await store.list("/")).entries] == [b"/a"]


async def test_of_two_writers_that_read_the_same_revision_one_wins(store: Store) -> None:
    revision = await _create(store, "/a")
    writes = [store.transact([Compare("/a", revision)], [Put("/a", value)]) for value in (b"x", b"y")]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(result) for result in results} == {int, Conflict}


async def test_deleting_what_does_not_exist_makes_no_revision(store: Store) -> None:
    revision = await _create(store, "/a")
    assert await store.transact([Compare("/b", 0)], [Delete("/b")]) == revision


async def test_a_transaction_without_writes_only_compares(store: Store) -> None:
    revision = await _create(store, "/a")
    assert await store.transact([Compare("/a", revision)], []) == revision
    with pytest.raises(Conflict):
        await store.transact([Compare("/a", 0)], [])


@pytest.mark.parametrize(
    ("compares", "writes", "error"),
    [
        ([], [Put("/a", b"")], ValueError),
        ([], [Delete("/a")], ValueError),
        ([Compare("/a", 0)], [Put("/a", b""), Delete("/a")], ValueError),
        ([Compare("/a", 0), Compare("/a", None)], [Put("/a", b"")], ValueError),
        ([Compare("", 0)], [Put("/a", b"")], ValueError),
        ([Compare("/a", 0)], [Put(f"/{i}", b"") for i in range(129)], TooLarge),
        ([Compare(f"/{i}", 0) for i in range(129)], [], TooLarge),
        ([Compare("/a", 0)], [Put("/a", bytes(1536 << 10))], TooLarge),
        ([Compare("/a", 0)], [Put("/a", b"", lease=4711)], LeaseEnded),
    ],
    ids=["put alone", "delete alone", "twice", "compared twice", "no key", "writes", "comparisons", "bytes", "lease"],
)
async def test_a_transaction_that_cannot_be_made_is_refused(
    store: Store, compares: Sequence[Compare], writes: Sequence[Put | Delete], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await store.transact(compares, writes)
    assert (await store.list("")).entries == ()


async def test_the_largest_transaction_is_made(store: Store) -> None:
    keys = [f"/{index:03}" for index in range(128)]
    await store.transact([Compare(key, 0) for key in keys], [Put(key, bytes(12_000)) for key in keys])
    assert [entry.key for entry in (await store.list("/")).entries] == keys


@pytest.mark.parametrize(
    ("prefix", "start", "found"),
    [
        ("", "", ["/a", "/a/1", "/a/2", "/b"]),
        ("/a", "", ["/a", "/a/1", "/a/2"]),
        ("/a/", "", ["/a/1", "/a/2"]),
        ("/a", "/a/2", ["/a/2"]),
        ("/a", "/", ["/a", "/a/1", "/a/2"]),
        ("/a", "/b", []),
        ("/c", "", []),
    ],
)
async def test_a_list_holds_the_keys_with_the_prefix_from_start_on(
    store: Store, prefix: str, start: str, found: list[str]
) -> None:
    await _create(store, "/b", "/a/2", "/a", "/a/1")
    assert [entry.key for entry in (await store.list(prefix, start=start)).entries] == found


async def test_pages_show_one_revision_whatever_is_written_between_them(store: Store) -> None:
    revision = await _create(store, *(f"/{index}" for index in range(7)))
    page = await store.list("/", limit=3)
    keys = [entry.key for entry in page.entries]
    while page.next_key:
        await store.transact([Compare("/6", None)], [Put("/6", b"later"), Put(f"/new{len(keys)}", b"")])
        page = await store.list("/", start=page.next_key, limit=3, revision=page.revision)
        assert page.revision == revision
        keys += [entry.key for entry in page.entries]
    assert keys == [f"/{index}" for index in range(7)]
    assert page.entries[-1].value == b"/6"


async def test_a_long_list_is_whole(store: Store) -> None:
    keys = [f"/{index:05}" for index in range(2500)]
    for first in range(0, len(keys), 100):
        await store.transact([Compare(keys[first], 0)], [Put(key, b"") for key in keys[first : first + 100]])
    assert [entry.key for entry in (await store.list("/")).entries] == keys
    assert (await store.list("/", limit=2000)).next_key == "/02000"


async def test_a_list_of_a_revision_to_come_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.list("/", revision=1 << 40)


async def test_a_watch_yields_what_happened_and_what_happens(store: Store) -> None:
    start = await _create(store, "/p/a", "/other")
    changed = await store.transact([Compare("/p/a", None)], [Put("/p/a", b"2"), Put("/p/b", b"")])
    watching = asyncio.gather(_watch(store, "/p/", start, 3))
    gone = await store.transact([Compare("/p/a", changed)], [Delete("/p/a")])
    [events] = await watching
    assert events == [
        Event("/p/a", Entry("/p/a", b"2", changed, start - 1), changed),
        Event("/p/b", Entry("/p/b", b"", changed, changed), changed),
        Event("/p/a", None, gone),
    ]


async def test_a_watch_without_a_revision_to_start_from_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="from 1 on"):
        await _watch(store, "/", 0, 1)


async def test_a_batch_ends_with_a_whole_revision(store: Store) -> None:
    start = await _create(store, "/a") + 1
    for value in range(3):
        await store.transact([Compare("/a", None)], [Put(f"/big/{i}", bytes([value]) * 700_000) for i in range(2)])
    watch = cast(AsyncGenerator[Batch, None], store.watch("/big/", start_revision=start))
    seen: list[int] = []
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(watch):
        async for batch in watch:
            seen += [event.revision for event in batch.events]
            assert all(seen.count(revision) == 2 for revision in set(seen))
            if len(seen) == 6:
                break
    assert seen == sorted(seen)


async def test_a_watch_from_a_compacted_revision_says_so(subject: Subject) -> None:
    start = await _create(subject.store, "/a", "/b", "/c")
    await subject.compact(start)
    with pytest.raises(Compacted) as caught:
        await _watch(subject.store, "/", start - 2, 1)
    assert caught.value.revision == start


async def test_a_list_at_a_compacted_revision_says_so(subject: Subject) -> None:
    revision = await _create(subject.store, "/a", "/b", "/c")
    await subject.compact(revision)
    with pytest.raises(Compacted):
        await subject.store.list("/", revision=revision - 1)
    assert len((await subject.store.list("/", revision=revision)).entries) == 3


async def test_compaction_does_not_disturb_a_watch_that_keeps_up(subject: Subject) -> None:
    start = await _create(subject.store, "/a")
    watch = cast(AsyncGenerator[Batch, None], subject.store.watch("/", start_revision=start))
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(watch):
        assert [event.key for event in (await anext(watch)).events] == ["/a"]
        await subject.compact(await _create(subject.store, "/b"))
        await _create(subject.store, "/c")
        keys: list[str] = []
        while len(keys) < 2:
            keys += [event.key for event in (await anext(watch)).events]
    assert keys == ["/b", "/c"]


async def test_listing_again_after_compaction_and_watching_from_there_misses_nothing(subject: Subject) -> None:
    start = await _create(subject.store, "/a", "/b")
    await subject.store.transact([Compare("/b", start)], [Delete("/b")])
    await subject.compact(await _create(subject.store, "/c"))
    with pytest.raises(Compacted):
        await _watch(subject.store, "/", start - 1, 1)
    page = await subject.store.list("/")
    await _create(subject.store, "/d")
    assert [entry.key for entry in page.entries] == ["/a", "/c"]
    assert [event.key for event in await _watch(subject.store, "/", page.revision + 1, 1)] == ["/d"]


async def test_a_list_at_the_revision_of_a_watch_shows_the_event_that_the_watch_lost(store: Store) -> None:
    lossy = LossyStore(store, loses=lambda event: event.key == "/b")
    start = await _create(store, "/a", "/b", "/c")
    events = await _watch(cast(Store, lossy), "/", start - 2, 2)
    known = {event.key: event.revision for event in events}
    page = await store.list("/", revision=events[-1].revision)
    assert {entry.key for entry in page.entries if known.get(entry.key) != entry.revision} == {"/b"}


async def test_keys_go_with_their_lease_in_one_revision(subject: Subject) -> None:
    lease = await subject.store.grant_lease(60)
    start = await _create(subject.store, "/a", "/b", lease=lease) + 1
    assert (await subject.store.get("/a")) == Entry("/a", b"/a", start - 2, start - 2, lease)
    await subject.store.revoke_lease(lease)
    events = await _watch(subject.store, "/", start, 2)
    assert sorted((event.key, event.entry, event.revision) for event in events) == [
        ("/a", None, start),
        ("/b", None, start),
    ]


async def test_a_key_written_anew_without_the_lease_stays(store: Store) -> None:
    lease = await store.grant_lease(60)
    revision = await _create(store, "/a", lease=lease)
    await store.transact([Compare("/a", revision)], [Put("/a", b"kept")])
    await store.revoke_lease(lease)
    entry = await store.get("/a")
    assert entry is not None
    assert (entry.value, entry.lease) == (b"kept", 0)


async def test_a_lease_lives_while_it_is_renewed_and_takes_its_keys_when_it_is_not(subject: Subject) -> None:
    lease = await subject.store.grant_lease(2)
    start = await _create(subject.store, "/a", lease=lease) + 1
    for _ in range(3):
        await subject.pass_time(0.9)
        assert await subject.store.renew_lease(lease)
    assert await subject.store.get("/a")
    await subject.pass_time(2)
    assert [event.entry for event in await _watch(subject.store, "/a", start, 1)] == [None]
    assert not await subject.store.renew_lease(lease)


async def test_what_is_known_of_no_lease_is_no_error(store: Store) -> None:
    assert not await store.renew_lease(4711)
    await store.revoke_lease(4711)


async def test_after_close_watches_end_and_calls_are_refused(store: Store) -> None:
    start = await _create(store, "/a")

    async def watch() -> int:
        return sum([1 async for batch in store.watch("/", start_revision=start) if batch.events])

    watching = asyncio.gather(watch(), watch())
    await _watch(store, "/", start, 1)
    await store.close()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await watching
    with pytest.raises(Unavailable):
        await store.get("/a")
