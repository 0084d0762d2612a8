"""Requests of clients, written for Cohere's chat; what it has no word for is named."""

from pathlib import Path
from typing import Any

from pytest import mark, param

from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest
from data_plane.llm.content import Message, Role, Text, Thought, ToolCall
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import cases, decode, encode
from tests.fakes.damage import damages

COHERE, OPENAI, ANTHROPIC = CODECS["cohere-chat"], CODECS["openai-chat"], CODECS["anthropic-messages"]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
USER = {"role": "user", "content": "Hi"}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "description": "Does", "parameters": SCHEMA}}
G: dict[str, Any] = {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}}
CUSTOM = {"type": "custom", "custom": {"name": "free"}}
PNG = "data:image/png;base64,iVBORw0KGgo="
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}}
NO_THOUGHT = Traits(reasoning=ReasoningStyle.NONE)


def of_openai(traits: Traits = UNKNOWN, **body: Any) -> tuple[Any, list[str]]:
    return encode(COHERE, decode(OPENAI, {"model": "command-a", "messages": [USER], **body}), traits)


def of_anthropic(**body: Any) -> tuple[Any, list[str]]:
    return encode(COHERE, decode(ANTHROPIC, {"model": "command-a", "max_tokens": 9, "messages": [USER], **body}))


def test_a_request_has_its_model_and_messages() -> None:
    assert of_openai() == ({"model": "command-a", "messages": [USER]}, [])


@mark.parametrize(
    ("given", "written"),
    [
        param({"stream": True}, {"stream": True}, id="stream"),
        param({"max_tokens": 7}, {"max_tokens": 7}, id="limit"),
        param({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}, id="stops"),
        param({"temperature": 1.5, "seed": 3}, {"temperature": 1.5, "seed": 3}, id="sampling"),
        param({"top_p": 1}, {"p": 0.99}, id="all of the mass"),
        param({"top_p": 0.5}, {"p": 0.5}, id="some of it"),
        param({"frequency_penalty": 0.5}, {"frequency_penalty": 0.5}, id="penalty"),
        param({"logprobs": True}, {"logprobs": True}, id="logprobs"),
        param({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, id="no thought"),
        param({"reasoning_effort": "low"}, {"thinking": {"type": "enabled", "token_budget": 1024}}, id="some thought"),
        param({"response_format": {"type": "text"}}, {}, id="text"),
        param({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}, id="JSON"),
        param(
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
            id="schema",
        ),
        param({"tools": [TOOL]}, {"tools": [TOOL]}, id="tools"),
        param({"tools": [{"type": "function", "function": {"name": "g"}}]}, {"tools": [G]}, id="no parameters"),
        param({"tools": [TOOL], "tool_choice": "auto"}, {"tools": [TOOL]}, id="auto"),
        param({"tools": [TOOL], "tool_choice": "none"}, {"tools": [TOOL], "tool_choice": "NONE"}, id="none"),
        param({"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice": "REQUIRED"}, id="any"),
        param(
            {"tools": [TOOL, G], "tool_choice": {"type": "function", "function": {"name": "g"}}},
            {"tools": [G], "tool_choice": "REQUIRED"},
            id="this one",
        ),
        param(
            {"tools": [{"type": "function", "function": {**TOOL["function"], "strict": True}}]},
            {"tools": [TOOL], "strict_tools": True},
            id="strict",
        ),
        param({"user": "u", "service_tier": "auto", "store": False}, {}, id="what changes nothing"),
    ],
)
def test_options_have_their_own_words(given: dict[str, Any], written: dict[str, Any]) -> None:
    body, lost = of_openai(**given)

    del body["model"], body["messages"]
    assert (body, lost) == (written, [])


@mark.parametrize(
    ("given", "fields"),
    [
        param({"stop": list("abcdef")}, ["stop"], id="six stops"),
        param({"frequency_penalty": -1}, ["frequency_penalty"], id="a penalty below zero"),
        param({"presence_penalty": 2}, ["presence_penalty"], id="one above one"),
        param({"n": 2}, ["n"], id="several answers"),
        param({"logit_bias": {"1": 2}}, ["logit_bias"], id="bias"),
        param({"logprobs": True, "top_logprobs": 2}, ["top_logprobs"], id="alternatives"),
        param({"metadata": {"a": "b"}}, ["metadata"], id="metadata"),
        param({"store": True}, ["store"], id="store"),
        param({"service_tier": "flex"}, ["service_tier"], id="tier"),
        param({"prediction": {"type": "content", "content": "x"}}, ["prediction"], id="of another API alone"),
        param({"tools": [CUSTOM]}, ["tools[0]"], id="a tool for free text"),
        param({"tools": [TOOL], "parallel_tool_calls": False}, ["parallel_tool_calls"], id="one at a time"),
        param(
            {"tools": [TOOL], "response_format": {"type": "json_object"}}, ["response_format"], id="a form and tools"
        ),
        param(
            {"tools": [{"type": "function", "function": {**TOOL["function"], "strict": True}}, G]},
            ["tools[0].strict"],
            id="one is strict, one is not",
        ),
        param({"messages": [{**USER, "name": "Ann"}]}, ["messages[0].name"], id="a name"),
        param(
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA==",
             "format": "wav"}}]}]},
            ["messages[0].content[0]"],
            id="sound",
        ),
    ],
)  # fmt: skip
def test_what_has_no_word_is_named(given: dict[str, Any], fields: list[str]) -> None:
    assert of_openai(**given)[1] == fields


