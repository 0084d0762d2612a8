"""A gateway that runs from what was imported: its clients call what LiteLLM's clients called."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI, NotFoundError

from control_plane.litellm_import.conversion import Wish, convert
from control_plane.litellm_import.yaml_config import read_config
from tests.fakes.litellm_config import ENVIRONMENT, EXAMPLE, all_documents
from tests.fakes.model_server import Behaviour, ModelServer, model_server
from tests.fakes.oauth_issuer import service_account
from tests.fakes.replica import Replica, api_key, resource

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
}
HOSTS = ("https://example-eu.openai.azure.com/", "https://example-us.openai.azure.com/", "http://vllm.internal:8000/")


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server() as server:
        server.behaviour = Behaviour(body=json.dumps(ANSWER).encode(), headers={"content-type": "application/json"})
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    """Has the example, with hosts that are there."""
    text = EXAMPLE.read_text()
    for host in HOSTS:
        assert host in text
        text = text.replace(host, f"{upstream.url}/")
    environment = {**ENVIRONMENT, "VERTEX_CREDENTIALS": service_account(upstream.url)}
    made = convert(read_config(text.encode()), Wish(route_path="/ai"), environment, [])
    digest = hashlib.sha256(api_key().encode()).hexdigest()
    replica = Replica(tmp_path, workers=1)
    replica.write_config(
        [
            resource("Tenant", "default", {}, "platform"),
            resource("Gateway", "default", {}, "platform"),
            resource("Application", "tester", {}),
            resource("Credential", "tester", {"applicationRef": {"name": "tester"}, "hash": f"sha256:{digest}"}),
            *all_documents(made),
        ]
    )
    async with replica:
        yield replica


async def test_a_client_of_openai_calls_models_and_aliases(replica: Replica, upstream: ModelServer) -> None:
    async with AsyncOpenAI(base_url=f"{replica.url}/ai/v1", api_key=api_key(), max_retries=0) as client:
        for model in ("gpt-4o", "meta/Llama-3.3-70B"):
            answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
            assert answer.choices[0].message.content == "Hello"
        listed = [each.id async for each in client.models.list()]
    azure, vllm = upstream.seen
    assert azure.path in [
        f"/openai/deployments/gpt-4.1-{place}/chat/completions?api-version=2024-10-21" for place in ("eu", "us")
    ]
    assert azure.headers["api-key"] in ("azure-eu", "azure-us")
    assert (vllm.path, vllm.json()["model"]) == ("/v1/chat/completions", "meta-llama/Llama-3.3-70B-Instruct")
    assert "authorization" not in vllm.headers
    assert {"gpt-4.1", "claude", "gemini", "rerank", "meta/Llama-3.3-70B"} <= set(listed)


async def test_a_client_of_anthropic_calls_a_model_of_azure(replica: Replica, upstream: ModelServer) -> None:
    async with AsyncAnthropic(base_url=f"{replica.url}/ai", api_key=api_key(), max_retries=0) as client:
        message = await client.messages.create(
            model="gpt-4.1", max_tokens=9, messages=[{"role": "user", "content": "Hi"}], extra_body={"top_k": 3}
        )
    assert [each.text for each in message.content if each.type == "text"] == ["Hello"]
    assert "top_k" not in upstream.seen[-1].json()  # `drop_params` has become `lossy: Allow`


async def test_a_name_that_only_the_wildcard_had_is_not_there(replica: Replica) -> None:
    async with AsyncOpenAI(base_url=f"{replica.url}/ai/v1", api_key=api_key(), max_retries=0) as client:
        with pytest.raises(NotFoundError):
            await client.chat.completions.create(model="groq/llama", messages=[{"role": "user", "content": "Hi"}])
