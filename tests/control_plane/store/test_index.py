"""Who refers to what: from a listing, from a watch, and after what a watch lost."""

import asyncio
import sys
from contextlib import suppress

import pytest

from control_plane.errors import StoreUnavailable
from control_plane.store import index as module
from control_plane.store.base import Compare, Put
from control_plane.store.index import Index
from control_plane.store.keys import resource_key
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import control_plane, document, model, provider, route, secret


async def test_a_listing_and_a_watch_give_the_same() -> None:
    async with control_plane(MemoryStore()) as plane:
        await plane.apply(secret(), provider(auth={"secretRef": {"name": "keys"}}), model(aliases=["m"]), route())
        await plane.apply(document("Tenant", "7up"), document("Team", "a", tenant="7up"))
        await plane.apply(model(aliases=["n"]))
        last = (await plane.delete("Route", "all")).revision
        await plane.index.wait_for(last)
        fresh = Index(plane.store)
        await fresh.start()
        for index in (plane.index, fresh):
            assert index.referrers_of("default/Provider/openai") == {"default/Model/chat"}
            assert index.referrers_of("default/Secret/keys#value") == {"default/Provider/openai"}
            assert index.referrers_of("platform/Tenant/7up") == {"7up/Team/a"}
            assert set(index.holders_of("default", "model/n")) == {"default/Model/chat"}
            assert not index.holders_of("default", "model/m")
            assert index.exists("7up/Team/a")
            assert not index.exists("default/Route/all")


async def test_what_happened_before_a_compaction_is_listed_again() -> None:
    store = MemoryStore()
    async with control_plane(store) as plane:
        late = Index(store)
        await late.start()
        await plane.apply(provider(), model())
        await plane.delete("Model", "chat")
        store.compact((await plane.apply(model("other"))).revision)
        follower = asyncio.get_running_loop().create_task(late.run())
        await late.wait_for(plane.index.revision)
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower
        assert late.referrers_of("default/Provider/openai") == {"default/Model/other"}


async def test_one_that_does_not_follow_says_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CATCH_UP_SECONDS", 0.01)
    with pytest.raises(StoreUnavailable):
        await Index(MemoryStore()).wait_for(7)


@pytest.mark.parametrize(
    "value",
    [
        b"", b"\xff", b"[]", b"1", b'{"kind":"Model"}', b'{"kind":"Model","metadata":1,"spec":[]}',
        b'{"kind":"Route","metadata":{"name":"x","tenant":"default"},"spec":{"matches":[1],"gatewayRefs":3}}',
        b'{"kind":"Model","metadata":{"name":"x","tenant":"default"},"spec":{"versions":{"a":1},"aliases":5}}',
        b"[" * 100_000,
    ],
)  # fmt: skip
async def test_what_was_written_by_hand_stops_nothing(value: bytes) -> None:
    async with control_plane(MemoryStore()) as plane:
        for kind in ("Model", "Route"):
            key = resource_key(f"default/{kind}/x")
            await plane.store.transact([Compare(key, 0)], [Put(key, value)])
        await plane.apply(provider(), model())
        await plane.delete("Model", "chat")
        assert plane.index.exists("default/Model/x")


async def test_a_credential_costs_the_index_little() -> None:
    store, count = MemoryStore(), 2000
    spec = b'{"applicationRef":{"name":"app"},"hash":"sha256:%s"}' % (b"0" * 64)
    form = b'{"apiVersion":"isthmus.dev/v1","kind":"Credential","metadata":{"name":"k%d","tenant":"t"},"spec":%b}'
    for start in range(0, count, 100):
        keys = {resource_key(f"t/Credential/k{n}"): form % (n, spec) for n in range(start, start + 100)}
        await store.transact([Compare(key, 0) for key in keys], [Put(key, value) for key, value in keys.items()])
    index = Index(store)
    await index.start()
    assert len(index.referrers_of("t/Application/app")) == count
    facts = index._facts["t/Credential/k1"]
    assert sum(map(sys.getsizeof, (facts, facts.targets))) < 200
    assert facts.targets[0] is index._facts["t/Credential/k2"].targets[0]
