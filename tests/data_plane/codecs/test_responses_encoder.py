"""Answers of OpenAI's Responses, whole and streamed: what the SDK expects, and state of other APIs inside of it."""

import json
from typing import Any, get_args

from hypothesis import given, settings
from msgspec import Raw
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from pytest import mark, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Refusal, Text, Thought, ToolCall
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
from data_plane.llm.loss import Losses
from data_plane.llm.response import Candidate, GenerateResponse, Stop, TokenLogprob
from data_plane.llm.traits import UNKNOWN
from data_plane.usage import Usage
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import decode, documents, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful, lawful_events, text_of
from tests.fakes.sdk_parse import StreamError

API = "openai-responses"
CODEC = CODECS[API]
REQUEST = decode(CODEC, golden(API, "requests", "minimal"))
USAGE = Usage(input_uncached=11, cache_read=7, cache_write_5m=5, cache_write_1h=3, reasoning=40, output=2)
INCOMPLETE_LENGTH, INCOMPLETE_FILTER = ("incomplete", "max_output_tokens"), ("incomplete", "content_filter")
COMPLETED, FAILED = ("completed", None), ("failed", None)

STOPS = {
    Stop.END: COMPLETED,
    Stop.STOP_SEQUENCE: COMPLETED,
    Stop.LENGTH: INCOMPLETE_LENGTH,
    Stop.CONTEXT_FULL: INCOMPLETE_LENGTH,
    Stop.TOOL: COMPLETED,
    Stop.PAUSE: INCOMPLETE_LENGTH,
    Stop.REFUSAL: INCOMPLETE_FILTER,
    Stop.RECITATION: INCOMPLETE_FILTER,
    Stop.MALFORMED_TOOL: FAILED,
    Stop.OTHER: FAILED,
}


def answer(*parts: Any, stop: Stop = Stop.END, api: str = "other", **fields: Any) -> GenerateResponse:
    return GenerateResponse(api, "chatcmpl-1", "m", [Candidate(list(parts), stop, **fields)], USAGE, created=3)


def said(response: GenerateResponse) -> Any:
    return responses_sdk.parse_answer(CODEC.encode_response(response))


def streamed(*events: Event, api: str = "other", stop: Stop = Stop.END) -> bytes:
    begin, end = Started("chatcmpl-1", "m", 3, api=api), CandidateEnded(0, stop)
    return frames_of(CODEC, [begin, *events, end, UsageKnown(USAGE), Ended()], REQUEST)


def part(number: int, kind: PartKind, *texts: str, id: str = "", name: str = "", **fields: Any) -> list[Event]:
    deltas = [Delta(0, number, text) for text in texts]
    return [PartStarted(0, number, kind, id, name, **fields), *deltas, PartEnded(0, number)]


@mark.parametrize(("stop", "end"), STOPS.items(), ids=[stop.value for stop in STOPS])
def test_every_stop_has_a_status_that_the_sdk_knows(stop: Stop, end: tuple[str, str | None]) -> None:
    whole = said(answer(Text("A"), stop=stop))
    last = documents(streamed(*part(0, PartKind.TEXT, "A"), stop=stop))[-1]

    assert (whole.status, whole.incomplete_details and whole.incomplete_details.reason) == end
    assert last["type"] == f"response.{end[0]}"
    assert responses_sdk.parse_answer(json.dumps(last["response"]).encode()).status == end[0]
    assert (whole.error is not None) == (end is FAILED)


def test_a_refusal_in_words_is_complete() -> None:
    whole = said(answer(Refusal("No."), stop=Stop.REFUSAL))
    stream: Any = responses_sdk.accumulate(streamed(*part(0, PartKind.REFUSAL, "No", "."), stop=Stop.REFUSAL))

    for each in (whole, stream):
        assert each.status == "completed"
        assert each.output[0].content[0].refusal == "No."
        assert CODEC.decode_response(each.model_dump_json().encode()).candidates[0].stop is Stop.REFUSAL


def test_usage_sums_are_equal() -> None:
    usage = said(answer()).usage

    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (26, 42, 68)
    assert (usage.input_tokens_details.cached_tokens, usage.input_tokens_details.cache_write_tokens) == (7, 8)
    assert usage.output_tokens_details.reasoning_tokens == 40


