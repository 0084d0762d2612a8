"""OpenAI's Responses and Chat Completions, requests and answers, translated into one another."""

import json
from typing import Any

from hypothesis import given, settings
from pytest import mark, param

from data_plane.codecs.codec import Codec
from data_plane.codecs.table import CODECS
from data_plane.llm.content import Refusal, Text
from data_plane.llm.events import Event, PartKind, UsageKnown
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import cases, decode, documents, encode, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful, lawful_events, text_of
from tests.fakes.sdk_parse import StreamError, accumulate_openai, parse_openai_answer, parse_openai_request

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
    }

    assert to_chat(body) == ({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "user": "u"}, [])


def test_strictness_is_off_where_chat_says_nothing() -> None:
    """Responses is strict unless told otherwise, which changes the schema."""
    body, _ = to_responses({"tools": [{"type": "function", "function": {"name": "g"}}]})

    assert body["tools"] == [{"type": "function", "name": "g", "parameters": None, "strict": False}]


@mark.parametrize(("api", "path"), [*cases("openai-chat", "answers"), *cases("openai-responses", "answers")])
def test_every_answer_is_one_that_the_other_sdk_knows(api: str, path: Any) -> None:
    response = CODECS[api].decode_response(path.read_bytes())
    candidate = response.candidates[0]

    ours = parse_openai_answer(CHAT.encode_response(response))
    theirs = responses_sdk.parse_answer(RESPONSES.encode_response(response))

    assert response.usage is not None
    assert ours.usage is not None
    assert theirs.usage is not None
    assert ours.usage.total_tokens == theirs.usage.total_tokens == total(response.usage)
    text = "".join(part.text for part in candidate.parts if isinstance(part, Text))
    assert theirs.output_text == text
    assert (ours.choices[0].message.content or "") == text
    refusals = [part.text for part in candidate.parts if isinstance(part, Refusal)]
    assert ours.choices[0].message.refusal == (refusals[0] if refusals else None)
    calls = [call.model_dump()[call.type] for call in ours.choices[0].message.tool_calls or []]
    assert [call.get("arguments", call.get("input")) for call in calls] == [
        getattr(item, "arguments", getattr(item, "input", None)) for item in theirs.output if hasattr(item, "call_id")
    ]


def total(usage: Any) -> int:
    return sum(getattr(usage, name) for name in usage.__struct_fields__)


# Words of chat; status and reason of Responses. Both ways.
ENDS = {
    "stop": ("completed", None),
    "length": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
}


@mark.parametrize(("word", "end"), ENDS.items(), ids=ENDS)
def test_an_end_has_a_word_in_both(word: str, end: tuple[str, str | None]) -> None:
    chat = json.loads(golden("openai-chat", "answers", "text"))
    chat["choices"][0]["finish_reason"] = word

    said = responses_sdk.parse_answer(RESPONSES.encode_response(CHAT.decode_response(json.dumps(chat).encode())))

    assert (said.status, said.incomplete_details and said.incomplete_details.reason) == end
    again = RESPONSES.decode_response(said.model_dump_json().encode())
    assert parse_openai_answer(CHAT.encode_response(again)).choices[0].finish_reason == word


def test_calls_end_an_answer_of_chat_with_their_own_word() -> None:
    said = CHAT.encode_response(RESPONSES.decode_response(golden("openai-responses", "answers", "tools")))

    assert parse_openai_answer(said).choices[0].finish_reason == "tool_calls"


def test_logprobs_keep_their_values_and_bytes() -> None:
    whole = golden("openai-responses", "answers", "logprobs")
    chat = CHAT.encode_response(RESPONSES.decode_response(whole))

    again = responses_sdk.parse_answer(RESPONSES.encode_response(CHAT.decode_response(chat)))

    wanted = responses_sdk.parse_answer(whole).output[0]
    said = again.output[0]
    assert said.type == wanted.type == "message"
    assert said.content[0].model_dump()["logprobs"] == wanted.content[0].model_dump()["logprobs"]


BROKEN = ("cut-short", "error", "failed")


def good(api: str) -> list[Any]:
    return [case for case in cases(api, "streams") if case.values[1].stem not in BROKEN]


def test_custom_calls_are_streamed_to_chat() -> None:
    """Its SDK's models know them whole only, though the API streams them."""
    stream = frames_of(CHAT, events_of(RESPONSES, golden("openai-responses", "streams", "custom")), FOR_CHAT)

    calls = [
        call for chunk in documents(stream) for each in chunk["choices"] for call in each["delta"].get("tool_calls", [])
    ]
    assert (calls[0]["id"], calls[0]["custom"]["name"]) == ("call_x", "python")
    assert "".join(call["custom"]["input"] for call in calls) == 'print("é")\n'


@mark.parametrize(("api", "path"), [*good("openai-chat"), *good("openai-responses")])
def test_streams_reach_the_other_sdk(api: str, path: Any) -> None:
    events = events_of(CODECS[api], path.read_bytes())
    assert_lawful(events)

    theirs = responses_sdk.accumulate(frames_of(RESPONSES, events, FOR_RESPONSES))

    text = "".join(text_of(events, PartKind.TEXT))
    assert theirs.output_text == text
    calls = [item for item in theirs.output if item.type in ("function_call", "custom_tool_call")]
    said = [getattr(item, "arguments", getattr(item, "input", None)) for item in calls]
    assert [each or "{}" for each in text_of(events, PartKind.TOOL_CALL)] == said
    if path.stem != "custom":
        chat = accumulate_openai(frames_of(CHAT, events, FOR_CHAT)).choices[0].message
        assert (chat.content or "") == text
        assert [call.id for call in chat.tool_calls or []] == [getattr(item, "call_id", None) for item in calls]
    known = [event for event in events if isinstance(event, UsageKnown)]
    if known:
        assert theirs.usage is not None
        assert theirs.usage.total_tokens == total(known[-1].usage)


@mark.parametrize("codec", [CHAT, RESPONSES], ids=["chat", "responses"])
@given(events=lawful_events(api="openai-chat"))
@settings(max_examples=60, deadline=None)
def test_any_answer_survives_both(codec: Codec, events: list[Event]) -> None:
    """Of one API's stream, written and read again, the other's says the same."""
    accumulate = accumulate_openai if codec is CHAT else responses_sdk.accumulate
    try:
        wanted = text_of(events, PartKind.TEXT)
        again = events_of(codec, frames_of(codec, events, FOR_CHAT if codec is CHAT else FOR_RESPONSES))
        assert_lawful(again)
        accumulate(frames_of(codec, again, FOR_CHAT if codec is CHAT else FOR_RESPONSES))
        assert "".join(text_of(again, PartKind.TEXT)) == "".join(wanted)
        assert text_of(again, PartKind.TOOL_CALL) == text_of(events, PartKind.TOOL_CALL)
    except StreamError:
        return
