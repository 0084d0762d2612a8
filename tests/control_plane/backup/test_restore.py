"""From a store to a backup to another store: equal afterwards, whole or not at all, never half."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from config_schemas.conversion.upgrade import UPGRADES
from config_schemas.version import SCHEMA_VERSION
from control_plane.backup import bundle
from control_plane.backup.export import Options
from control_plane.backup.fence import FencedStore
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.epoch import Epoch
from control_plane.errors import Invalid, RestoreUnderWay, StoreNotEmpty
from control_plane.identity.actor import Actor
from control_plane.identity.tokens import AdminTokens
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Compare, Put, Store, Unavailable, UnderRestore
from control_plane.store.keys import HISTORY_PREFIX, RESTORE_KEY, claims_guard, references_guard
from control_plane.store.memory import MemoryStore
from tests.fakes.backup import (
    SEALER,
    FailingStore,
    backup_of,
    epoch,
    lead,
    new_store,
    new_token,
    resources,
    restore,
    values,
)
from tests.fakes.control_plane import HASH, ControlPlane, control_plane, credential, document, model, provider, secret
from tests.fakes.control_plane import store_for as made_store

GOLDEN = Path(__file__).parents[2] / "golden" / "backup"
OTHER_HASH = "sha256:" + "1" * 64


@pytest.fixture
async def source() -> AsyncIterator[ControlPlane]:
    """A store with something of everything, some of it changed twice."""
    store = await new_store()
    async with control_plane(store, SEALER) as running:
        await running.apply(document("Tenant", "acme"), provider(), secret(), document("Application", "app"))
        await running.apply(model(), credential("c1"), document("Team", "acme", tenant="acme"))
        for labels in ({"stage": "one"}, {"stage": "two"}):
            running.clock.advance(seconds=1)
            await running.apply(document("Team", "acme", tenant="acme", labels=labels))
        await new_token(store)
        yield running


async def finished(store: Store, backup: bytes, *, accept: bool = False) -> None:
    await restore(store, backup, await new_token(store), accept=accept)
    await lead(store)


@pytest.fixture(params=["memory", "etcd"])
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    store = await new_store(store=made_store(request))
    yield store
    await store.close()


async def test_a_restored_store_has_what_was_backed_up(source: ControlPlane, target: Store) -> None:
    backup = await backup_of(source.store)
    actor = await new_token(target)
    outcome = await restore(target, backup, actor)
    assert (outcome.state, outcome.by) == ("Applying", actor.id)
    await lead(target)
    assert await resources(target) == await resources(source.store)
    assert (await values(target, "_unique/")).keys() == (await values(source.store, "_unique/")).keys()
    tokens = await values(target, "_tokens/")
    assert tokens.keys() == {*(await values(source.store, "_tokens/")), f"_tokens/{actor.id}"}
    assert (await values(target, "_history/")).items() >= (await values(source.store, "_history/")).items()
    assert (await values(target, "_audit/")).items() >= (await values(source.store, "_audit/")).items()
    announced = await epoch(target)
    assert announced is not None and announced.accept and announced.name != "first"
    assert await values(target, "_restore/") == {}
    assert await target.get(RESTORE_KEY) is None


async def test_versions_keep_their_order_and_the_restore_is_one_of_them(source: ControlPlane, target: Store) -> None:
    await finished(target, await backup_of(source.store))
    page = await target.list(f"{HISTORY_PREFIX}acme/Team/acme/")
    entries = sorted(page.entries, key=lambda entry: entry.revision)
    assert [entry.key for entry in entries] == [entry.key for entry in page.entries]
    assert len({entry.revision for entry in entries}) == len(entries) == 4
    stages = [json.loads(each.value)["document"]["metadata"].get("labels", {}).get("stage") for each in entries]
    assert stages == [None, "one", "two", "two"]
    current = await target.get("/isthmus/v1/acme/Team/acme")
    assert current is not None and current.revision == entries[-1].revision


async def test_no_plain_secret_is_in_a_backup_and_its_master_keys_are_named(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    outcome = await restore(await new_store(), backup, await new_token(source.store), dry_run=True)
    assert outcome.master_keys == ("k1",)
    store = await new_store()
    await finished(store, backup)
    for stored in (await values(store)).values():
        assert b"sk-plain-text" not in stored


@pytest.mark.parametrize(
    ("options", "missing"),
    [(Options(history=False), "_history/"), (Options(audit=False), "_audit/")],
    ids=["history", "audit"],
)
async def test_history_and_audit_can_be_left_out(source: ControlPlane, options: Options, missing: str) -> None:
    backup = await backup_of(source.store, options)
    store = await new_store()
    before = await values(source.store, missing)
    await finished(store, backup)
    assert not (await values(store, missing)).keys() & before.keys()
    assert await resources(store) == await resources(source.store)


async def test_a_store_with_resources_is_replaced_only_if_that_is_said(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    await source.apply(document("Team", "new"))
    await source.delete("Credential", "c1")
    await source.apply(credential("c2"))  # with the same hash
    before = await resources(source.store)
    actor = await new_token(source.store)
    with pytest.raises(StoreNotEmpty, match="create 1, replace 0 and delete 2 of them"):
        await restore(source.store, backup, actor)
    dry = await restore(source.store, backup, actor, dry_run=True)
    assert (dry.state, dry.is_store_empty) == ("DryRun", False)
    assert (dry.counts or {})["resourcesDeleted"] == 2
    assert await resources(source.store) == before
    await restore(source.store, backup, actor, accept=True)
    await lead(source.store)
    after = await resources(source.store)
    assert ("default/Credential/c1" in after, "default/Credential/c2" in after, "default/Team/new" in after) == (
        True,
        False,
        False,
    )
    assert (await values(source.store, "_unique/"))[f"_unique/credential-hash/{HASH}"] == b"default/Credential/c1"


async def test_a_hash_that_moved_between_credentials_moves_back(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    await source.apply(credential("c1", OTHER_HASH))
    await source.apply(credential("a0", HASH))
    await finished(source.store, backup, accept=True)
    assert await values(source.store, "_unique/") == {f"_unique/credential-hash/{HASH}": b"default/Credential/c1"}


async def test_who_decided_by_what_was_there_before_must_look_again(source: ControlPlane) -> None:
    """Writers compare guards that they have read; each is newer now than any resource."""
    backup = await backup_of(source.store)
    store = await new_store()
    await finished(store, backup)
    page = await store.list("/isthmus/v1/", start="/isthmus/v1/`")  # resources: their names begin with letters
    last = max(entry.revision for entry in page.entries)
    for guard in (references_guard("acme"), references_guard("default"), claims_guard("default", "Model")):
        entry = await store.get(guard)
        assert entry is not None and entry.revision > last


async def test_who_restores_stays_able_to(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    store = await new_store()
    tokens = AdminTokens(store)
    text, _ = await tokens.create(["admin"], actor=await new_token(store))
    await tokens.create(["admin"], actor=await new_token(store))
    actor = await tokens.authenticate(text.encode())
    await restore(store, backup, actor)
    await lead(store)
    assert (await tokens.authenticate(text.encode())).id == actor.id
    assert len(await tokens.list()) == len(await AdminTokens(source.store).list()) + 1


async def test_a_second_restore_of_the_same_changes_nothing(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    store = await new_store()
    actor = await new_token(store)
    await restore(store, backup, actor)
    await lead(store)
    before, announced = await values(store), await epoch(store)
    again = await restore(store, backup, actor)
    assert (again.state, again.epoch) == ("Unchanged", announced.name if announced else "")
    assert await values(store) == before


@pytest.mark.parametrize(
    ("sealer", "message"),
    [
        (Sealer({"k2": bytes(32)}), "needs master keys that are not in --master-key-file: 'k1'"),
        (Sealer({"k1": b"x" * 32}), "does not open: damaged, moved, or sealed under another 'k1'"),
    ],
    ids=["unknown", "another of the same name"],
)
async def test_master_keys_that_do_not_fit_stop_it_before_anything_is_written(
    source: ControlPlane, sealer: Sealer, message: str
) -> None:
    store = await new_store(sealer)
    actor = await new_token(store)
    before = await values(store)
    with pytest.raises(Invalid, match=message):
        await restore(store, await backup_of(source.store), actor, sealer=sealer)
    assert await values(store) == before


async def test_a_backup_that_others_changed_is_refused(source: ControlPlane) -> None:
    """Its checksum is right, as anyone can make it so."""
    backup = await backup_of(source.store)
    at = backup.rindex(b"k1:") + 3
    store = await new_store()
    before = await values(store)
    with pytest.raises(Invalid, match="not signed under the master keys"):
        await restore(store, backup[:at] + b"0" * 64, Actor("admin"))
    assert await values(store) == before


async def test_a_backup_of_a_later_release_is_refused(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    later = backup.replace(f'"schemaVersion": {SCHEMA_VERSION}'.encode(), b'"schemaVersion": 99')
    with pytest.raises(Invalid, match="schema version 99"):
        await restore(await new_store(), later, await new_token(source.store))


async def test_what_an_older_release_wrote_is_upgraded(source: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "/isthmus/v1/acme/Team/acme"
    entry = await source.store.get(key)
    assert entry is not None
    older = entry.value.replace(b"isthmus.dev/v1", b"isthmus.dev/v0")
    await source.store.transact([Compare(key, entry.revision)], [Put(key, older)])
    backup = await backup_of(source.store)
    store = await new_store()
    with pytest.raises(Invalid, match=r"the `apiVersion` of 'acme/Team/acme' must be 'isthmus\.dev/v1'"):
        await restore(store, backup, await new_token(store))
    monkeypatch.setitem(cast(dict[str, object], UPGRADES), "isthmus.dev/v0", to_v1)
    await finished(store, backup)
    assert (await resources(store))["acme/Team/acme"] == entry.value


def to_v1(document: dict[str, object]) -> dict[str, object]:
    return {**document, "apiVersion": "isthmus.dev/v1"}


async def test_a_backup_of_the_first_release_can_be_restored() -> None:
    store = await new_store()
    await finished(store, (GOLDEN / "first.backup").read_bytes())
    assert sorted(await resources(store)) == (GOLDEN / "first.resources").read_text().split()


async def test_interrupted_after_any_transaction_it_is_finished_later_and_never_half_served(
    source: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_WRITES", 3)
    backup = await backup_of(source.store)
    wanted = await resources(source.store)
    steps = 0
    while True:
        store = await new_store()
        async with control_plane(store, SEALER) as running:
            await running.apply(document("Team", "old"), credential("old", HASH, "app"), document("Application", "app"))
        old = await resources(store)
        catalog = Catalog(store, lambda path, payload: payload)
        await catalog.start()
        await restore(store, backup, await new_token(store), accept=True)
        failing = FailingStore(store, steps)
        try:
            await lead_with(failing, store)
        except Unavailable:
            if await store.get(RESTORE_KEY) is None:
                break  # what failed is only the removal of what was staged
            with pytest.raises(UnderRestore):
                await catalog.reconcile()  # it serves on what was there before
            assert {path for path in old if catalog.state.find(path)} == set(old)
            with pytest.raises(UnderRestore):
                await FencedStore(store).transact([Compare("/isthmus/v1/x", 0)], [Put("/isthmus/v1/x", b"")])
            with pytest.raises(RestoreUnderWay):
                await restore(store, backup, await new_token(store))
            await lead(store)
        assert await resources(store) == wanted
        assert (await epoch(store) or Epoch("")).accept
        assert (await values(store, "_unique/")) == {f"_unique/credential-hash/{HASH}": b"default/Credential/c1"}
        steps += 1
    assert steps > 15


async def lead_with(failing: FailingStore, store: Store) -> None:
    """The leader's key is there before transactions are counted."""
    left, failing.left = failing.left, -1
    entry = await store.get("/isthmus/v1/_leader")
    if entry is None:
        await store.transact([Compare("/isthmus/v1/_leader", 0)], [Put("/isthmus/v1/_leader", b"cp-1")])
    failing.left = left
    await lead(failing)


async def test_what_another_left_staged_is_removed(source: ControlPlane) -> None:
    backup = await backup_of(source.store)
    store = await new_store()
    actor = await new_token(store)
    failing = FailingStore(store, 2)
    with pytest.raises(Exception, match="store cannot be asked"):
        await restore(failing, backup, actor)
    assert await values(store, "_restore/") != {}
    await lead(store)
    assert await values(store, "_restore/") != {}  # it may still be written
    assert isinstance(store, MemoryStore)
    for key in await values(store, "_staging/"):
        entry = await store.get(f"/isthmus/v1/{key}")
        assert entry is not None
        await store.revoke_lease(entry.lease)
    await lead(store)
    assert await values(store, "_restore/") == {}


async def test_a_restore_of_another_release_is_left_alone() -> None:
    store = await new_store()
    await store.transact([Compare(RESTORE_KEY, 0)], [Put(RESTORE_KEY, b'{"later": 1}')])
    before = await values(store)
    with pytest.raises(ValueError, match="another release"):
        await lead(store)
    after = await values(store)
    assert {key: after[key] for key in before} == before