@mark.parametrize(
    ("change", "text"),
    [
        ({"status": "failed", "error": {"code": "server_error", "message": "Oops"}}, "Oops"),
        ({"status": "in_progress"}, "goes on in the background"),
        ({"status": "queued"}, "goes on in the background"),
        ({"status": "cancelled"}, "cancelled"),
        ({"output": None}, "`output` is required"),
    ],
    ids=["failed", "in progress", "queued", "cancelled", "no output"],
)
def test_what_is_no_whole_answer_is_an_error(change: dict[str, Any], text: str) -> None:
    body = {**json.loads(golden(API, "answers", "text")), **change}

    with raises(InvalidUpstreamResponse, match=text):
        CODEC.decode_response(json.dumps(body).encode())


def test_ids_are_made_where_there_are_none_and_always_the_same() -> None:
    parts = (Thought("Hm", "gemini"), Text("A"), ToolCall("call_1", "f"), ToolCall("", "g"))
    events = [
        *part(0, PartKind.THOUGHT, "Hm"),
        *part(1, PartKind.TEXT, "A"),
        *part(2, PartKind.TOOL_CALL, "{}", id="call_1", name="f"),
        *part(3, PartKind.TOOL_CALL, "{}", name="g"),
    ]

    whole = [item.id for item in said(answer(*parts, stop=Stop.TOOL)).output]
    stream = responses_sdk.accumulate(streamed(*events, stop=Stop.TOOL))

    assert whole == [item.id for item in stream.output]
    assert [id.partition("_")[0] for id in whole] == ["rs", "msg", "fc", "fc"]
    assert len(set(whole)) == 4
    assert stream.output[3].type == "function_call"
    assert stream.output[3].call_id.startswith("call_")
    assert max(map(len, whole)) <= 64


THOUGHTS = (
    Thought("Let me see", "anthropic-messages", signature="EqQB+/=="),
    Thought("", "anthropic-messages", sealed="EmwK"),
    Thought("So", "gemini", signature="CiQB", is_summary=True),
    Thought("Hm", "openai-chat"),
    Thought("Sum", API, sealed="gAAA", id="rs_1", is_summary=True),
    Thought("", API, sealed="gAAB", id="rs_2", is_summary=True),
)


@mark.parametrize("thought", THOUGHTS, ids=lambda thought: f"{thought.api} {thought.text}")
def test_state_of_any_api_comes_back_through_a_client(thought: Thought) -> None:
    call = ToolCall("call_1", "f", '{"a" : 1}', signature="CiRx")
    sealed = [Sealed(0, 0, thought.signature, thought.sealed)] if thought.signature or thought.sealed else []
    pieces = [Delta(0, 0, each) for each in (thought.text[:1], thought.text[1:]) if each]
    begin = PartStarted(0, 0, PartKind.THOUGHT, thought.id, is_summary=thought.is_summary)
    called = part(1, PartKind.TOOL_CALL, '{"a" ', ": 1}", id="call_1", name="f")
    called.insert(1, Sealed(0, 1, "CiRx"))

    whole = said(answer(thought, call, stop=Stop.TOOL, api=thought.api))
    stream = streamed(begin, *pieces, *sealed, PartEnded(0, 0), *called, api=thought.api, stop=Stop.TOOL)

    for each in (whole, responses_sdk.accumulate(stream)):
        items = [item.model_dump(exclude_none=True) for item in each.output]
        parts = decode(CODEC, {"model": "m", "input": items}).messages[0].parts
        kept = [strip(found) for found in parts]
        assert kept == [thought, call]


def strip(found: Any) -> Any:
    found.extras = {}
    return found


def test_thoughts_of_one_item_stay_together() -> None:
    events = events_of(CODEC, golden(API, "streams", "tools"))

    assert text_of(events, PartKind.THOUGHT) == ["One", "Two"]
    assert [event.sealed for event in events if isinstance(event, Sealed)] == ["gAAAA+/="]
    item = responses_sdk.accumulate(frames_of(CODEC, events, REQUEST)).output[0]
    assert item.type == "reasoning"
    assert [each.text for each in item.summary] == ["One", "Two"]


def test_what_is_sealed_is_kept_if_another_item_comes_between() -> None:
    lines = golden(API, "streams", "tools").split(b"\n\n")
    sealed = next(line for line in lines if b"output_item.done" in line and b"rs_1" in line)
    lines.remove(sealed)
    lines.insert(-2, sealed)

    events = events_of(CODEC, b"\n\n".join(lines))

    assert_lawful(events)
    assert [event.sealed for event in events if isinstance(event, Sealed)] == ["gAAAA+/="]
    assert text_of(events, PartKind.THOUGHT) == ["One", "Two", ""]


def test_an_own_reason_is_told_beside_a_refusal() -> None:
    whole = said(answer(Refusal("No."), stop=Stop.REFUSAL, api=API, native_stop="content_filter"))

    assert (whole.status, whole.incomplete_details.reason) == INCOMPLETE_FILTER


