"""The fake providers refuse what theirs do, each in its own words."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.fakes.matrix_scenario import Failure
from tests.fakes.provider_anthropic import Anthropic, VertexClaude
from tests.fakes.provider_bedrock import BedrockConverse, BedrockInvoke
from tests.fakes.provider_compatible import AzureChat, MistralChat, TgiChat, VllmChat
from tests.fakes.provider_gemini import Gemini, Vertex
from tests.fakes.provider_openai_chat import OpenAIChat
from tests.fakes.provider_openai_responses import OpenAIResponses
from tests.fakes.provider_stage import KEY, Asked, FakeProvider, Refused

KEYS = {
    "authorization": f"Bearer {KEY}",
    "x-api-key": KEY,
    "api-key": KEY,
    "x-goog-api-key": KEY,
    "anthropic-version": "2023-06-01",
}
PATHS: Mapping[type[FakeProvider], str] = {
    OpenAIChat: "/v1/chat/completions",
    OpenAIResponses: "/v1/responses",
    Anthropic: "/v1/messages",
    Gemini: "/v1beta/models/gemini-3-pro-preview:generateContent",
    AzureChat: "/openai/v1/chat/completions",
    VllmChat: "/v1/chat/completions",
    TgiChat: "/v1/chat/completions",
    MistralChat: "/v1/chat/completions",
    BedrockConverse: "/model/anthropic.claude/converse",
}
HI = [{"role": "user", "content": "Hi"}]
TURN = [{"role": "user", "parts": [{"text": "Hi"}]}]
BODIES: Mapping[type[FakeProvider], dict[str, Any]] = {
    OpenAIChat: {"model": "gpt-4.1", "messages": HI},
    OpenAIResponses: {"model": "gpt-4.1", "input": HI},
    Anthropic: {"model": "claude", "max_tokens": 2048, "messages": HI},
    Gemini: {"contents": TURN},
}
for like in (AzureChat, VllmChat, TgiChat, MistralChat):
    BODIES[like] = BODIES[OpenAIChat]  # type: ignore[index]
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}


def called(id: str) -> dict[str, Any]:
    call = {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def result(id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": "fine"}


def function(**fields: Any) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": "f", "parameters": OPEN, **fields}}]


def said(*content: dict[str, Any], role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": list(content)}


def use(id: str = "t1") -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "f", "input": {}}


def used(id: str = "t1") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": "fine"}


def format(schema: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"schema": schema, "strict": True, "name": "n", **fields}}


THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": "s"}
BUDGET = {"type": "enabled", "budget_tokens": 1024}
CALL = {"functionCall": {"name": "f", "args": {}}}
ANSWER = {"functionResponse": {"name": "f", "response": {}}}
DECLARED = {"name": "f", "parametersJsonSchema": OPEN}
CASES: Mapping[str, tuple[type[FakeProvider], dict[str, Any], str]] = {
    "openai: no messages": (OpenAIChat, {"messages": []}, "too short"),
    "openai: unknown field": (OpenAIChat, {"top_k": 1}, "top_k"),
    "openai: unknown field of a message": (OpenAIChat, {"messages": [{**HI[0], "prefix": True}]}, "prefix"),
    "openai: unknown role": (OpenAIChat, {"messages": [{**HI[0], "role": "model"}]}, "Invalid value"),
    "openai: null content": (OpenAIChat, {"messages": [{"role": "user", "content": None}]}, "got null"),
    "openai: call not answered": (OpenAIChat, {"messages": [*HI, called("c"), *HI]}, "must be answered"),
    "openai: call not answered at the end": (OpenAIChat, {"messages": [*HI, called("c")]}, "must be answered"),
    "openai: result of no call": (OpenAIChat, {"messages": [*HI, result("c")]}, "must follow"),
    "openai: long id": (OpenAIChat, {"messages": [*HI, called("c" * 41), result("c" * 41)]}, "too long"),
    "openai: name of a tool": (OpenAIChat, {"tools": function(name="f g")}, "name"),
    "openai: open strict tool": (OpenAIChat, {"tools": function(strict=True)}, "additionalProperties"),
    "openai: strict tool with options": (
        OpenAIChat,
        {"tools": function(strict=True, parameters={**CLOSED, "required": []})},
        "required",
    ),
    "openai: choice without tools": (OpenAIChat, {"tool_choice": "auto"}, "only allowed when 'tools'"),
    "openai: schema without a name": (OpenAIChat, {"response_format": format(CLOSED, name="")}, "name"),
    "openai: open schema": (OpenAIChat, {"response_format": format(OPEN)}, "additionalProperties"),
    "openai: JSON unasked": (OpenAIChat, {"response_format": {"type": "json_object"}}, "'json'"),
    "openai: temperature": (OpenAIChat, {"temperature": 2.5}, "temperature"),
    "openai: stops": (OpenAIChat, {"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    "openai: usage of no stream": (OpenAIChat, {"stream_options": {"include_usage": True}}, "stream_options"),
    "openai: top_logprobs alone": (OpenAIChat, {"top_logprobs": 2}, "top_logprobs"),
    "openai: old limit of who reasons": (OpenAIChat, {"model": "gpt-5", "max_tokens": 9}, "max_completion_tokens"),
    "openai: sampling of who reasons": (OpenAIChat, {"model": "gpt-5", "temperature": 0.5}, "temperature"),
    "openai: effort of who does not": (OpenAIChat, {"reasoning_effort": "low"}, "reasoning_effort"),
    "openai: picture of a kind": (
        OpenAIChat,
        {"messages": [said({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AA=="}}, role="user")]},
        "unsupported image",
    ),
    "responses: no input": (OpenAIResponses, {"input": []}, "input"),
    "responses: few tokens": (OpenAIResponses, {"max_output_tokens": 15}, "minimum"),
    "responses: reasoning alone": (
        OpenAIResponses,
        {"input": [*HI, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}]},
        "following item",
    ),
    "responses: reasoning that nobody keeps": (
        OpenAIResponses,
        {"input": [*HI, {"type": "reasoning", "id": "rs_1", "summary": []}]},
        "not persisted",
    ),
    "responses: call not answered": (
        OpenAIResponses,
        {"input": [*HI, {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]},
        "No tool output",
    ),
    "responses: result of no call": (
        OpenAIResponses,
        {"input": [*HI, {"type": "function_call_output", "call_id": "c", "output": ""}]},
        "No tool call",
    ),
    "responses: stop": (OpenAIResponses, {"stop": ["a"]}, "stop"),
    "anthropic: no limit": (Anthropic, {"max_tokens": None}, "max_tokens"),
    "anthropic: assistant first": (Anthropic, {"messages": [said({"type": "text", "text": "Hi"})]}, "first message"),
    "anthropic: system among messages": (
        Anthropic,
        {"messages": [*HI, {"role": "system", "content": "S"}]},
        "Unexpected role",
    ),
    "anthropic: empty text": (Anthropic, {"messages": [said({"type": "text", "text": " "}, role="user")]}, "non-empty"),
    "anthropic: id of a call": (
        Anthropic,
        {"messages": [*HI, said(use("a.b")), said(used("a.b"), role="user")]},
        "pattern",
    ),
    "anthropic: no result": (Anthropic, {"messages": [*HI, said(use()), *HI]}, "without `tool_result`"),
    "anthropic: other result": (Anthropic, {"messages": [*HI, said(use()), said(used("t2"), role="user")]}, "without"),
    "anthropic: result late": (
        Anthropic,
        {"messages": [*HI, said(use()), said({"type": "text", "text": "So"}, used(), role="user")]},
        "come first",
    ),
    "anthropic: space at the end": (Anthropic, {"messages": [*HI, said({"type": "text", "text": "A "})]}, "trailing"),
    "anthropic: thought without signature": (
        Anthropic,
        {"messages": [*HI, said({**THOUGHT, "signature": ""}), *HI]},
        "signature",
    ),
    "anthropic: budget over the limit": (Anthropic, {"thinking": {**BUDGET, "budget_tokens": 2048}}, "max_tokens"),
    "anthropic: small budget": (Anthropic, {"thinking": {**BUDGET, "budget_tokens": 99}}, "1024"),
    "anthropic: warm thought": (Anthropic, {"thinking": BUDGET, "temperature": 0.5}, "temperature"),
    "anthropic: forced thought": (
        Anthropic,
        {"thinking": BUDGET, "tools": [{"name": "f", "input_schema": OPEN}], "tool_choice": {"type": "any"}},
        "forces tool use",
    ),
    "anthropic: thought is lost": (
        Anthropic,
        {"thinking": BUDGET, "messages": [*HI, said(use()), said(used(), role="user")]},
        "Expected `thinking`",
    ),
    "anthropic: temperature": (Anthropic, {"temperature": 1.5}, "temperature"),
    "anthropic: both kinds of sampling": (Anthropic, {"temperature": 0.5, "top_p": 0.9}, "both"),
    "anthropic: schema that is no object": (Anthropic, {"tools": [{"name": "f", "input_schema": {}}]}, "object"),
    "anthropic: open format": (
        Anthropic,
        {"output_config": {"format": {"type": "json_schema", "schema": OPEN}}},
        "additionalProperties",
    ),
    "anthropic: unknown field": (Anthropic, {"seed": 1}, "seed"),
    "gemini: no contents": (Gemini, {"contents": []}, "contents"),
    "gemini: role": (Gemini, {"contents": [{**TURN[0], "role": "assistant"}]}, "valid role"),
    "gemini: model first": (Gemini, {"contents": [{**TURN[0], "role": "model"}]}, "user turn"),
    "gemini: answers missing": (Gemini, {"contents": [*TURN, {"role": "model", "parts": [CALL]}, *TURN]}, "number of"),
    "gemini: no signature": (
        Gemini,
        {"contents": [*TURN, {"role": "model", "parts": [CALL]}, {"role": "user", "parts": [ANSWER]}]},
        "thought_signature",
    ),
    "gemini: schema beyond the subset": (
        Gemini,
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "$ref": "x"}}]}]},
        "$ref",
    ),
    "gemini: names without need": (
        Gemini,
        {
            "tools": [{"functionDeclarations": [DECLARED]}],
            "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}},
        },
        "ANY",
    ),
    "gemini: budget and level": (
        Gemini,
        {"generationConfig": {"thinkingConfig": {"thinkingBudget": 9, "thinkingLevel": "LOW"}}},
        "together",
    ),
    "gemini: schema of text": (Gemini, {"generationConfig": {"responseJsonSchema": OPEN}}, "mime"),
    "gemini: kind of picture": (
        Gemini,
        {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/gif", "data": "AA=="}}]}]},
        "MIME",
    ),
    "gemini: unknown field": (Gemini, {"generationConfig": {"n": 2}}, "n:"),
    "mistral: id of a call": (MistralChat, {"messages": [*HI, called("call_1"), result("call_1")]}, "length of 9"),
    "mistral: unknown field": (MistralChat, {"stream_options": {}}, "stream_options"),
    "mistral: user after a tool": (
        MistralChat,
        {"messages": [*HI, called("abcdefgh1"), result("abcdefgh1"), *HI]},
        "after role 'tool'",
    ),
    "mistral: developer": (MistralChat, {"messages": [{"role": "developer", "content": "D"}, *HI]}, "developer"),
    "vllm: developer": (VllmChat, {"messages": [{"role": "developer", "content": "D"}, *HI]}, "developer"),
    "tgi: new limit": (TgiChat, {"max_completion_tokens": 9}, "max_completion_tokens"),
}


def ask(provider: type[FakeProvider], body: dict[str, Any], headers: Mapping[str, str] = KEYS, path: str = "") -> Asked:
    return Asked("POST", path or PATHS[provider], "", headers, json.dumps(body).encode())


@pytest.mark.parametrize("name", CASES)
def test_what_a_provider_refuses_its_fake_refuses(name: str) -> None:
    provider, changed, phrase = CASES[name]
    body = {key: value for key, value in {**BODIES[provider], **changed}.items() if value is not None}
    with pytest.raises(Refused) as caught:
        provider().read(ask(provider, body))
    assert phrase in str(caught.value)


@pytest.mark.parametrize("provider", BODIES)
def test_what_it_does_not_refuse_is_heard(provider: type[FakeProvider]) -> None:
    assert provider().read(ask(provider, BODIES[provider])).users == ["Hi"]


@pytest.mark.parametrize("provider", [OpenAIChat, OpenAIResponses, Anthropic, Gemini, AzureChat, MistralChat])
def test_a_wrong_key_is_refused(provider: type[FakeProvider]) -> None:
    wrong = {**dict.fromkeys(KEYS, "wrong"), "anthropic-version": "2023-06-01"}
    with pytest.raises(Refused, match=r"(?i)key"):
        provider().read(ask(provider, BODIES[provider], wrong))


@pytest.mark.parametrize("provider", [BedrockConverse, BedrockInvoke])
def test_what_is_not_signed_is_refused(provider: type[FakeProvider]) -> None:
    with pytest.raises(Refused, match="security token") as caught:
        provider().read(ask(provider, {}, path="/model/anthropic.claude/converse"))
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("provider", "path"),
    [(VertexClaude, "/v1/messages"), (Vertex, PATHS[Gemini]), (AzureChat, "/v1/chat/completions")],
    ids=["Claude on Vertex AI", "Gemini on Vertex AI", "Azure"],
)
def test_other_paths_are_not_found(provider: type[FakeProvider], path: str) -> None:
    with pytest.raises(Refused) as caught:
        provider().read(ask(provider, {}, path=path))
    assert caught.value.status == 404


SHAPES: Mapping[type[FakeProvider], tuple[str, ...]] = {
    OpenAIChat: ("error", "code"),
    Anthropic: ("error", "type"),
    Gemini: ("error", "status"),
    BedrockConverse: ("message",),
    MistralChat: ("message",),
}


@pytest.mark.parametrize("provider", SHAPES)
def test_each_tells_errors_in_its_own_shape(provider: type[FakeProvider]) -> None:
    reply = provider().failure(Failure(429, "rate", 7), "Slow down")
    found = json.loads(b"".join(reply.pieces))
    for name in SHAPES[provider]:
        found = found[name]
    assert (reply.status, bool(found)) == (429, True)
    assert "7" in reply.headers.get("retry-after", json.dumps(json.loads(b"".join(reply.pieces))))
