"""Requests of OpenAI's Responses: what is refused, what is meant, and what a provider is told."""

import json
from typing import Any

from msgspec import Raw
from pytest import mark, param, raises

from data_plane.codecs.foreign_state import seal_call, seal_thought
from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest, UnmappableFields
from data_plane.llm.content import Message, Opaque, Part, Refusal, Role, Text, Thought, ToolCall, ToolResult
from data_plane.llm.loss import Losses
from data_plane.llm.request import Effort, GenerateRequest, Reasoning, Sampling
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import CALLS, decode, encode, golden
from tests.fakes.responses_sdk import parse_request

API = "openai-responses"
CODEC = CODECS[API]
USER = {"role": "user", "content": "Hi"}


def read(**fields: Any) -> GenerateRequest:
    return decode(CODEC, {"model": "m", "input": "Hi", **fields})


# What is wrong, and the path that the answer names.
WRONG = {
    "no input": ({"input": None}, "`input` is required"),
    "input is a number": ({"input": 1}, "`input` must be an array"),
    "item is no object": ({"input": [1]}, "`input[0]` must be an object"),
    "role is unknown": ({"input": [{"role": "robot", "content": ""}]}, "`input[0].role` must be one of"),
    "message without role": ({"input": [{"type": "message", "content": "x"}]}, "`input[0].role` is required"),
    "message without content": ({"input": [USER, {"role": "user"}]}, "`input[1].content` is required"),
    "answer without content": ({"input": [{"role": "assistant"}]}, "`input[0].content` is required"),
    "part without type": ({"input": [{"role": "user", "content": [{}]}]}, "`input[0].content[0].type` is required"),
    "text without text": (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "`input[0].content[0].text` is required",
    ),
    "picture without source": (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "`input[0].content[0].image_url` is required",
    ),
    "file without source": (
        {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
        "`input[0].content[0]` must have one of",
    ),
    "call without call_id": (
        {"input": [{"type": "function_call", "id": "fc_1", "name": "f", "arguments": "{}"}]},
        "`input[0].call_id` is required",
    ),
    "call without name": ({"input": [{"type": "function_call", "call_id": "c"}]}, "`input[0].name` is required"),
    "result without call_id": (
        {"input": [{"type": "function_call_output", "output": ""}]},
        "`input[0].call_id` is required",
    ),
    "result without output": (
        {"input": [{"type": "function_call_output", "call_id": "c"}]},
        "`input[0].output` is required",
    ),
    "reference to nothing": ({"input": [{"type": "item_reference"}]}, "`input[0].id` is required"),
    "summary without text": (
        {"input": [{"type": "reasoning", "summary": [{"type": "summary_text"}]}]},
        "`input[0].summary[0].text` is required",
    ),
    "instructions are items": ({"instructions": []}, "`instructions` must be a string"),
    "tool without name": ({"tools": [{"type": "function"}]}, "`tools[0].name` is required"),
    "tool as chat has it": (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "`tools[0].name` is required",
    ),
    "choice is unknown": ({"tool_choice": "some"}, "`tool_choice` must be one of"),
    "choice without name": ({"tool_choice": {"type": "function"}}, "`tool_choice.name` is required"),
    "format without type": ({"text": {"format": {}}}, "`text.format.type` is required"),
    "format without schema": (
        {"text": {"format": {"type": "json_schema", "name": "n"}}},
        "`text.format.schema` is required",
    ),
    "effort is unknown": ({"reasoning": {"effort": "huge"}}, "`reasoning.effort` must be one of"),
    "limit is nothing": ({"max_output_tokens": 0}, "`max_output_tokens` must be greater"),
    "metadata are numbers": ({"metadata": {"a": 1}}, "`metadata` must be an object of strings"),
    "temperature is text": ({"temperature": "hot"}, "`temperature` must be a number"),
}


@mark.parametrize(("fields", "text"), [param(*pair, id=name) for name, pair in WRONG.items()])
def test_what_the_api_refuses_is_refused_by_its_path(fields: dict[str, Any], text: str) -> None:
    with raises(BadRequest) as caught:
        read(**fields)
    assert text in str(caught.value)


def test_the_model_may_stand_in_the_path() -> None:
    assert CODEC.decode_request(b'{"input":"x"}', CALLS[API]).model == ""


def test_what_a_model_wrote_in_a_row_is_one_message_with_the_state_of_its_items() -> None:
    request = decode(CODEC, golden(API, "requests", "tools"))
    message = request.messages[1]

    assert [type(part) for part in message.parts] == [Thought, Thought, Text, ToolCall, ToolCall]
    first, second = message.parts[:2]
    assert isinstance(first, Thought)
    assert isinstance(second, Thought)
    assert (first.text, first.sealed, first.id, first.is_summary) == ("Two places.", "", "rs_1", True)
    assert (second.text, second.sealed, second.id, second.is_summary) == ("Two calls.", "gAAAA+/=", "rs_1", True)
    assert request.messages[2].role is Role.TOOL
    assert [part.call_id for part in request.messages[2].parts if isinstance(part, ToolResult)] == ["call_a", "call_b"]
    assert [each.path for each in request.messages] == ["input[0]", "input[1]", "input[5]", "input[7]", "input[9]"]


def test_no_arguments_are_an_empty_object() -> None:
    call = read(input=[{"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}]).messages[0].parts[0]

    assert isinstance(call, ToolCall)
    assert call.arguments == "{}"


@mark.parametrize("client", ["anthropic-messages", "openai-chat", "gemini"])
@mark.parametrize(
    "fields",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": {"id": "conv_1"}},
        {"background": True},
        {"prompt": {"id": "p"}},
        {"input": [USER, {"type": "item_reference", "id": "msg_1"}]},
        {"input": [USER, {"id": "msg_1"}]},
    ],
    ids=["previous_response_id", "conversation", "background", "prompt", "item_reference", "reference without type"],
)
def test_what_is_stored_elsewhere_is_refused_even_where_losses_are_allowed(client: str, fields: dict[str, Any]) -> None:
    losses = Losses()
    CODECS[client].encode_request(read(**fields), UNKNOWN, losses)

    with raises(UnmappableFields) as caught:
        losses.check(is_allowed=True)
    assert next(iter(fields)).partition(".")[0] in str(caught.value)


def test_what_is_stored_elsewhere_goes_to_the_same_api() -> None:
    losses = Losses()

    body = json.loads(CODEC.encode_request(decode(CODEC, golden(API, "requests", "stored")), UNKNOWN, losses))

    assert body["previous_response_id"] == "resp_0"
    assert body["input"][0] == {"type": "item_reference", "id": "msg_9"}
    losses.check(is_allowed=False)


THOUGHTS = (
    Thought("Let me see", "anthropic-messages", signature="EqQB+/=="),
    Thought("", "anthropic-messages", sealed="EmwK"),
    Thought("So", "gemini", signature="CiQB"),
    Thought("Hm", "openai-chat"),
)


@mark.parametrize("thought", THOUGHTS, ids=lambda thought: f"{thought.api} {thought.text}")
def test_state_of_another_api_is_found_in_what_is_encrypted(thought: Thought) -> None:
    item: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "encrypted_content": seal_thought(thought)}
    item |= {"summary": [], "content": [{"type": "reasoning_text", "text": thought.text}] if thought.text else None}
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    sign = {"type": "reasoning", "summary": [], "encrypted_content": seal_call("call_1", "CiRx")}

    request = read(input=[item, call, sign])

    assert request.messages[0].parts == [thought, ToolCall("call_1", "f", "{}", signature="CiRx")]
    assert encode(CODEC, request)[0]["input"] == [call]  # a provider of this API could make nothing of the rest


def foreign(**fields: Any) -> GenerateRequest:
    return GenerateRequest("anthropic-messages", "m", [Message(Role.USER, [Text("Hi")])], **fields)


def written(request: GenerateRequest, traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    body, lost = encode(CODEC, request, traits)
    parse_request(body)
    return body, lost


@mark.parametrize(
    ("reasoning", "said"),
    [
        (Reasoning(Effort.LOW), {"effort": "low"}),
        (Reasoning(budget_tokens=1_024), {"effort": "low"}),
        (Reasoning(budget_tokens=8_000), {"effort": "medium"}),
        (Reasoning(budget_tokens=1 << 63), {"effort": "high"}),
        (Reasoning(Effort.MEDIUM, is_shown=True), {"effort": "medium", "summary": "auto"}),
        (Reasoning(summary="detailed"), {"summary": "detailed"}),
    ],
    ids=["effort", "small budget", "budget", "huge budget", "shown", "summary"],
)
def test_other_apis_words_for_thinking_are_understood(reasoning: Reasoning, said: dict[str, str]) -> None:
    """What is sealed is asked for, so that the client can hand it back."""
    body, lost = written(foreign(reasoning=reasoning))

    assert body["reasoning"] == said
    assert body["include"] == ["reasoning.encrypted_content"]
    assert lost == []


def test_a_model_that_does_not_think_is_not_told_to() -> None:
    body, lost = written(foreign(reasoning=Reasoning(Effort.HIGH)), Traits(reasoning=ReasoningStyle.NONE))

    assert "reasoning" not in body
    assert lost == ["thinking"]


def test_a_model_that_takes_no_sampling_gets_none() -> None:
    request = foreign(sampling=Sampling(temperature=0.1, top_p=0.5, top_k=3))

    body, lost = written(request, Traits(takes_sampling=False))

    assert "temperature" not in body
    assert sorted(lost) == ["temperature", "top_k", "top_p"]


def test_nothing_is_stored_for_who_did_not_ask_for_it() -> None:
    assert written(foreign())[0]["store"] is False
    assert "store" not in encode(CODEC, read())[0]


def test_an_id_of_a_call_that_is_too_long_is_cut_alike_in_call_and_result() -> None:
    id = "call_" + "x" * 90
    messages = [
        Message(Role.USER, [Text("Hi")]),
        Message(Role.ASSISTANT, [ToolCall(id, "f"), ToolCall(id + "y", "f")]),
        Message(Role.TOOL, [ToolResult(id, [Text("1")]), ToolResult(id + "y", [Text("2")], is_error=True)]),
    ]

    items = written(GenerateRequest("gemini", "m", messages))[0]["input"]

    ids = [item["call_id"] for item in items[1:]]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2
    assert max(map(len, ids)) <= 64
    assert [item["output"] for item in items[3:]] == ["1", "error: 2"]


def test_an_answer_that_has_begun_is_not_gone_on_with() -> None:
    request = foreign()
    request.messages.append(Message(Role.ASSISTANT, [Text("The")]))

    assert written(request)[1] == ["messages[1]"]


def test_what_a_filter_adds_to_the_input_is_not_lost() -> None:
    request = read()
    request.messages[0].parts.append(Text("more"))

    parts = [{"type": "input_text", "text": text} for text in ("Hi", "more")]
    assert encode(CODEC, request)[0]["input"] == [{"role": "user", "content": parts}]


def test_what_another_apis_model_said_is_plain_text() -> None:
    """Messages with parts have ids that only this API gives."""
    request = foreign()
    opaque = Opaque("anthropic-messages", "x", Raw(b"{}"))
    parts: list[Part] = [Text("A"), Text(""), Text("B"), opaque, Refusal("No."), ToolCall("call_1", "f"), Text("C")]
    request.messages.append(Message(Role.ASSISTANT, parts))

    body, lost = written(request)

    assert lost == ["messages[1].content[3]", "messages[1]"]
    said = [item.get("content", item.get("call_id")) for item in body["input"][1:]]
    assert said == ["AB", "No.", "call_1", "C"]
