"""Answers and streams of Bedrock's Converse, read: whole, cut anywhere, damaged value by value; and told to clients."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest import mark, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse, UnmappableApi
from data_plane.llm.content import Opaque, Text, Thought, ToolCall
from data_plane.llm.events import CandidateEnded, Delta, Ended, Failed, PartKind, PartStarted, Sealed, UsageKnown
from data_plane.llm.response import GenerateResponse, Stop
from data_plane.usage import Usage
from tests.fakes.aws_event_stream import event, stream_of
from tests.fakes.bedrock_golden import (
    API,
    BEDROCK,
    OPENAI,
    damaged_streams,
    events_of,
    events_of_golden,
)
from tests.fakes.codec_golden import CALLS, cases, decode, documents, frames_of, golden
from tests.fakes.damage import damages
from tests.fakes.event_law import assert_lawful, text_of
from tests.fakes.sdk_parse import (
    StreamError,
    accumulate_anthropic,
    accumulate_openai,
    parse_anthropic_answer,
    parse_openai_answer,
)

ANSWERS = cases(API, "answers")
STREAMS = cases(API, "streams")
BROKEN = {"cut-short", "model-error", "refused-at-once", "throttled", "unmodelled-error"}
WHOLE = [case for case in STREAMS if case.values[1].stem not in BROKEN]
CLIENTS: dict[str, Any] = {"openai-chat": accumulate_openai, "anthropic-messages": accumulate_anthropic}
PARSE: dict[str, Any] = {"openai-chat": parse_openai_answer, "anthropic-messages": parse_anthropic_answer}
PLAIN = Usage(input_uncached=30, output=12)
CACHED = Usage(input_uncached=8, cache_read=1500, cache_write_5m=400, cache_write_1h=600, output=5)
SIGNED = Thought("They want rain.", API, "EqoBCkgIARABGAIiQL8=")
SEALED = Thought(api=API, sealed="EmwKAhgBEgy3va3pzix/LafPsn4=")


@dataclass
class Said:
    """What an answer or a stream says."""

    stop: Stop
    text: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    thoughts: list[Thought] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    usage: Usage | None = field(default_factory=lambda: PLAIN)
    sequence: str | None = None


SAID_IN_ANSWERS = {
    "text": Said(Stop.END, ["Guten Tag — 你好"]),
    "tools": Said(
        Stop.TOOL,
        ["I look."],
        [
            ("tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", "get_weather", '{"city": "Köln", "days": 1.5, "near": [{"a": null}]}'),
            ("tooluse_2", "now", "{}"),
        ],
    ),
    "tools-said-to-end": Said(Stop.TOOL, [], [("tooluse_1", "now", "{}")]),
    "reasoning": Said(Stop.TOOL, [], [("tooluse_1", "get_weather", '{"city": "Bonn"}')], [SIGNED, SEALED]),
    "cache": Said(Stop.LENGTH, ["Short."], usage=CACHED),
    "stop-sequence": Said(Stop.STOP_SEQUENCE, ["one two"], sequence="three"),
    "guardrail": Said(Stop.REFUSAL, ["Sorry, I cannot answer that."]),
    "filtered": Said(Stop.REFUSAL),
    "context-full": Said(Stop.CONTEXT_FULL, ["So far"]),
    "citations": Said(Stop.END, ["Grass is green.", " So."]),
    "server-tool": Said(Stop.END, ["Found."], opaque=["toolUse", "toolResult"]),
    "answer-tool": Said(Stop.END, ['{"n": 7}']),
    "unknown-words": Said(Stop.OTHER, ["x"], opaque=["hologram"]),
    "malformed-tool": Said(Stop.MALFORMED_TOOL, ["x"]),
}
SAID_IN_STREAMS = {
    "text": Said(Stop.END, ["Guten Tag — 你好"]),
    "tools": Said(
        Stop.TOOL,
        ["I look."],
        [
            ("tooluse_1", "get_weather", '{"city": "Köln", "days": 1.50}'),
            ("tooluse_2", "now", "{}"),
            ("tooluse_3", "noon", "{}"),
        ],
    ),
    "reasoning": Said(
        Stop.TOOL,
        [],
        [("tooluse_3", "get_weather", '{"city":"Bonn"}')],
        [Thought("They want rain.", API, "EqoBCkgI"), SEALED],
    ),
    "cache": Said(Stop.LENGTH, ["Short."], usage=CACHED),
    "stop-sequence": Said(Stop.STOP_SEQUENCE, ["one two"], sequence="three"),
    "guardrail": Said(Stop.REFUSAL, ["Sorry, I cannot answer that."]),
    "nothing": Said(Stop.REFUSAL),
    "citations": Said(Stop.END, ["Grass is green."]),
    "server-tool": Said(Stop.END, ["Found."]),
    "answer-tool": Said(Stop.END, ['{"n":7}']),
    "no-usage": Said(Stop.END, ["Yes"], usage=None),
    "unknown-events": Said(Stop.OTHER, ["Yes"]),
    "no-stops-of-blocks": Said(Stop.END, ["A", "C"], thoughts=[Thought("B", API)]),
}
FAILURES = {
    "throttled": (429, "throttlingException", "Too many requests, please wait before trying again."),
    "model-error": (500, "modelStreamErrorException", "The model failed."),
    "refused-at-once": (400, "validationException", "Input is too long for requested model."),
    "unmodelled-error": (500, "InternalError", "An internal server error occurred"),
    "cut-short": (502, "upstream_cut_short", "the upstream ended the stream before its end"),
}


def flat(text: str) -> str:
    """JSON on one line; goldens have it on many."""
    return json.dumps(json.loads(text), ensure_ascii=False)


def said_in_answer(response: GenerateResponse) -> Said:
    (candidate,) = response.candidates
    parts = candidate.parts
    return Said(
        candidate.stop,
        [flat(part.text) if part.text.startswith("{") else part.text for part in parts if isinstance(part, Text)],
        [(part.id, part.name, flat(part.arguments)) for part in parts if isinstance(part, ToolCall)],
        [part for part in parts if isinstance(part, Thought)],
        [part.kind for part in parts if isinstance(part, Opaque)],
        response.usage,
        candidate.stop_sequence,
    )


def said_in_stream(events: list[Any]) -> Said:
    ended = next(each for each in events if isinstance(each, CandidateEnded))
    said = Said(ended.stop, text_of(events, PartKind.TEXT), usage=None, sequence=ended.stop_sequence)
    for each in events:
        match each:
            case PartStarted(kind=PartKind.TOOL_CALL, id=id, name=name):
                said.calls.append((id, name, ""))
            case PartStarted(kind=PartKind.THOUGHT):
                said.thoughts.append(Thought(api=API))
            case Sealed(signature=signature, sealed=sealed):
                said.thoughts[-1].signature += signature
                said.thoughts[-1].sealed += sealed
            case UsageKnown(usage):
                said.usage = usage
    said.calls = [
        (id, name, text) for (id, name, _), text in zip(said.calls, text_of(events, PartKind.TOOL_CALL), strict=True)
    ]
    for thought, text in zip(said.thoughts, text_of(events, PartKind.THOUGHT), strict=True):
        thought.text = text
    return said


@mark.parametrize(("api", "path"), ANSWERS)
def test_an_answer_is_read(api: str, path: Path) -> None:
    response = BEDROCK.decode_response(path.read_bytes())

    assert said_in_answer(response) == SAID_IN_ANSWERS[path.stem]
    assert response.api == API
    assert response.candidates[0].native_stop == json.loads(path.read_bytes())["stopReason"]


def test_arguments_stay_as_they_were_written() -> None:
    body = golden(API, "answers", "tools").replace(b"1.5", b"1.500e0")

    call = BEDROCK.decode_response(body).candidates[0].parts[1]

    assert isinstance(call, ToolCall)
    assert '"days": 1.500e0,' in call.arguments


@mark.parametrize(("api", "path"), WHOLE)
def test_a_stream_is_read_however_it_is_cut(api: str, path: Path) -> None:
    whole = events_of_golden(path)

    assert_lawful(whole)
    assert isinstance(whole[-1], Ended)
    assert said_in_stream(whole) == SAID_IN_STREAMS[path.stem]
    assert events_of_golden(path, 1) == whole
    assert events_of_golden(path, 7) == whole
    assert events_of_golden(path, 1 << 20) == whole


@mark.parametrize("name", sorted(BROKEN))
def test_a_stream_that_breaks_off_never_ends_cleanly(name: str) -> None:
    path = next(case.values[1] for case in STREAMS if case.values[1].stem == name)

    events = events_of_golden(path)

    assert_lawful(events)
    assert events[-1] == Failed(*FAILURES[name])
    for client, accumulate in CLIENTS.items():
        request = decode(CODECS[client], golden(client, "requests", "minimal"))
        with raises(StreamError):
            accumulate(frames_of(CODECS[client], events, request))


@mark.parametrize(("api", "path"), STREAMS)
def test_a_stream_cut_at_any_byte_fails_or_had_said_all(api: str, path: Path) -> None:

    body = b"".join(stream_of(path.read_bytes()))
    for length in range(1, len(body), 23):
        events = events_of([body[:length]])
        assert_lawful(events)
        if isinstance(events[-1], Ended):
            assert any(isinstance(each, CandidateEnded) for each in events)


@mark.parametrize(("api", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(api: str, path: Path) -> None:
    refused = 0
    for damaged in damages(path.read_bytes()):
        try:
            response = BEDROCK.decode_response(damaged)
        except InvalidUpstreamResponse:
            refused += 1
            continue
        for client in CLIENTS:
            try:
                json.loads(CODECS[client].encode_response(response))
            except InvalidUpstreamResponse:
                assert response.candidates[0].stop is Stop.MALFORMED_TOOL
    assert refused > 10


@mark.parametrize(("api", "path"), STREAMS)
def test_a_damaged_stream_fails_visibly_or_is_understood(api: str, path: Path) -> None:
    clients = [(CODECS[client], decode(CODECS[client], golden(client, "requests", "minimal"))) for client in CLIENTS]
    for messages in damaged_streams(path):
        events = events_of(messages)
        assert_lawful(events)
        for codec, request in clients:
            documents(frames_of(codec, events, request))


@mark.parametrize("client", CLIENTS)
@mark.parametrize("name", [name for name in SAID_IN_ANSWERS if name != "malformed-tool"])
def test_a_clients_sdk_reads_the_answer(client: str, name: str) -> None:
    response = BEDROCK.decode_response(golden(API, "answers", name))

    PARSE[client](CODECS[client].encode_response(response))


@mark.parametrize("client", CLIENTS)
@mark.parametrize(("api", "path"), WHOLE)
def test_a_clients_sdk_reads_the_stream(client: str, api: str, path: Path) -> None:
    request = decode(CODECS[client], golden(client, "requests", "minimal"))

    CLIENTS[client](frames_of(CODECS[client], events_of_golden(path), request))


def test_an_answer_that_is_no_json_is_refused() -> None:
    with raises(InvalidUpstreamResponse, match="`the body` must be an object"):
        BEDROCK.decode_response(b"<html>")


def test_a_frame_that_is_damaged_ends_the_stream() -> None:
    messages = events_of([b""])  # nothing at all

    assert isinstance(messages[-1], Failed)
    decoder = BEDROCK.stream_decoder()
    (failed,) = decoder.feed([b"no message at all, but longer than a prelude"])
    assert isinstance(failed, Failed)
    assert (failed.status, failed.code) == (502, "invalid_upstream_response")
    assert decoder.feed([b"x"]) == []
    assert decoder.close() == []


def test_no_client_speaks_it() -> None:
    request = decode(OPENAI, golden("openai-chat", "requests", "minimal"))
    response = BEDROCK.decode_response(golden(API, "answers", "text"))
    for call in (
        lambda: BEDROCK.decode_request(b"{}", CALLS["openai-chat"]),
        lambda: BEDROCK.encode_response(response),
        lambda: BEDROCK.stream_encoder(request),
    ):
        with raises(UnmappableApi):
            call()


def test_what_replaces_a_thought_may_come_in_pieces() -> None:

    pieces = [
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"redactedContent": each}}})
        for each in ("AQ==", "AgM=")
    ]

    sealed = [
        each
        for each in events_of([*pieces, event("messageStop", {"stopReason": "end_turn"})])
        if isinstance(each, Sealed)
    ]

    assert sealed == [Sealed(0, 0, sealed="AQID")]


def test_a_source_is_told_with_its_text() -> None:
    path = next(case.values[1] for case in STREAMS if case.values[1].stem == "citations")

    cited = [event.citation for event in events_of_golden(path) if isinstance(event, Delta) and event.citation]

    assert [(each.api, json.loads(bytes(each.raw))["title"]) for each in cited] == [(API, "Facts")]


def test_the_tier_is_told() -> None:
    assert BEDROCK.decode_response(golden(API, "answers", "text")).service_tier == "priority"
