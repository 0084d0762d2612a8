"""Reading, listing, watching and rolling back resources."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from control_plane.errors import Expired, Malformed, NotFound, StoredInvalid
from control_plane.store.base import Compare, Put
from control_plane.store.keys import resource_key
from control_plane.store.memory import MemoryStore
from control_plane.store.resources import ResourceEvent
from tests.fakes.control_plane import ACTOR, ControlPlane, control_plane, document, model, provider, secret, store_for


@pytest.fixture(params=["memory", "etcd"])
async def plane(request: pytest.FixtureRequest) -> AsyncIterator[ControlPlane]:
    async with control_plane(store_for(request)) as services:
        yield services
        await services.store.close()


async def put_by_hand(plane: ControlPlane, path: str, value: bytes) -> None:
    await plane.store.transact([Compare(resource_key(path), 0)], [Put(resource_key(path), value)])


async def test_a_written_resource_is_read_with_its_revision_and_generation(plane: ControlPlane) -> None:
    result = await plane.apply(provider())
    found = await plane.resources.get("Provider", "default", "openai")
    assert (found.metadata.revision, found.metadata.generation) == (result.revision, 1)
    assert found.metadata.created_at == "2026-11-24T12:00:00.000Z"
    assert found == result.outcomes[0].resource


async def test_what_is_not_there_is_not_found(plane: ControlPlane) -> None:
    with pytest.raises(NotFound, match="Provider 'x' does not exist in tenant 'default'"):
        await plane.resources.get("Provider", "default", "x")
    with pytest.raises(NotFound, match="there is no kind 'Modell'"):
        await plane.resources.get("Modell", "default", "x")


async def test_one_that_was_written_by_hand_is_named_and_hides_no_other(plane: ControlPlane) -> None:
    await plane.apply(provider())
    await put_by_hand(plane, "default/Provider/bad", b'{"apiVersion":"isthmus.dev/v1"}')
    with pytest.raises(StoredInvalid, match="default/Provider/bad"):
        await plane.resources.get("Provider", "default", "bad")
    assert [item.metadata.name for item in (await plane.resources.list("Provider", None)).items] == ["openai"]
    assert (await plane.apply(provider("bad"))).outcomes[0].action == "replaced"


async def test_all_pages_show_one_revision(plane: ControlPlane) -> None:
    await plane.apply(document("Tenant", "acme"), *(provider(f"p{number}") for number in range(5)))
    await plane.apply({**provider("theirs"), "metadata": {"tenant": "acme", "name": "theirs"}})
    first = await plane.resources.list("Provider", None, limit=2)
    await plane.apply(provider("p00"), provider("p9"))
    names, page = [item.metadata.name for item in first.items], first
    while page.token:
        page = await plane.resources.list("Provider", None, limit=2, token=page.token)
        assert page.revision == first.revision
        names += [item.metadata.name for item in page.items]
    assert names == ["theirs", "p0", "p1", "p2", "p3", "p4"]


async def test_a_page_after_compaction_has_expired() -> None:
    store = MemoryStore()
    async with control_plane(store) as plane:
        await plane.apply(*(provider(f"p{number}") for number in range(3)))
        page = await plane.resources.list("Provider", "default", limit=1)
        await plane.apply(provider("p9"))
        store.compact(page.revision + 1)
        with pytest.raises(Expired):
            await plane.resources.list("Provider", "default", limit=1, token=page.token)


@pytest.mark.parametrize("token", ["x", "e30=", "WzEsMl0=", "é", "WzEwMDAwMDAwMDAwLCAiIiwgIiJd"])
async def test_a_strange_token_is_refused(plane: ControlPlane, token: str) -> None:
    with pytest.raises(Malformed):
        await plane.resources.list("Provider", "default", limit=1, token=token)


async def test_labels_select(plane: ControlPlane) -> None:
    await plane.apply(
        document("Team", "a", labels={"tier": "gold", "x": "y"}), document("Team", "b", labels={"tier": "tin"})
    )
    found = await plane.resources.list("Team", "default", labels={"tier": "gold"})
    assert [item.metadata.name for item in found.items] == ["a"]


async def events(plane: ControlPlane, start: int, count: int, **labels: str) -> list[ResourceEvent]:
    found = []
    watch = plane.resources.watch("Team", "default", labels=labels, start_revision=start)
    async with asyncio.timeout(5):
        async for event in watch:
            found.append(event)
            if len(found) == count:
                break
    await watch.aclose()
    return found


async def test_a_watch_says_what_was_added_modified_and_deleted(plane: ControlPlane) -> None:
    start = (await plane.apply(document("Team", "a"))).revision
    await plane.apply(document("Team", "a", {"displayName": "A"}))
    await plane.apply(provider())
    await plane.delete("Team", "a")
    found = await events(plane, start, 3)
    assert [event.type for event in found] == ["added", "modified", "deleted"]
    assert all(event.resource and event.resource.metadata.name == "a" for event in found)


async def test_a_watch_by_label_sees_what_begins_and_ends_to_match(plane: ControlPlane) -> None:
    start = (await plane.apply(document("Team", "a"))).revision
    await plane.apply(document("Team", "a", labels={"tier": "gold"}))
    await plane.apply(document("Team", "a", labels={"tier": "gold", "x": "y"}))
    await plane.apply(document("Team", "a"))
    assert [event.type for event in await events(plane, start, 3, tier="gold")] == ["added", "modified", "deleted"]


async def test_the_history_shows_versions_newest_first_also_after_the_end(plane: ControlPlane) -> None:
    await plane.apply(document("Team", "a"))
    plane.clock.advance(seconds=-10)  # another control plane's clock: the order is that of revisions
    await plane.apply(document("Team", "a", {"displayName": "A"}))
    await plane.delete("Team", "a")
    found = await plane.resources.history("Team", "default", "a")
    assert [(entry.action, entry.generation, entry.actor, entry.request_id) for entry in found] == [
        ("deleted", 2, "admin-1", "req-1"),
        ("replaced", 2, "admin-1", "req-1"),
        ("created", 1, "admin-1", "req-1"),
    ]
    with pytest.raises(NotFound):
        await plane.resources.history("Team", "default", "b")


async def test_a_rollback_is_a_new_version_with_the_old_spec(plane: ControlPlane) -> None:
    first = await plane.apply(document("Team", "a", {"displayName": "one"}, labels={"x": "y"}))
    await plane.apply(document("Team", "a", {"displayName": "two"}))
    rolled = await plane.resources.rollback("Team", "default", "a", to_revision=first.revision, actor=ACTOR)
    assert (rolled.metadata.generation, rolled.metadata.labels) == (3, {"x": "y"})
    assert rolled == await plane.resources.get("Team", "default", "a")
    with pytest.raises(NotFound, match="no version 999"):
        await plane.resources.rollback("Team", "default", "a", to_revision=999, actor=ACTOR)


async def test_a_rollback_of_a_secret_brings_its_value_back(plane: ControlPlane) -> None:
    first = await plane.apply(secret(value="old"))
    shown = first.outcomes[0].resource
    await plane.apply(secret(value="new"))
    rolled = await plane.resources.rollback("Secret", "default", "keys", to_revision=first.revision, actor=ACTOR)
    assert shown is not None
    assert rolled.model_dump()["spec"] == shown.model_dump()["spec"]


async def test_a_rollback_goes_through_admission(plane: ControlPlane) -> None:
    await plane.apply(provider("old"), provider("new"))
    first = await plane.apply(model(provider="old"))
    await plane.apply(model(provider="new"))
    await plane.delete("Provider", "old")
    with pytest.raises(Exception, match="Provider 'old' does not exist"):
        await plane.resources.rollback("Model", "default", "chat", to_revision=first.revision, actor=ACTOR)
