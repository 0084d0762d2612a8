"""Each request leaves one call record, in the replica that served it."""

import asyncio
from typing import Any

import aiohttp

from tests.fakes.fleet import Fleet, FleetReplica, tenant_documents
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.probe import CHAT, ask

STREAM = {**CHAT, "stream": True}


async def test_each_request_leaves_one_record(fleet: Fleet, alpha: ModelServer) -> None:
    await fleet.apply(*tenant_documents("recorded", {"alpha": f"{alpha.url}/v1"}, {"alpha": 1}))
    key, _ = await fleet.make_key("recorded", "app")
    for replica in fleet.replicas:
        url = f"{replica.url}/recorded/v1/chat/completions"
        replies = {
            "json": await ask(url, key, CHAT),
            "stream": await ask(url, key, STREAM),
            "unknown": await ask(url, key, {**CHAT, "model": "none"}),
            "stranger": await ask(url, "isk_wrong", CHAT),
        }
        alpha.behaviour = Behaviour(status=500)
        replies["failed"] = await ask(url, key, CHAT)
        alpha.behaviour = Behaviour(gate=asyncio.Event())
        ids = {name: reply.headers["x-isthmus-request-id"] for name, reply in replies.items()}
        ids["gone"] = await leave_in_the_middle(url, key)
        alpha.behaviour = Behaviour()

        def are_written(replica: FleetReplica = replica, ids: dict[str, str] = ids) -> bool:
            return set(ids.values()) <= {record["request_id"] for record in replica.records()}

        await replica.until(are_written)
        records = replica.records()
        found = {name: [each for each in records if each["request_id"] == id] for name, id in ids.items()}
        assert {name: len(each) for name, each in found.items()} == dict.fromkeys(ids, 1)
        check(replica, {name: each[0] for name, each in found.items()})
        assert key not in repr(records)
        assert "hello" not in repr(records)


def check(replica: FleetReplica, records: dict[str, dict[str, Any]]) -> None:
    outcomes = {name: (each["outcome"], each["status"]) for name, each in records.items()}
    assert outcomes == {
        "json": ("completed", 200),
        "stream": ("completed", 200),
        "unknown": ("refused", 404),
        "stranger": ("refused", 401),
        "failed": ("completed", 500),
        "gone": ("client_gone", 499),
    }
    for name in ("json", "stream"):
        record = records[name]
        assert (record["tenant"], record["application"], record["gateway"]) == ("recorded", "app", "default")
        assert (record["model"], record["version"], record.get("stream", False)) == ("chat", "alpha", name == "stream")
        assert (record["usage"]["input_uncached"], record["usage"]["output"]) == (11, 4)
    assert {record["node"] for record in records.values()} == {replica.node}
    assert records["unknown"]["error_code"] == "model_not_found"
    assert "usage" not in records["failed"]


async def leave_in_the_middle(url: str, key: str) -> str:
    """Begin a stream, hang up after its first bytes; the request's id."""
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=STREAM, headers={"x-api-key": key}) as answer:
            await answer.content.readany()
        return answer.headers["x-isthmus-request-id"]
