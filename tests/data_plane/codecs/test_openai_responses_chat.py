"""Requests of OpenAI's Responses and Chat Completions, translated into one another."""

import json
from typing import Any

from pytest import mark, param

from data_plane.codecs.table import CODECS
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import decode, encode, golden
from tests.fakes.sdk_parse import parse_openai_request

CHAT, RESPONSES = CODECS["openai-chat"], CODECS["openai-responses"]
FOR_CHAT = decode(CHAT, golden("openai-chat", "requests", "minimal"))
FOR_CHAT.wants_usage = True
FOR_RESPONSES = decode(RESPONSES, golden("openai-responses", "requests", "minimal"))
PNG = "data:image/png;base64,AAAA"
PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}}
FLAT = {"type": "function", "name": "f", "description": "Does", "parameters": PARAMETERS, "strict": False}
NESTED = {
    "type": "function",
    "function": {"name": "f", "description": "Does", "parameters": PARAMETERS, "strict": False},
}
FLAT_CUSTOM = {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "start:"}}
NESTED_CUSTOM = {
    "type": "custom",
    "custom": {"name": "c", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start:"}}},
}
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def to_chat(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    encoded, lost = encode(CHAT, decode(RESPONSES, {"model": "m", "input": "Hi", **body}), traits)
    parse_openai_request(encoded)
    return encoded, lost


def to_responses(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    messages = [{"role": "user", "content": "Hi"}]
    encoded, lost = encode(RESPONSES, decode(CHAT, {"model": "m", "messages": messages, **body}), traits)
    responses_sdk.parse_request(encoded)
    return encoded, lost


# Of Responses and of Chat Completions, what says the same.
OPTIONS = {
    "limit": ({"max_output_tokens": 9}, {"max_completion_tokens": 9}),
    "sampling": ({"temperature": 0.5, "top_p": 0.25}, {"temperature": 0.5, "top_p": 0.25}),
    "effort": (
        {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]},
        {"reasoning_effort": "low"},
    ),
    "logprobs": (
        {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
        {"logprobs": True, "top_logprobs": 2},
    ),
    "function": ({"tools": [FLAT]}, {"tools": [NESTED]}),
    "custom tool": ({"tools": [FLAT_CUSTOM]}, {"tools": [NESTED_CUSTOM]}),
    "choice none": ({"tools": [FLAT], "tool_choice": "none"}, {"tools": [NESTED], "tool_choice": "none"}),
    "choice of a function": (
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "f"}},
        {"tools": [NESTED], "tool_choice": {"type": "function", "function": {"name": "f"}}},
    ),
    "choice of a custom tool": (
        {"tools": [FLAT_CUSTOM], "tool_choice": {"type": "custom", "name": "c"}},
        {"tools": [NESTED_CUSTOM], "tool_choice": {"type": "custom", "custom": {"name": "c"}}},
    ),
    "choice among some": (
        {
            "tools": [FLAT, FLAT_CUSTOM],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}],
            },
        },
        {
            "tools": [NESTED, NESTED_CUSTOM],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [
                        {"type": "function", "function": {"name": "f"}},
                        {"type": "custom", "custom": {"name": "c"}},
                    ],
                },
            },
        },
    ),
    "parallel calls": (
        {"tools": [FLAT], "parallel_tool_calls": False},
        {"tools": [NESTED], "parallel_tool_calls": False},
    ),
    "schema": (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}},
    ),
    "json": ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
    "verbosity": ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    "metadata": ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
    "tier": ({"service_tier": "flex"}, {"service_tier": "flex"}),
    "storage": ({"store": True}, {"store": True}),
}
OPTION_IDS = [param(*pair, id=name) for name, pair in OPTIONS.items()]


@mark.parametrize(("responses", "chat"), OPTION_IDS)
def test_options_of_responses_reach_chat(responses: Any, chat: Any) -> None:
    assert to_chat(responses) == ({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **chat}, [])


@mark.parametrize(("responses", "chat"), OPTION_IDS)
def test_options_of_chat_reach_responses(responses: Any, chat: Any) -> None:
    """Where chat clients say nothing of storage, nothing is stored."""
    wanted = {"model": "m", "input": [{"role": "user", "content": "Hi"}], "store": False, **responses}

    assert to_responses(chat) == (wanted, [])


# Items of Responses and messages of Chat Completions that say the same.
TURNS = {
    "roles": (
        {
            "instructions": "Brief.",
            "input": [{"role": "developer", "content": "Kind."}, {"role": "user", "content": "Hi"}],
        },
        [
            {"role": "system", "content": "Brief."},
            {"role": "developer", "content": "Kind."},
            {"role": "user", "content": "Hi"},
        ],
    ),
    "pictures and files": (
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "What?"},
                        {"type": "input_image", "image_url": PNG, "detail": "low"},
                        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
                    ],
                }
            ]
        },
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What?"},
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
                ],
            }
        ],
    ),
    "parallel calls": (
        {
            "input": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Wait"},
                {"role": "user", "content": "Ok"},
                {"type": "function_call", "call_id": "call_a", "name": "f", "arguments": '{"a" : "\\u00fc"}'},
                {"type": "custom_tool_call", "call_id": "call_b", "name": "c", "input": "x\n"},
                {"type": "function_call_output", "call_id": "call_a", "output": "1"},
                {"type": "custom_tool_call_output", "call_id": "call_b", "output": "2"},
            ]
        },
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Wait"},
            {"role": "user", "content": "Ok"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_a",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"a" : "\\u00fc"}'},
                    },
                    {"id": "call_b", "type": "custom", "custom": {"name": "c", "input": "x\n"}},
                ],
            },
            {"role": "tool", "tool_call_id": "call_a", "content": "1"},
            {"role": "tool", "tool_call_id": "call_b", "content": "2"},
        ],
    ),
}
TURN_IDS = [param(*pair, id=name) for name, pair in TURNS.items()]