def test_what_a_model_does_not_take_is_left_out() -> None:
    assert of_openai(NO_THOUGHT, reasoning_effort="high")[1] == ["reasoning_effort"]
    assert of_openai(NO_THOUGHT, reasoning_effort="none") == ({"model": "command-a", "messages": [USER]}, [])
    assert of_openai(Traits(takes_sampling=False), top_p=0.5)[1] == ["top_p"]


def test_a_budget_is_told_as_it_is() -> None:
    body, lost = of_anthropic(thinking={"type": "enabled", "budget_tokens": 2048}, max_tokens=4096)

    assert body["thinking"] == {"type": "enabled", "token_budget": 2048} and lost == []


MESSAGES: list[Any] = [
    param(
        [{"role": "system", "content": "Be kind."}, {"role": "developer", "content": "Be brief."}, USER],
        [{"role": "system", "content": "Be kind."}, {"role": "system", "content": "Be brief."}, USER],
        id="instructions",
    ),
    param(
        [{"role": "user", "content": [{"type": "text", "text": "Look"},
         {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
         {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]}],
        [{"role": "user", "content": [{"type": "text", "text": "Look"},
         {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
         {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]}],
        id="pictures",
    ),
    param(
        [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
         {"role": "tool", "tool_call_id": "call_1", "content": "7"}, {"role": "assistant", "content": "Seven"}, USER],
        [USER, {"role": "assistant", "tool_calls": [CALL]},
         {"role": "tool", "tool_call_id": "call_1", "content": "7"}, {"role": "assistant", "content": "Seven"}, USER],
        id="tools",
    ),
    param(
        [USER, {"role": "assistant", "content": "", "refusal": "No."}, USER],
        [USER, {"role": "assistant", "content": "No."}, USER],
        id="a refusal is text",
    ),
]  # fmt: skip


@mark.parametrize(("given", "written"), MESSAGES)
def test_messages_stay_what_they_are(given: list[Any], written: list[Any]) -> None:
    body, lost = of_openai(messages=given)

    assert (body["messages"], lost) == (written, [])


def test_results_of_tools_come_first_with_their_pictures_behind_all_of_them() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    results = [
        {"type": "tool_result", "tool_use_id": "a", "is_error": True, "content": "no"},
        {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "image", "source": source}]},
        {"type": "text", "text": "So?"},
    ]
    uses = [{"type": "tool_use", "id": id, "name": "f", "input": {}} for id in "ab"]
    body, lost = of_anthropic(
        messages=[USER, {"role": "assistant", "content": uses}, {"role": "user", "content": results}]
    )

    first, second, shown = body["messages"][2:]
    assert (first["role"], first["tool_call_id"]) == ("tool", "a")
    assert [each["text"] for each in first["content"]] == ["error:", "no"]
    assert (second["role"], second["tool_call_id"]) == ("tool", "b")
    assert [each["type"] for each in shown["content"]] == ["text", "image_url", "text"] and lost == []


@mark.parametrize("has_calls", [True, False], ids=["a plan for calls", "a thought before text"])
def test_its_own_thoughts_go_back_and_those_of_others_do_not(has_calls: bool) -> None:
    said = [ToolCall("c", "f")] if has_calls else [Text("Yes")]
    parts = [Thought("Hm", "cohere-chat"), Thought("secret", "anthropic-messages", "sig"), *said]
    request = GenerateRequest("anthropic-messages", "m", [Message(Role.ASSISTANT, list(parts))])

    body, lost = encode(COHERE, request)

    (answer,) = body["messages"]
    if has_calls:
        assert answer["tool_plan"] == "Hm" and "content" not in answer
    else:
        assert answer["content"] == [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Yes"}]
    assert "secret" not in str(body) and lost == []


@mark.parametrize(
    ("api", "path"), [case for api in ("openai-chat", "anthropic-messages") for case in cases(api, "requests")]
)
def test_whatever_a_client_asks_can_be_written(api: str, path: Path) -> None:
    for damaged in [path.read_bytes(), *damages(path.read_bytes())]:
        try:
            request = decode(CODECS[api], damaged)
        except BadRequest:
            continue
        body, _ = encode(COHERE, request)
        for message in body["messages"]:
            assert message["role"] in ("system", "user", "assistant", "tool")
            assert message.get("content") or message.get("tool_calls") or message["role"] == "tool"
