"""The catalog follows the store, whatever the watch does."""

import asyncio

import pytest

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution import catalog as catalog_module
from control_plane.distribution.catalog import Catalog, StoreReplaced
from control_plane.distribution.state import Touched
from control_plane.distribution.subset import Audience
from control_plane.store.base import Compare, Delete, Page, Put, Unavailable, UnderRestore
from control_plane.store.keys import RESTORE_KEY
from control_plane.store.memory import MemoryStore
from tests.fakes.distribution import document, eventually, gateway, running, tenant, unseal, write
from tests.fakes.lossy_store import LossyStore

MODEL = "acme/Model/chat"


def model(text: str, path: str = MODEL) -> dict[str, bytes | None]:
    return {path: document(path, {"description": text})}


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(store, dict([gateway(), tenant("acme")]) | model("1"))
    return store


def text_of(catalog: Catalog, path: str = MODEL) -> bytes | None:
    item = catalog.state.find(path)
    return item.payload if item else None


async def test_it_reads_all_tenants_and_nothing_but_what_it_keeps(store: MemoryStore) -> None:
    paths = [f"{name}/Model/m" for name in ("0digit", "9", "acme", "zoo")]
    await write(store, {path: document(path) for path in paths})
    for key in ("_history/acme/Model/m/1", "_audit/1", "acme/Nonsense/x", "acme/Model", "acme/Model/a/b"):
        await store.transact([Compare(PATH_PREFIX + key, 0)], [Put(PATH_PREFIX + key, b"{}")])
    catalog = Catalog(store, unseal)
    await catalog.start()
    assert set(catalog.state.paths()) == {*paths, MODEL, "platform/Gateway/edge", "platform/Tenant/acme"}
    assert await catalog.reconcile() == 0


async def test_a_revision_arrives_whole(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal)
    await catalog.start()
    seen: list[tuple[bytes | None, bytes | None]] = []
    catalog.subscribe(lambda touched: seen.append((text_of(catalog), text_of(catalog, "acme/Model/b"))))
    async with running(catalog.run()):
        await write(store, model("2") | model("2", "acme/Model/b"))
        await write(store, model("3") | model("3", "acme/Model/b"))
        await eventually(lambda: b'"3"' in (text_of(catalog) or b""))
    assert seen and all(first and second and first[-10:] == second[-10:] for first, second in seen)


async def test_an_event_that_the_watch_lost_is_found_by_reconcile(store: MemoryStore) -> None:
    lost: set[str] = set()
    lossy = LossyStore(store, lambda event: event.key.removeprefix(PATH_PREFIX) in lost)
    catalog = Catalog(lossy, unseal, reconcile_seconds=0.05, settle_seconds=0.05)
    await write(store, model("1", "acme/Model/gone"))
    await catalog.start()
    subset = catalog.subset(Audience("edge", 1))
    async with running(catalog.run()):
        lost |= {MODEL, "acme/Model/gone", "acme/Model/new"}
        await write(store, {**model("2"), "acme/Model/gone": None, **model("1", "acme/Model/new")})
        await eventually(lambda: catalog.counters.listings >= 1)
        assert b'"2"' in (text_of(catalog) or b"")
        assert (catalog.state.find("acme/Model/gone"), subset.find("acme/Model/gone")) == (None, None)
        assert subset.find("acme/Model/new")
        assert catalog.counters.reconcile_differences == 3
        lost.clear()
        await write(store, model("3"))
        await eventually(lambda: b'"3"' in (text_of(catalog) or b""))


async def test_changes_during_a_reconcile_are_no_differences(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal, reconcile_seconds=0.001, settle_seconds=0.05)
    await catalog.start()
    async with running(catalog.run()):
        for number in range(100):
            await write(store, {**model(str(number)), "acme/Model/b": document("acme/Model/b")})
            await asyncio.sleep(0)
            await write(store, {"acme/Model/b": None})
            await asyncio.sleep(0.001)
        await eventually(lambda: catalog.counters.reconciles > 5)
    assert (catalog.counters.reconcile_differences, catalog.counters.listings) == (0, 0)


async def test_a_compacted_watch_is_begun_anew_from_a_list(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal)
    await catalog.start()
    revision = await write(store, {**model("2"), "platform/Model/p": document("platform/Model/p")})
    await write(store, {"platform/Model/p": None})
    store.compact(revision + 1)
    async with running(catalog.run()):
        await eventually(lambda: b'"2"' in (text_of(catalog) or b""))
        assert catalog.state.find("platform/Model/p") is None
        assert catalog.counters.listings == 1


