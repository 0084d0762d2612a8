"""A client of one API at a provider of another, over real sockets: what the provider gets, and the client hears."""

import asyncio
import json
from typing import Any

import pytest

from data_plane.codecs.foreign_state import seal_thought
from data_plane.errors import UnmappableFields
from data_plane.llm.content import Thought
from data_plane.upstream.pool import Pools
from data_plane.usage import Usage
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.model_targets import (
    ANTHROPIC_ANSWER,
    ANTHROPIC_EVENTS,
    NOW,
    OPENAI_ANSWER,
    call,
    data_of,
    events,
    target,
    to,
)
from tests.fakes.upstream import FakeReceiver, Script, answer, read_body, says

CHAT = {"model": "gpt", "messages": [{"role": "user", "content": "Capital of France?"}], "max_tokens": 9}
JSON = b"content-type: application/json"
SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def streams(*pieces: bytes, ends: bool = True) -> Script:
    """Send a stream piece by piece, then end it or close amid it."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await read_body(reader, head)
        writer.write(SSE)
        for piece in pieces:
            writer.write(chunk(piece))
            await writer.drain()
        if ends:
            writer.write(b"0\r\n\r\n")
        else:
            writer.close()

    return script


async def asked(pools: Pools, open_upstream: OpenUpstream, script: Script, body: dict[str, Any]) -> FakeReceiver:
    """What becomes of a call of OpenAI's API at Anthropic."""
    upstream = await open_upstream(script)
    made = call("/v1/chat/completions", body)
    to(pools, target(upstream.endpoint())).send(made, streams_body=False)
    return await made.end()