def test_logprobs_are_in_deltas_and_whole() -> None:
    token = TokenLogprob("é", -0.5, [195, 169], [TokenLogprob("e", -1.0)])
    events: list[Event] = [PartStarted(0, 0, PartKind.TEXT), Delta(0, 0, "é", [token]), PartEnded(0, 0)]

    stream = streamed(*events)
    frames = documents(stream)

    plain = {"token": "é", "logprob": -0.5, "top_logprobs": [{"token": "e", "logprob": -1.0}]}
    assert [frame["logprobs"] for frame in frames if "logprobs" in frame] == [[plain], [plain]]
    content = responses_sdk.accumulate(stream).output[0]
    assert content.type == "message"
    assert content.content[0].model_dump()["logprobs"][0]["bytes"] == [195, 169]
    whole = said(answer(Text("é"), logprobs=[token])).output[0].content[0].logprobs[0]
    assert (whole.bytes, whole.top_logprobs[0].bytes) == ([195, 169], [101])


def test_parts_of_other_apis_are_left_out() -> None:
    opaque = Opaque("gemini", "executableCode", Raw(b"{}"))
    events = [
        PartStarted(0, 0, PartKind.OPAQUE, opaque=opaque),
        PartEnded(0, 0),
        *part(1, PartKind.AUDIO, "AAAA"),
        *part(2, PartKind.TEXT, "A"),
        PartStarted(1, 0, PartKind.TEXT),
        Delta(1, 0, "another candidate"),
        PartEnded(1, 0),
        CandidateEnded(1, Stop.LENGTH),
    ]

    stream = responses_sdk.accumulate(streamed(*events))

    assert stream.output_text == said(answer(opaque, Text("A"))).output_text == "A"
    assert (len(stream.output), stream.status) == (1, "completed")


def test_a_provider_that_is_alive_keeps_the_connection_open() -> None:
    stream = streamed(Alive(), *part(0, PartKind.TEXT, "A"))

    assert b"\n\n: \n\nevent:" in stream
    assert responses_sdk.accumulate(stream).output_text == "A"


@mark.parametrize(
    ("failed", "code"),
    [
        (Failed(429, "rate_limit_exceeded", "Slow"), "rate_limit_exceeded"),
        (Failed(429, "overloaded", "Slow"), "rate_limit_exceeded"),
        (Failed(529, "overloaded_error", "Slow"), "server_error"),
        (Failed(400, "invalid_prompt", "Slow"), "invalid_prompt"),
    ],
    ids=["its word", "another word for 429", "another word", "prompt"],
)
def test_a_failure_is_told_in_its_own_words_and_in_those_of_the_sdk(failed: Failed, code: str) -> None:
    events: list[Event] = [Started("i", "m"), *part(0, PartKind.TEXT, "A")[:2], failed]

    error, last = documents(frames_of(CODEC, events, REQUEST))[-2:]

    assert (error["type"], error["code"], error["message"]) == ("error", failed.code, "Slow")
    assert last["type"] == "response.failed"
    response: Any = responses_sdk.parse_answer(json.dumps(last["response"]).encode())
    assert response.error.code == code


def test_a_failure_at_once_is_an_error_alone() -> None:
    frames = documents(frames_of(CODEC, [Failed(503, "overloaded", "Busy")], REQUEST))

    told = {"code": "overloaded", "message": "Busy", "param": None}
    assert frames == [{"type": "error", "sequence_number": 0, **told, "error": told}]


@mark.parametrize(
    ("code", "status"),
    [("rate_limit_exceeded", 429), ("server_error", 500), ("context_length_exceeded", 400), ("new_word", 502)],
)
def test_an_error_in_a_stream_has_the_status_of_its_code(code: str, status: int) -> None:
    flat = {"type": "error", "code": code, "message": "M", "param": None, "sequence_number": 0}
    nested = {"type": "error", "error": {"type": "t", "code": code, "message": "M"}}
    bare = {"error": {"type": "t", "code": code, "message": "M"}}
    failed = {"type": "response.failed", "response": {"status": "failed", "error": {"code": code, "message": "M"}}}

    for body in (flat, nested, bare, failed):
        events = events_of(CODEC, b"data: %b\n\n" % json.dumps(body).encode())
        assert events[-1] == Failed(status, code, "M")