@mark.parametrize(("responses", "messages"), TURN_IDS)
def test_turns_of_responses_reach_chat(responses: Any, messages: Any) -> None:
    body, lost = to_chat(responses)

    assert body["messages"] == messages
    assert lost == []


@mark.parametrize(("responses", "messages"), TURN_IDS)
def test_turns_of_chat_reach_responses(responses: Any, messages: Any) -> None:
    body, lost = to_responses({"messages": messages})

    assert {name: body[name] for name in body if name not in ("model", "store")} == responses
    assert lost == []


def test_what_a_model_wrote_in_a_row_is_one_message_of_chat() -> None:
    """Calls that are not answered before the next message of the assistant are refused there."""
    body = json.loads(golden("openai-responses", "requests", "tools"))

    messages = to_chat(body)[0]["messages"]

    assert [message["role"] for message in messages[:5]] == ["user", "assistant", "tool", "tool", "user"]
    assert messages[1]["content"] == "Let me look."
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["call_a", "call_b"]
    assert messages[1]["tool_calls"][0]["function"]["arguments"] == '{"place": "Z\\u00fcrich"}'
    assert [message["tool_call_id"] for message in messages[2:4]] == ["call_a", "call_b"]


# What Responses has and chat has not: request, and the fields that are named.
LOST_TO_CHAT = {
    "stored answer": ({"previous_response_id": "resp_1"}, ["previous_response_id"]),
    "conversation": ({"conversation": "conv_1"}, ["conversation"]),
    "background": ({"background": True}, ["background"]),
    "prompt": ({"prompt": {"id": "p"}}, ["prompt"]),
    "truncation": ({"truncation": "auto"}, ["truncation"]),
    "number of calls": ({"max_tool_calls": 1}, ["max_tool_calls"]),
    "mode of reasoning": ({"reasoning": {"effort": "low", "mode": "pro"}}, ["reasoning.mode"]),
    "server tool": (
        {"tools": [FLAT, {"type": "web_search"}], "tool_choice": {"type": "web_search_preview"}},
        ["tools[1]", "tool_choice"],
    ),
    "item of a server tool": (
        {
            "input": [
                {"role": "user", "content": "Hi"},
                {"type": "web_search_call", "id": "ws_1"},
                {"role": "user", "content": "?"},
            ]
        },
        ["input[1].content[0]"],
    ),
    "reference": (
        {"input": [{"type": "item_reference", "id": "msg_1"}, {"role": "user", "content": "Hi"}]},
        ["input[0].item_reference.content[0]"],
    ),
    "file of the provider": (
        {
            "input": [
                {
                    "role": "user",
                    "content": [{"type": "input_text", "text": "?"}, {"type": "input_file", "file_id": "f"}],
                }
            ]
        },
        ["input[0].content[1]"],
    ),
}
# The same the other way.
LOST_TO_RESPONSES = {
    "stop": ({"stop": ["a"]}, ["stop"]),
    "candidates": ({"n": 2}, ["n"]),
    "seed": ({"seed": 1}, ["seed"]),
    "penalties": ({"frequency_penalty": 1, "presence_penalty": 1}, ["frequency_penalty", "presence_penalty"]),
    "bias": ({"logit_bias": {"1": 2}}, ["logit_bias"]),
    "name": ({"messages": [{"role": "user", "content": "Hi", "name": "Al"}]}, ["messages[0].name"]),
    "sound": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "?"},
                        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
                    ],
                }
            ]
        },
        ["messages[0].content[1]"],
    ),
    "unknown field": ({"web_search_options": {}}, ["web_search_options"]),
}


@mark.parametrize(("body", "fields"), [param(*pair, id=name) for name, pair in LOST_TO_CHAT.items()])
def test_what_chat_has_not_is_named(body: Any, fields: list[str]) -> None:
    assert encode(CHAT, decode(RESPONSES, {"model": "m", "input": "Hi", **body}))[1] == fields


@mark.parametrize(("body", "fields"), [param(*pair, id=name) for name, pair in LOST_TO_RESPONSES.items()])
def test_what_responses_has_not_is_named(body: Any, fields: list[str]) -> None:
    assert to_responses(body)[1] == fields


def test_what_changes_nothing_is_left_out_without_a_word() -> None:
    body = {
        "background": False,
        "truncation": "disabled",
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "k",
        "stream_options": {"include_obfuscation": False},
        "safety_identifier": "u",
        "top_logprobs": 0,
    }

    assert to_chat(body) == ({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "user": "u"}, [])


def test_strictness_is_off_where_chat_says_nothing() -> None:
    """Responses is strict unless told otherwise, which changes the schema."""
    body, _ = to_responses({"tools": [{"type": "function", "function": {"name": "g"}}]})

    assert body["tools"] == [{"type": "function", "name": "g", "parameters": None, "strict": False}]