async def test_the_provider_is_asked_in_its_own_api(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    bodies = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(answer(200, JSON, body=json.dumps(ANTHROPIC_ANSWER).encode()))

    upstream.script = script
    made = call(
        "/v1/chat/completions",
        {**CHAT, "model": "gpt"},
        authorization="Bearer isk_mine",
        openai_organization="org",
        x_stainless_lang="python",
        user_agent="sdk",
        traceparent="00-1-2-01",
    )
    to(pools, target(upstream.endpoint())).send(made, streams_body=False)
    await made.end()

    head = upstream.heads[0].split(b"\r\n")
    assert head[0] == b"POST /v1/messages HTTP/1.1"
    assert sorted(head[1:-2]) == sorted(
        [
            b"host: models.example",
            b"anthropic-version: 2023-06-01",
            b"accept-encoding: identity",
            b"content-type: application/json",
            b"accept: application/json",
            b"traceparent: 00-1-2-01",
            b"user-agent: sdk",
            b"x-api-key: sk-ours",
            b"content-length: %d" % len(bodies[0]),
            b"x-isthmus-request-id: id-1",
        ]
    )
    sent = json.loads(bodies[0])
    assert (sent["model"], sent["max_tokens"]) == ("m1-model", 9)
    assert sent["messages"] == [{"role": "user", "content": "Capital of France?"}] or sent["messages"][0]["content"]


async def test_tokens_that_only_the_head_tells_are_told_and_counted(pools: Pools, open_upstream: OpenUpstream) -> None:
    vectors = json.dumps({"id": "x", "embeddings": {"float": [[0.5, 1]]}}).encode()
    upstream = await open_upstream(says(answer(200, JSON, b"x-amzn-bedrock-input-token-count: 54", body=vectors)))
    made = call("/v1/embeddings", {"model": "gpt", "input": "a"})
    to(pools, target(upstream.endpoint(), "Bedrock", "cohere.embed-v4")).send(made, streams_body=False)
    await made.end()

    assert json.loads(made.body)["usage"] == {"prompt_tokens": 54, "total_tokens": 54}
    assert made.exchange.meter is not None
    assert made.exchange.meter.usage() == Usage(input_uncached=54)


async def test_a_whole_answer_comes_in_the_clients_api(pools: Pools, open_upstream: OpenUpstream) -> None:
    script = says(answer(200, JSON, b"request-id: req_1", body=json.dumps(ANTHROPIC_ANSWER).encode()))
    made = await asked(pools, open_upstream, script, CHAT)

    assert made.response is not None
    assert made.response.headers == [(b"content-type", b"application/json"), (b"x-request-id", b"req_1")]
    assert made.response.length == len(made.body)
    told = json.loads(made.body)
    assert told["choices"][0]["message"]["content"] == "Paris"
    assert told["created"] == int(NOW)
    assert told["usage"] == told["usage"] | {"prompt_tokens": 10, "completion_tokens": 2}
    meter = made.exchange.meter
    assert meter is not None and meter.usage() == Usage(input_uncached=7, cache_read=3, output=2)


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_stream_comes_in_the_clients_api(pools: Pools, open_upstream: OpenUpstream, size: int) -> None:
    stream = events(*ANTHROPIC_EVENTS)
    pieces = [stream[place : place + size] for place in range(0, len(stream), size)]
    made = await asked(pools, open_upstream, streams(*pieces), {**CHAT, "stream": True})

    assert made.error is None and made.response is not None
    assert made.response.headers == [(b"content-type", b"text/event-stream"), (b"x-request-id", b"req_1")]
    chunks = data_of(made.body)
    assert chunks.pop() == "[DONE]"
    assert "".join(each["choices"][0]["delta"].get("content") or "" for each in chunks) == "Paris"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert all(each["choices"] for each in chunks)  # no usage: nobody asked
    meter = made.exchange.meter
    assert meter is not None and meter.usage() == Usage(input_uncached=7, cache_read=3, output=2)


@pytest.mark.parametrize(
    "status, kind, code, retryable",
    [
        (400, "invalid_request_error", "provider_rejected", False),
        (404, "not_found_error", "provider_model_unknown", False),
        (413, "request_too_large", "provider_body_too_large", False),
        (429, "rate_limit_error", "provider_rate_limited", True),
        (500, "api_error", "upstream_failed", True),
        (529, "overloaded_error", "provider_overloaded", True),
    ],
)
async def test_errors_keep_their_meaning(
    pools: Pools, open_upstream: OpenUpstream, status: int, kind: str, code: str, retryable: bool
) -> None:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": "because"}}).encode()
    script = says(answer(status, JSON, b"retry-after: 7", b"request-id: req_1", body=body))
    made = await asked(pools, open_upstream, script, CHAT)

    error = made.error
    assert error is not None and (error.code, error.message, error.is_retryable) == (code, "because", retryable)
    assert error.retry_after_seconds == 7
    assert (b"x-request-id", b"req_1") in error.headers


async def test_a_context_that_is_too_long_has_openai_s_code(pools: Pools, open_upstream: OpenUpstream) -> None:
    error = {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}
    body = json.dumps({"type": "error", "error": error}).encode()
    made = await asked(pools, open_upstream, says(answer(400, JSON, body=body)), CHAT)

    assert made.error is not None and made.error.code == "context_length_exceeded"


@pytest.mark.parametrize(
    "script, code",
    [
        (says(answer(200, JSON, body=b"not json")), "invalid_upstream_response"),
        (says(answer(200, JSON, body=b"{}")), "invalid_upstream_response"),
        (says(answer(500, JSON, body=b"<html>")), "upstream_failed"),
        (says(answer(400, JSON, body=b"x" * 200_000)), "provider_rejected"),
    ],
    ids=["no JSON", "no answer", "error that is none", "long error"],
)
async def test_what_is_no_answer_is_told(pools: Pools, open_upstream: OpenUpstream, script: Script, code: str) -> None:
    made = await asked(pools, open_upstream, script, CHAT)

    assert made.error is not None and made.error.code == code
    assert made.response is None
    assert len(made.error.message) < 10_000


async def test_a_stream_that_fails_before_its_first_content_is_an_ordinary_error(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    script = streams(events(ANTHROPIC_EVENTS[0], failure))
    made = await asked(pools, open_upstream, script, {**CHAT, "stream": True})

    assert made.error is not None and made.error.code == "provider_overloaded"
    assert made.body == b"" and made.error.event == b""


@pytest.mark.parametrize("ends", [True, False], ids=["ends", "breaks off"])
async def test_a_stream_that_breaks_off_ends_in_an_error_event(
    pools: Pools, open_upstream: OpenUpstream, ends: bool
) -> None:
    script = streams(events(*ANTHROPIC_EVENTS[:4]), ends=ends)
    made = await asked(pools, open_upstream, script, {**CHAT, "stream": True})

    assert made.error is not None and made.error.code == "upstream_cut_short"
    assert "Par" in made.body.decode() and b"[DONE]" not in made.body
    told = data_of(made.error.event)
    assert told[0]["error"]["code"] == "upstream_cut_short"


async def test_a_failure_amid_a_stream_is_told_in_the_clients_words(pools: Pools, open_upstream: OpenUpstream) -> None:
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    script = streams(events(*ANTHROPIC_EVENTS[:3], failure))
    made = await asked(pools, open_upstream, script, {**CHAT, "stream": True})

    assert made.error is not None and made.error.code == "provider_overloaded"
    assert data_of(made.error.event)[0]["error"]["message"] == "busy"


async def test_an_answer_that_should_be_a_stream_is_told(pools: Pools, open_upstream: OpenUpstream) -> None:
    script = says(answer(200, JSON, body=json.dumps(ANTHROPIC_ANSWER).encode()))
    made = await asked(pools, open_upstream, script, {**CHAT, "stream": True})

    assert made.error is not None and made.error.code == "invalid_upstream_response"


@pytest.mark.parametrize("is_lossy", [False, True])
async def test_what_has_no_equivalent_is_refused_unless_the_route_allows(
    pools: Pools, open_upstream: OpenUpstream, is_lossy: bool
) -> None:
    upstream = await open_upstream(says(answer(200, JSON, body=json.dumps(ANTHROPIC_ANSWER).encode())))
    made = call("/v1/chat/completions", {**CHAT, "seed": 7, "logit_bias": {"1": 1}})
    dispatcher = to(pools, target(upstream.endpoint()), is_lossy=is_lossy)
    if not is_lossy:
        with pytest.raises(UnmappableFields, match="`seed`"):
            dispatcher.send(made, streams_body=False)
        assert upstream.connections == 0
        return
    dispatcher.send(made, streams_body=False)
    await made.end()
    assert made.status == 200
    assert set(made.exchange.dropped) == {"seed", "logit_bias"}


async def test_another_target_relays_what_the_first_would_have_translated(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    busy = await open_upstream(says(answer(529, JSON, body=b"{}")))
    other = await open_upstream(says(answer(200, JSON, body=json.dumps(OPENAI_ANSWER).encode())))
    made = call("/v1/chat/completions", {**CHAT, "seed": 7})
    made.exchange.adds_usage = True
    meter = made.exchange.meter
    ways = target(busy.endpoint()), target(other.endpoint(), "OpenAI", "m2")
    to(pools, *ways, is_lossy=True).send(made, streams_body=False)
    await made.end()

    assert json.loads(made.body) == OPENAI_ANSWER  # as it came
    assert made.exchange.meter is meter and made.exchange.adds_usage
    assert made.exchange.dropped == ()  # nothing is, of what is relayed
    assert made.tries == [("m1/m1-model", 529, "overloaded"), ("m2/m2-model", 200, "")]


async def test_state_of_another_provider_goes_through_the_codec(pools: Pools, open_upstream: OpenUpstream) -> None:
    """A conversation that moved: what OpenAI's model thought is nothing that Anthropic has signed."""
    upstream = await open_upstream()
    heads, bodies = [], []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        heads.append(head)
        bodies.append(await read_body(reader, head))
        writer.write(answer(200, JSON, body=json.dumps(ANTHROPIC_ANSWER).encode()))

    upstream.script = script
    thought = {
        "type": "thinking",
        "thinking": "Hm",
        "signature": seal_thought(Thought("Hm", "openai-responses", "sig")),
    }
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Hello"}]},
        {"role": "user", "content": "Bye"},
    ]
    asked = {"model": "m", "max_tokens": 9, "messages": turns, "metadata": {"user_id": "u"}}
    made = call("/v1/messages", asked, anthropic_version="2023-06-01", anthropic_beta="new-2026")
    to(pools, target(upstream.endpoint())).send(made, streams_body=False)
    await made.end()

    assert b"isthmus1" not in bodies[0] and b"thinking" not in bodies[0]
    assert {b"anthropic-version: 2023-06-01", b"anthropic-beta: new-2026"} <= {*heads[0].lower().split(b"\r\n")}
    assert json.loads(bodies[0])["metadata"] == {"user_id": "u"}
    assert json.loads(made.body)["content"] == ANTHROPIC_ANSWER["content"]


async def test_a_client_of_gemini_s_gets_an_array_where_it_asked_for_no_events(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    upstream = await open_upstream(streams(events(*ANTHROPIC_EVENTS)))
    body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    made = call("/v1beta/models/m:streamGenerateContent", body)
    to(pools, target(upstream.endpoint())).send(made, streams_body=False)
    await made.end()

    assert made.response is not None and made.response.headers[0] == (b"content-type", b"application/json")
    parts = [
        part for each in json.loads(made.body) for part in each["candidates"][0].get("content", {}).get("parts", [])
    ]
    assert "".join(part["text"] for part in parts) == "Paris"


async def test_a_stream_of_nothing_but_signs_of_life_is_not_kept_for_ever(
    pools: Pools, open_upstream: OpenUpstream
) -> None:
    pings = events({"type": "ping"}) * 20_000
    script = streams(events(ANTHROPIC_EVENTS[0]), pings, ends=False)
    made = await asked(pools, open_upstream, script, {**CHAT, "stream": True})

    assert made.error is not None and made.error.code == "upstream_cut_short"
    assert len(made.body) > 64 * 1024  # it has gone on to the client