@mark.parametrize("kind", ["response.function_call_arguments.delta", "response.custom_tool_call_input.delta"])
def test_arguments_of_no_call_are_an_error(kind: str) -> None:
    body = {"type": kind, "output_index": 0, "item_id": "fc_1", "delta": "{"}

    events = events_of(CODEC, b"data: %b\n\n" % json.dumps(body).encode())

    assert [event.code for event in events if isinstance(event, Failed)] == ["invalid_upstream_response"]


def test_no_arguments_at_all_are_those_of_no_parameters() -> None:
    call = part(0, PartKind.TOOL_CALL, "", id="call_1", name="f")
    custom = part(1, PartKind.TOOL_CALL, id="call_2", name="c", is_custom=True)

    items = responses_sdk.accumulate(streamed(*call, *custom, stop=Stop.TOOL)).output

    assert [getattr(item, "arguments", getattr(item, "input", None)) for item in items] == ["{}", ""]


def types_of(annotated: Any) -> list[str]:
    """All that the SDK knows."""
    union = get_args(annotated)[0]
    return [get_args(member.model_fields["type"].annotation)[0] for member in get_args(union)]


OWN_ITEMS = ("message", "function_call", "custom_tool_call", "reasoning")


@mark.parametrize("kind", [kind for kind in types_of(ResponseOutputItem) if kind not in OWN_ITEMS])
def test_every_item_that_the_sdk_knows_passes_unread(kind: str) -> None:
    """Of the provider's tools: whole, streamed, and in the next request."""
    item = {"type": kind, "id": "x_1", "status": "completed", "call_id": "c", "output": "o", "new": [{"a": 1.50}]}
    body = {**json.loads(golden(API, "answers", "text")), "output": [item]}
    event = {"type": "response.output_item.done", "output_index": 0, "item": item}
    begin = golden(API, "streams", "text").split(b"\n\n")[:2]

    whole = CODEC.encode_response(CODEC.decode_response(json.dumps(body).encode()))
    stream = b"\n\n".join([*begin, b"data: " + json.dumps(event).encode(), b""])
    frames = documents(frames_of(CODEC, events_of(CODEC, stream), REQUEST))
    again = CODEC.encode_request(decode(CODEC, {"model": "m", "input": [item]}), UNKNOWN, Losses())

    assert json.loads(whole)["output"] == [item]
    assert [frame["item"] for frame in frames if "item" in frame] == [item, item]
    assert json.loads(again)["input"] == [item]


READ = ("response.created", "response.completed", "response.incomplete", "response.failed", "error")


@mark.parametrize("kind", [kind for kind in types_of(ResponseStreamEvent) if kind not in READ])
def test_every_event_that_the_sdk_knows_is_understood_or_passed_over(kind: str) -> None:
    """Of server tools, sound and pictures only whole items are given on."""
    index = 0 if ".output_text." in kind or "content_part" in kind else 1
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"}
    event = {
        "type": kind,
        "output_index": index,
        "content_index": 0,
        "summary_index": 0,
        "item_id": "msg_1",
        "item": item,
        "response": {"id": "resp_68af40"},
        "part": {"type": "output_text", "text": ""},
        "annotation": {"type": "file_path", "file_id": "f", "index": 0},
        "text": "",
        "refusal": "",
        "delta": {"stdout": "x"} if "shell" in kind or "audio" in kind else "",
        "partial_image_b64": "AAAA",
    }
    lines = golden(API, "streams", "text").split(b"\n\n")
    place = next(number for number, line in enumerate(lines) if b"output_text.delta" in line) + 1
    lines.insert(place, b"data: " + json.dumps(event).encode())

    events = events_of(CODEC, b"\n\n".join(lines))

    assert_lawful(events)
    is_call = kind in ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
    assert isinstance(events[-1], Failed if is_call else Ended)  # of a call that has not begun
    if not is_call:
        assert "".join(text_of(events, PartKind.TEXT)) == "Hello\nZürich"


@given(events=lawful_events(api="anthropic-messages") | lawful_events() | lawful_events(api=API, candidates=2))
@settings(max_examples=150, deadline=None)
def test_the_sdk_accepts_whatever_is_lawful(events: list[Event]) -> None:
    stream = frames_of(CODEC, events, REQUEST)
    try:
        whole = responses_sdk.accumulate(stream)
    except StreamError:
        assert isinstance(events[-1], Failed) or any(
            isinstance(event, CandidateEnded) and event.stop is Stop.OTHER for event in events
        )
        return
    assert whole.output_text == "".join(text_of(events, PartKind.TEXT))
    again = events_of(CODEC, stream)
    assert_lawful(again)
    for kind in (PartKind.TEXT, PartKind.TOOL_CALL, PartKind.REFUSAL):
        assert text_of(again, kind) == text_of(events, kind)
