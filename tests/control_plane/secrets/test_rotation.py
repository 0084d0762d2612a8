"""Sealing anew under another master key."""

import pytest

from control_plane.secrets.rotation import KeyRotation
from control_plane.secrets.sealer import Sealer, sealed_under
from control_plane.store.base import Compare, Conflict, Put
from control_plane.store.initialise import WrongMasterKey, check_master_key
from control_plane.store.keys import LEADER_KEY, SEAL_CHECK_KEY, resource_key
from control_plane.store.memory import MemoryStore
from control_plane.store.stored import parse_stored
from tests.fakes.control_plane import control_plane, secret

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}


async def lead(store: MemoryStore) -> Compare:
    return Compare(LEADER_KEY, await store.transact([Compare(LEADER_KEY, 0)], [Put(LEADER_KEY, b"a")]))


async def test_a_rotation_ends_the_need_for_the_old_key() -> None:
    store, both = MemoryStore(), Sealer({**NEW, **OLD})
    await check_master_key(store, Sealer(OLD))
    async with control_plane(store, Sealer(OLD)) as plane:
        await plane.apply(secret(value="sk-plain"))
        shown = await plane.resources.get("Secret", "default", "keys")
    with pytest.raises(WrongMasterKey):
        await check_master_key(store, Sealer(NEW))
    await check_master_key(store, both)
    await KeyRotation(store, both).run(await lead(store))
    await check_master_key(store, Sealer(NEW))
    entry = await store.get(resource_key("default/Secret/keys"))
    assert entry is not None
    document = parse_stored(entry.value)
    assert Sealer(NEW).open("default/Secret/keys", "value", document["spec"]["data"]["value"]) == "sk-plain"
    assert document["metadata"]["generation"] == shown.metadata.generation


async def test_a_value_that_does_not_open_keeps_the_old_key_needed() -> None:
    store, both = MemoryStore(), Sealer({**NEW, **OLD})
    await check_master_key(store, Sealer(OLD))
    async with control_plane(store, Sealer({"k3": b"3" * 32})) as plane:
        await plane.apply(secret())
    await KeyRotation(store, both).run(await lead(store))
    check = await store.get(SEAL_CHECK_KEY)
    assert check is not None
    assert sealed_under(check.value.decode()) == "k1"


async def test_who_no_longer_leads_seals_nothing() -> None:
    store, both = MemoryStore(), Sealer({**NEW, **OLD})
    await check_master_key(store, Sealer(OLD))
    async with control_plane(store, Sealer(OLD)) as plane:
        await plane.apply(secret())
    with pytest.raises(Conflict):
        await KeyRotation(store, both).run(Compare(LEADER_KEY, 7))
