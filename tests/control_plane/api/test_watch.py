"""Watching: what comes, from where, and what ends it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node
from control_plane.store.base import Compare, Put
from control_plane.store.memory import MemoryStore
from tests.fakes.rest_api import RestApi, rest_api

TEAMS = "/v1/tenants/default/teams"


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        yield running


async def put(api: RestApi, name: str, text: str = "", **labels: str) -> int:
    body = {"kind": "Team", "metadata": {"name": name, "labels": labels}, "spec": {"displayName": text}}
    return (await api.call("PUT", f"{TEAMS}/{name}", body)).revision


async def test_changes_after_the_revision_come_in_order(api: RestApi) -> None:
    start = await put(api, "a", "1")
    async with api.stream(f"{TEAMS}?watch=true&resourceVersion={start}") as stream:
        first = await put(api, "b")
        await put(api, "b", "2")
        await api.call("DELETE", f"{TEAMS}/b")
        events = [await stream.next() for _ in range(3)]
    assert [(name, data["metadata"]["name"]) for name, data, _ in events] == [
        ("added", "b"),
        ("modified", "b"),
        ("deleted", "b"),
    ]
    assert events[0][2] == str(first)


async def test_a_client_resumes_after_the_last_event_it_had(api: RestApi) -> None:
    start = await put(api, "a")
    seen = await put(api, "b")
    await put(api, "c")
    async with api.stream(f"{TEAMS}?watch=true&resourceVersion={start}", Last_Event_ID=str(seen)) as stream:
        assert (await stream.next())[1]["metadata"]["name"] == "c"


async def test_without_a_revision_it_begins_now_and_says_where(api: RestApi) -> None:
    revision = await put(api, "a")
    async with api.stream(f"{TEAMS}?watch=true") as stream:
        name, data, id = await stream.next(skip=())
    assert (name, data, id) == ("bookmark", {"metadata": {"revision": revision}}, str(revision))


async def test_labels_select_what_is_watched(api: RestApi) -> None:
    start = await put(api, "a")
    async with api.stream(f"{TEAMS}?watch=true&resourceVersion={start}&labelSelector=stage=live") as stream:
        await put(api, "b", stage="test")
        await put(api, "c", stage="live")
        assert (await stream.next())[1]["metadata"]["name"] == "c"


async def test_a_revision_that_is_no_longer_kept_is_410(api: RestApi) -> None:
    start = await put(api, "a")
    await put(api, "b")
    cast(MemoryStore, api.store).compact(await put(api, "c"))
    answer = await api.call("GET", f"{TEAMS}?watch=true&resourceVersion={start}")
    assert (answer.status, answer.json["code"]) == (410, "expired")


async def test_events_tell_of_changes(api: RestApi) -> None:
    await api.caught_up()
    async with api.stream("/v1/events") as stream:
        revision = await put(api, "a")
        name, data, _ = await stream.next()
    assert (name, data) == ("resource", {"resource": "default/Team/a", "action": "changed", "revision": revision})


async def test_events_tell_of_replicas_and_their_acks(api: RestApi) -> None:
    record = NodeRecord("r1", "default", "cp-1", 1, True, "2026-11-24T00:00:00Z", 0, "")
    async with api.stream("/v1/events") as stream:
        await api.store.transact([Compare(f"{NODES_PREFIX}r1", 0)], [Put(f"{NODES_PREFIX}r1", encode_node(record))])
        joined = await stream.next()
        revision = (await api.store.list(NODES_PREFIX)).entries[0].revision
        acked = encode_node(replace(record, revision=7, acked_at="2026-11-24T00:00:01Z"))
        await api.store.transact([Compare(f"{NODES_PREFIX}r1", revision)], [Put(f"{NODES_PREFIX}r1", acked)])
        accepted = await stream.next()
    assert (joined[0], joined[1]["node"], joined[1]["connected"]) == ("replica", "r1", True)
    assert (accepted[0], accepted[1]["revision"]) == ("ack", 7)
    replicas = await api.call("GET", "/v1/replicas")
    assert [(each["node"], each["connected"]) for each in replicas.json["items"]] == [("r1", True)]
    assert (await api.call("GET", "/v1/status")).json["counts"]["replicas"] == 1
