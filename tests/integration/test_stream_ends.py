"""Streams of models through a real worker: official clients where the provider breaks off, is silent, or is left."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from aiohttp import web
from google import genai
from google.genai import errors as genai_errors
from google.genai.types import HttpOptions

from tests.fakes.replica import Replica, api_key, configuration, resource

GOLDEN = Path(__file__).parents[1] / "golden" / "codecs"
WIRES = {
    "/v1/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
    "/v1/messages": "anthropic-messages",
    "/v1beta/models/m:streamGenerateContent": "gemini",
}
PROVIDERS = {"openai": ("OpenAI", "/v1"), "anthropic": ("Anthropic", ""), "gemini": ("Gemini", "")}
ROOTS = {"/v1": "v1", "/v1beta": "v1beta"}
# First and last events, by path: what a patient provider streams.
EVENTS = {
    "/v1/chat/completions": (
        b'data: {"choices":[{"index":0,"delta":{"content":"Paris"}}]}\n\n',
        b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n',
    ),
    "/v1/messages": (
        b'data: {"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":7,"output_tokens":1}}}'
        b'\n\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Paris"}}\n\n',
        b'data: {"type":"content_block_stop","index":0}\n\n'
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}\n\n'
        b'data: {"type":"message_stop"}\n\n',
    ),
}
SOON_SECONDS = 10.0


class Provider:
    """Streams a golden, cut short; or what is silent until `go_on` is set."""

    def __init__(self) -> None:
        self.port = 0
        self.is_patient = False
        self.begins = asyncio.Event()  # with its head and its first event
        self.go_on = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        if self.is_patient:
            await self.begins.wait()
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        if self.is_patient:
            first, last = EVENTS[request.path]
            await response.write(first)
            await self.go_on.wait()
            await response.write(last)
        else:
            await response.write((GOLDEN / WIRES[request.path] / "streams" / "cut-short.sse").read_bytes())
        await response.write_eof()
        return response


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_post("/{path:.*}", provider.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.port = runner.addresses[0][1]
    yield provider
    provider.begins.set()
    provider.go_on.set()
    await runner.cleanup()


@pytest.fixture
async def replica(tmp_path: Path, provider: Provider) -> AsyncIterator[Replica]:
    url = f"http://127.0.0.1:{provider.port}"
    kept = [
        each
        for each in configuration({"rest": url})
        if each["kind"] in ("Tenant", "Gateway", "Application", "Credential")
    ]
    policy = {"commitAfterSeconds": 1, "keepAliveSeconds": 2, "onClientGone": "Drain", "drainSeconds": 30}
    documents = [
        *kept,
        resource("Secret", "key", {"data": {"value": "k"}}),
        *(
            resource(
                "Provider",
                name,
                {"type": kind, "baseUrl": url + root, "auth": {"type": "ApiKey", "secretRef": {"name": "key"}}},
            )
            for name, (kind, root) in PROVIDERS.items()
        ),
        *(
            resource(
                "Model",
                name,
                {"versions": [{"name": "v", "targets": [{"providerRef": {"name": name}, "model": "m"}]}]},
            )
            for name in PROVIDERS
        ),
        *(
            resource("Route", name, {"matches": [{"path": {"value": path}}], "models": {"matchLabels": {}}})
            for path, name in ROOTS.items()
        ),
        resource("StreamPolicy", "all", {"selector": {"kind": "Route"}, **policy}),
    ]
    replica = Replica(tmp_path, workers=1)
    replica.write_config(documents)
    async with replica:
        yield replica


# The provider breaks off.


async def ask_chat(url: str, model: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=api_key(), max_retries=0) as client:
        async for _ in await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hi"}], stream=True
        ):
            pass


async def ask_responses(url: str, model: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=api_key(), max_retries=0) as client:
        async for _ in await client.responses.create(model=model, input="Hi", stream=True):
            pass


async def ask_messages(url: str, model: str) -> None:
    async with anthropic.AsyncAnthropic(base_url=url, api_key=api_key(), max_retries=0) as client:
        async for _ in await client.messages.create(
            model=model, max_tokens=99, messages=[{"role": "user", "content": "Hi"}], stream=True
        ):
            pass


async def ask_gemini(url: str, model: str) -> None:
    def ask() -> None:
        client = genai.Client(api_key=api_key(), http_options=HttpOptions(base_url=url))
        for _ in client.models.generate_content_stream(model=model, contents="Hi"):
            pass

    await asyncio.to_thread(ask)  # its asynchronous client inherits from what must not be inherited from


CLIENTS: dict[str, tuple[Callable[[str, str], Any], type[Exception]]] = {
    "chat": (ask_chat, openai.APIError),
    "responses": (ask_responses, openai.APIError),
    "messages": (ask_messages, anthropic.APIStatusError),
    "gemini": (ask_gemini, genai_errors.APIError),
}


async def test_no_official_client_takes_a_broken_stream_for_a_whole_one(replica: Replica) -> None:
    """Each client at each provider, relayed and translated."""
    for ask, error in CLIENTS.values():
        for model in PROVIDERS:
            with pytest.raises(error, match="ended the stream before its end"):
                await asyncio.wait_for(ask(replica.url, model), SOON_SECONDS)
    count = len(CLIENTS) * len(PROVIDERS)
    await replica.until(lambda: len(replica.records()) == count)
    records = replica.records()
    assert [each["error_code"] for each in records] == ["upstream_cut_short"] * count
    assert all(each["usage"] for each in records)  # by OpenAI nothing of it is told before the end
    assert all(each["is_estimated"] for each in records if each["target"].startswith("openai/"))


# The provider is silent, or is left.


MODELS = pytest.mark.parametrize("model", ["openai", "anthropic"], ids=["relayed", "translated"])


async def open_stream(replica: Replica, model: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
    body = b'{"model":"%b","stream":true,"messages":[{"role":"user","content":"Hi"}]}' % model.encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {api_key()}\r\n"
    writer.write(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    return reader, writer


async def until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    return await asyncio.wait_for(reader.readuntil(end), SOON_SECONDS)


@MODELS
async def test_a_stream_begins_by_itself_and_is_kept_alive(replica: Replica, provider: Provider, model: str) -> None:
    provider.is_patient = True
    reader, writer = await open_stream(replica, model)
    head = await until(reader, b": keep-alive\n\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"text/event-stream" in head
    provider.begins.set()
    await until(reader, b"Paris")
    await until(reader, b": keep-alive\n\n")
    provider.go_on.set()
    rest = await until(reader, b"0\r\n\r\n")
    assert b"[DONE]" in rest and b"HTTP/1.1" not in rest
    writer.close()


@MODELS
async def test_what_an_answer_has_cost_is_known_though_its_client_has_gone(
    replica: Replica, provider: Provider, model: str
) -> None:
    provider.is_patient = True
    provider.begins.set()
    reader, writer = await open_stream(replica, model)
    await until(reader, b"Paris")
    writer.close()
    await writer.wait_closed()
    await replica.until_metric("isthmus_connections", 0)
    assert replica.records() == []
    provider.go_on.set()
    await replica.until(lambda: replica.records())
    (record,) = replica.records()
    assert (record["outcome"], record["status"]) == ("client_gone", 499)
    assert record["usage"] == {"input_uncached": 7, "output": 3} and not record.get("is_estimated")
