"""Answers of OpenAI's Responses and Chat Completions, whole and streamed, translated into one another."""

import json
from typing import Any

from hypothesis import given, settings
from pytest import mark

from data_plane.codecs.codec import Codec
from data_plane.codecs.table import CODECS
from data_plane.llm.content import Refusal, Text
from data_plane.llm.events import Event, PartKind, UsageKnown
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import cases, decode, documents, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful, lawful_events, text_of
from tests.fakes.sdk_parse import StreamError, accumulate_openai, parse_openai_answer

CHAT, RESPONSES = CODECS["openai-chat"], CODECS["openai-responses"]
FOR_CHAT = decode(CHAT, golden("openai-chat", "requests", "minimal"))
FOR_CHAT.wants_usage = True
FOR_RESPONSES = decode(RESPONSES, golden("openai-responses", "requests", "minimal"))


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
    if path.stem not in ("custom", "custom-tool"):
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
