"""What Gemini's streams say, in order, and what is told to its clients."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.table import CODECS
from data_plane.llm.content import ToolCall
from data_plane.llm.events import (
    Alive,
    CandidateEnded,
    Delta,
    Ended,
    Event,
    Failed,
    PartEnded,
    PartKind,
    PartStarted,
    Sealed,
    Started,
    UsageKnown,
)
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import Stop
from data_plane.usage import Usage
from tests.fakes.codec_golden import documents, events_of, frames_of, golden
from tests.fakes.event_law import text_of

GEMINI = CODECS["gemini"]
ASKED = GenerateRequest("gemini", "m", [], stream=True)
SIGNATURE = "CiEBjz1rX0ilumvPg6k0sMMUtISoQCLJv2bPJ7Vv9r+Xw0o="
STARTED = Started("r", "m", api="gemini")


def stream(*chunks: Any) -> list[Event]:
    frames = (": \n\n" if chunk is None else f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    return events_of(GEMINI, "".join(frames).encode())


def part(*parts: Any, **fields: Any) -> Any:
    return {"candidates": [{"content": {"parts": list(parts)}, **fields}], "responseId": "r", "modelVersion": "m"}


def test_thoughts_and_text_that_take_turns_are_parts_of_their_own() -> None:
    events = stream(
        part({"text": "a", "thought": True}, {"text": "b", "thought": True}),
        part({"text": "C"}),
        part({"text": "d", "thought": True, "thoughtSignature": SIGNATURE}, {"text": "e", "thought": True}),
        part({"text": "F"}, finishReason="STOP"),
    )

    assert text_of(events, PartKind.THOUGHT) == ["ab", "d", "e"]
    assert text_of(events, PartKind.TEXT) == ["C", "F"]
    assert [(event.part, event.signature) for event in events if isinstance(event, Sealed)] == [(2, SIGNATURE)]


def test_a_call_is_a_part_with_its_signature() -> None:
    call = {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c"}, "thoughtSignature": SIGNATURE}

    assert stream(part(call, finishReason="STOP")) == [
        STARTED,
        PartStarted(0, 0, PartKind.TOOL_CALL, "c", "f"),
        Delta(0, 0, '{"a": 1}'),
        Sealed(0, 0, SIGNATURE),
        PartEnded(0, 0),
        CandidateEnded(0, Stop.TOOL, native_stop="STOP"),
        Ended(),
    ]


def test_a_call_has_the_same_id_in_a_stream_and_in_a_whole_answer() -> None:
    calls = [{"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"name": "f", "args": {"a": 1}}}]
    whole = GEMINI.decode_response(json.dumps(part(*calls)).encode()).candidates[0]

    events = stream(part(calls[0]), part(calls[1], finishReason="STOP"))

    ids = [event.id for event in events if isinstance(event, PartStarted)]
    assert ids == [each.id for each in whole.parts if isinstance(each, ToolCall)]
    assert len(set(ids)) == 2


def test_usage_is_all_until_now_and_told_when_it_changes() -> None:
    first, last = {"promptTokenCount": 5}, {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}
    chunks = [part({"text": "a"}), part({"text": "b"}), part({"text": "c"}, finishReason="STOP")]
    for chunk, usage in zip(chunks, (first, first, last), strict=True):
        chunk["usageMetadata"] = usage

    told = [event.usage for event in stream(*chunks) if isinstance(event, UsageKnown)]

    assert told == [Usage(input_uncached=5), Usage(input_uncached=5, output=2, reasoning=3)]


UNREADABLE_USAGE = [{"promptTokenCount": -1}, {"promptTokenCount": "x"}, {"promptTokensDetails": [1]}]


@mark.parametrize("usage", UNREADABLE_USAGE)
def test_usage_that_cannot_be_read_costs_no_answer(usage: Any) -> None:
    events = stream({**part({"text": "a"}, finishReason="STOP"), "usageMetadata": usage})

    assert isinstance(events[-1], Ended)
    assert not any(isinstance(event, UsageKnown) for event in events)


BROKEN = {
    "nothing but a comment": [None],
    "no end": [part({"text": "a"})],
    "one of two has not ended": [
        {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}, {"index": 1}]}
    ],
    "no JSON": ["{"],
    "an index out of range": [part({"text": "a"}, index=1000)],
    "a call without a name": [part({"functionCall": {}})],
    "an error": [part({"text": "a"}), {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "M"}}],
}


@mark.parametrize("chunks", BROKEN.values(), ids=BROKEN)
def test_what_breaks_off_fails(chunks: Any) -> None:
    events = stream(*chunks)

    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, CandidateEnded) for event in events)


def test_an_error_keeps_its_status_and_word() -> None:
    error = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "M"}}

    events = stream(part({"text": "a"}), error)

    assert events[-1] == Failed(429, "RESOURCE_EXHAUSTED", "M")
    assert documents(frames_of(GEMINI, events, ASKED))[-1] == error


@mark.parametrize(
    ("failed", "error"),
    [
        (Failed(529, "overloaded_error", "M"), {"code": 529, "message": "M", "status": "UNAVAILABLE"}),
        (Failed(502, "upstream_cut_short", "M"), {"code": 502, "message": "M", "status": "INTERNAL"}),
        (Failed(400, "INVALID_ARGUMENT", "M"), {"code": 400, "message": "M", "status": "INVALID_ARGUMENT"}),
    ],
)
def test_failures_of_others_get_a_word_that_google_knows(failed: Failed, error: Any) -> None:
    assert documents(frames_of(GEMINI, [failed], ASKED)) == [{"error": error}]


def test_a_stream_that_fails_at_once_is_an_array_too() -> None:
    asked = GenerateRequest("gemini", "m", [], wants_array=True)

    (chunk,) = json.loads(frames_of(GEMINI, [Failed(503, "x", "M")], asked))

    assert chunk == {"error": {"code": 503, "message": "M", "status": "UNAVAILABLE"}}


def test_a_sign_of_life_is_nothing_that_the_sdk_would_read() -> None:
    assert frames_of(GEMINI, [Alive()], ASKED) == b"\n"


def test_what_is_said_of_an_answer_comes_once_and_at_the_end() -> None:
    chunks = documents(frames_of(GEMINI, events_of(GEMINI, golden("gemini", "streams", "grounding")), ASKED))

    assert [list(chunk["candidates"][0]) for chunk in chunks] == [
        ["content", "index"],
        ["content", "index"],
        ["finishReason", "index", "groundingMetadata"],
    ]