class _Away:
    """A store that can be away."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.is_away = False

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        if self.is_away:
            raise Unavailable("away")
        return await self.store.list(prefix, start=start, limit=limit, revision=revision)

    async def watch(self, prefix: str, *, start_revision: int):  # type: ignore[no-untyped-def]
        async for batch in self.store.watch(prefix, start_revision=start_revision):
            yield batch
            if self.is_away:
                raise Unavailable("away")


async def test_all_is_kept_while_the_store_is_away(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control_plane.distribution.catalog.RETRY_SECONDS", 0.01)
    away = _Away(store)
    catalog = Catalog(away, unseal, reconcile_seconds=0.01)  # type: ignore[arg-type]
    await catalog.start()
    async with running(catalog.run()):
        away.is_away = True
        await write(store, model("2"))
        await eventually(lambda: catalog.counters.store_failures > 3)
        assert b'"2"' in (text_of(catalog) or b"")
        await write(store, model("3"))
        away.is_away = False
        await eventually(lambda: b'"3"' in (text_of(catalog) or b""))


async def test_a_store_that_cannot_be_read_at_start_is_an_error(store: MemoryStore) -> None:
    await store.close()
    with pytest.raises(Unavailable):
        await Catalog(store, unseal).start()


async def test_while_a_restore_is_under_way_all_is_kept_and_then_it_changes_at_once(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_module, "RETRY_SECONDS", 0.01)
    catalog = Catalog(store, unseal)
    await catalog.start()
    seen: list[set[str]] = []
    catalog.subscribe(lambda touched: seen.append(set(catalog.state.paths())) if touched.paths else None)
    async with running(catalog.run()):
        began = await store.transact([Compare(RESTORE_KEY, 0)], [Put(RESTORE_KEY, b"{}")])
        await write(store, {MODEL: None})
        await write(store, {"acme/Model/new": document("acme/Model/new")})
        await eventually(lambda: catalog.counters.store_failures > 1)
        assert (text_of(catalog) is not None, seen) == (True, [])
        await store.transact([Compare(RESTORE_KEY, began)], [Delete(RESTORE_KEY)])
        await eventually(lambda: text_of(catalog) is None)
    assert seen == [{"platform/Gateway/edge", "platform/Tenant/acme", "acme/Model/new"}]


async def test_one_that_starts_during_a_restore_waits_for_its_end(store: MemoryStore) -> None:
    await store.transact([Compare(RESTORE_KEY, 0)], [Put(RESTORE_KEY, b"{}")])
    with pytest.raises(UnderRestore):
        await Catalog(store, unseal).start()


async def test_a_store_whose_revision_went_back_ends_it(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal)
    await catalog.start()
    catalog.state.revision += 1  # as if it had seen what the store has lost
    with pytest.raises(StoreReplaced, match="the store is at revision"):
        await catalog.reconcile()


async def test_a_store_that_went_back_and_on_again_ends_it(store: MemoryStore) -> None:
    """As one that was put back from a snapshot, in which other keys were written since."""
    catalog = Catalog(store, unseal)
    await write(store, model("2"))
    await catalog.start()
    put_back = MemoryStore()
    await write(put_back, dict([gateway(), tenant("acme")]) | model("1"))
    for number in range(5):
        await put_back.transact([Compare(f"/x{number}", 0)], [Put(f"/x{number}", b"")])
    other = Catalog(put_back, unseal)
    other.state = catalog.state
    with pytest.raises(StoreReplaced, match=f"`{PATH_PREFIX}{MODEL}` is at revision"):
        await other.reconcile()


async def test_listeners_can_leave(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal)
    told: list[Touched] = []
    leave = catalog.subscribe(told.append)
    await catalog.start()
    leave()
    async with running(catalog.run()):
        revision = await write(store, model("2"))
        await eventually(lambda: catalog.revision == revision)
    assert len(told) == 1


async def test_pages_are_read_at_one_revision(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control_plane.distribution.catalog.PAGE_ENTRIES", 2)

    class WritesBetweenPages(MemoryStore):
        async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
            page = await store.list(prefix, start=start, limit=limit, revision=revision)
            await write(store, model("later", "acme/Model/later"))
            return page

    paths = [f"acme/Model/m{number}" for number in range(7)]
    await write(store, {path: document(path) for path in paths})
    catalog = Catalog(WritesBetweenPages(), unseal)
    await catalog.start()
    assert set(paths) <= set(catalog.state.paths())
    assert catalog.state.find("acme/Model/later") is None


async def test_a_key_that_goes_while_a_reconcile_lists_is_no_difference(store: MemoryStore) -> None:
    catalog = Catalog(store, unseal)
    await catalog.start()

    class DeletesAfterListing(MemoryStore):
        async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
            page = await store.list(prefix, start=start, limit=limit, revision=revision)
            if any(entry.key == PATH_PREFIX + MODEL for entry in page.entries):
                revision = await write(store, {MODEL: None})
                await eventually(lambda: catalog.revision >= revision)
            return page

    async with running(catalog.run()):
        seen = await write(store, model("2"))
        await eventually(lambda: catalog.revision >= seen)  # the watch runs, on the store itself
        catalog._store = DeletesAfterListing()
        assert await catalog.reconcile() == 0
        assert catalog.state.find(MODEL) is None
