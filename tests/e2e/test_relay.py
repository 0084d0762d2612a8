"""Native Anthropic calls and plain REST calls through every replica."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from anthropic import AsyncAnthropic

from tests.fakes.fleet import Fleet, document
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.probe import ask

STREAM = Path(__file__).parents[1] / "golden" / "usage" / "anthropic" / "messages" / "stream" / "body.sse"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-upstream",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 11, "output_tokens": 3},
}
UPSTREAM_KEY = "sk-ant-upstream"


@pytest.fixture
async def key(fleet: Fleet, alpha: ModelServer) -> AsyncIterator[str]:
    """Of a tenant `relay` with one Anthropic model and one REST service."""
    version = {"name": "v1", "targets": [{"providerRef": {"name": "anthropic"}, "model": "claude-upstream"}]}
    await fleet.apply(
        document("platform/Tenant/relay"),
        document("relay/Secret/anthropic", {"data": {"value": UPSTREAM_KEY}}),
        document(
            "relay/Provider/anthropic",
            {"type": "Anthropic", "baseUrl": alpha.url, "auth": {"secretRef": {"name": "anthropic"}}},
        ),
        document("relay/Model/claude", {"versions": [version]}),
        document("relay/Service/echo", {"endpoints": [{"host": "127.0.0.1", "port": alpha.port}]}),
        document("relay/Application/app"),
        document(
            "relay/Route/models", {"matches": [{"path": {"value": "/relay"}}], "models": {"refs": [{"name": "claude"}]}}
        ),
        document("relay/Route/echo", {"matches": [{"path": {"value": "/relay-rest"}}], "serviceRef": {"name": "echo"}}),
    )
    key, _ = await fleet.make_key("relay", "app")
    yield key


async def test_the_anthropic_sdk_gets_messages_and_streams(fleet: Fleet, alpha: ModelServer, key: str) -> None:
    for replica in fleet.replicas:
        async with AsyncAnthropic(base_url=f"{replica.url}/relay", api_key=key, max_retries=0) as client:
            alpha.behaviour = Behaviour(body=json.dumps(MESSAGE).encode(), headers={"content-type": "application/json"})
            message = await client.messages.create(
                model="claude", max_tokens=10, messages=[{"role": "user", "content": "hello"}]
            )
            assert (message.content[0].type, message.usage.input_tokens) == ("text", 11)
            alpha.behaviour = Behaviour(body=STREAM.read_bytes(), headers={"content-type": "text/event-stream"})
            async with client.messages.stream(
                model="claude", max_tokens=10, messages=[{"role": "user", "content": "hello"}]
            ) as stream:
                assert [text async for text in stream.text_stream] == ["Hello"]
                assert (await stream.get_final_message()).usage.output_tokens == 15
    assert {seen.path for seen in alpha.seen} == {"/v1/messages"}
    assert {seen.headers["x-api-key"] for seen in alpha.seen} == {UPSTREAM_KEY}
    assert {seen.json()["model"] for seen in alpha.seen} == {"claude-upstream"}
    assert key not in repr([(seen.headers, seen.body) for seen in alpha.seen])


async def test_a_rest_service_gets_the_request_as_it_was_sent(fleet: Fleet, alpha: ModelServer, key: str) -> None:
    body = b"\x00\xff" * 50_000
    alpha.behaviour = Behaviour(status=201, body=body, headers={"content-type": "image/png", "x-theirs": "2"})
    async with aiohttp.ClientSession() as session:
        for replica in fleet.replicas:
            headers = {"authorization": f"Bearer {key}", "content-type": "text/plain", "x-mine": "1"}
            url = f"{replica.url}/relay-rest/things/7?a=1&b=%20"
            async with session.put(url, data=body, headers=headers) as answer:
                assert (answer.status, answer.content_type, answer.headers["x-theirs"]) == (201, "image/png", "2")
                assert await answer.read() == body
            assert (await ask(f"{replica.url}/relay-rest/things", "isk_wrong")).status == 401
    seen = [(each.method, each.path, each.body, each.headers["x-mine"]) for each in alpha.seen]
    assert seen == [("PUT", "/relay-rest/things/7?a=1&b=%20", body, "1")] * len(fleet.replicas)
    assert not any("authorization" in each.headers for each in alpha.seen)
