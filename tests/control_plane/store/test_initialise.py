"""What an empty store begins with, and whose master key it takes."""

import asyncio

import pytest

from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Compare, Delete
from control_plane.store.initialise import WrongMasterKey, check_master_key, initialise
from control_plane.store.keys import resource_key
from control_plane.store.memory import MemoryStore

TENANT, GATEWAY = (resource_key(f"platform/{kind}/default") for kind in ("Tenant", "Gateway"))


async def test_several_at_once_make_one_tenant_and_one_gateway_that_stay_removed() -> None:
    store = MemoryStore()
    await asyncio.gather(*(initialise(store) for _ in range(3)))
    tenant, gateway = await store.get(TENANT), await store.get(GATEWAY)
    assert tenant is not None
    assert gateway is not None
    assert tenant.revision == gateway.revision
    await store.transact([Compare(GATEWAY, gateway.revision)], [Delete(GATEWAY)])
    await initialise(store)
    assert await store.get(GATEWAY) is None


async def test_the_first_master_key_is_the_stores() -> None:
    store = MemoryStore()
    await asyncio.gather(*(check_master_key(store, Sealer({"k1": b"1" * 32})) for _ in range(3)))
    await check_master_key(store, Sealer({"k2": b"2" * 32, "k1": b"1" * 32}))
    for wrong in ({"k1": b"x" * 32}, {"k2": b"1" * 32}):
        with pytest.raises(WrongMasterKey, match="start with the file that the other control planes use"):
            await check_master_key(store, Sealer(wrong))
