"""Answers and streams of Cohere's chat, read: whole, cut anywhere, damaged value by value; and told to clients."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cohere.v2.types import V2ChatResponse
from cohere.v2.types.v2chat_stream_response import V2ChatStreamResponse
from pydantic import TypeAdapter
from pytest import mark, raises

from data_plane.codecs.sse import EventSplitter
from data_plane.codecs.sse_data import data_of
from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse, UnmappableApi
from data_plane.llm.content import Opaque, Text, Thought, ToolCall
from data_plane.llm.events import CandidateEnded, Delta, Ended, Event, Failed, PartKind, PartStarted, UsageKnown
from data_plane.llm.response import Stop, TokenLogprob
from data_plane.usage import Usage
from tests.fakes.codec_golden import CALLS, cases, decode, documents, events_of, frames_of, golden
from tests.fakes.damage import damages
from tests.fakes.event_law import assert_lawful, text_of
from tests.fakes.sdk_parse import (
    StreamError,
    accumulate_anthropic,
    accumulate_openai,
    parse_anthropic_answer,
    parse_openai_answer,
)

API = "cohere-chat"
COHERE = CODECS[API]
ANSWERS = cases(API, "answers")
STREAMS = cases(API, "streams")
CLIENTS: dict[str, Any] = {"openai-chat": accumulate_openai, "anthropic-messages": accumulate_anthropic}
PARSE: dict[str, Any] = {"openai-chat": parse_openai_answer, "anthropic-messages": parse_anthropic_answer}
BILLED = Usage(input_uncached=9, cache_read=8, output=5)
CITY = '{"city":"Paris"}'
TWO_CALLS = [("get_weather_1", "get_weather", CITY), ("now_2", "now", "{}")]


@dataclass
class Said:
    """What an answer or a stream says."""

    stop: Stop
    text: list[str] = field(default_factory=lambda: ["Hello there"])
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    usage: Usage | None = field(default_factory=lambda: BILLED)


SAID_IN_ANSWERS = {
    "text": Said(Stop.END),
    "thinking": Said(Stop.END, thoughts=["Hm."]),
    "length": Said(Stop.LENGTH),
    "stop-sequence": Said(Stop.STOP_SEQUENCE),
    "unknown-word": Said(Stop.OTHER, usage=None),
    "tools": Said(Stop.TOOL, [], TWO_CALLS, ["I will look."]),
    "tools-said-to-end": Said(Stop.TOOL, [], TWO_CALLS[:1]),
    "citations": Said(Stop.END),
    "logprobs": Said(Stop.END),
    "unknown-block": Said(Stop.END),
}
SAID_IN_STREAMS = {
    "text": Said(Stop.END),
    "thinking": Said(Stop.END, ["Yes"], thoughts=["Hm."]),
    "tools": Said(Stop.TOOL, [], TWO_CALLS, ["I will look."]),
    "citations": Said(Stop.END),
    "logprobs": Said(Stop.END, ["Hi"]),
    "length": Said(Stop.LENGTH),
    "no-usage": Said(Stop.END, usage=None),
    "framing": Said(Stop.END),
}
FAILURES = {
    "cut-short": (502, "upstream_cut_short", "the upstream ended the stream before its end"),
    "broken-off": (500, "server", "internal error"),
    "timeout": (504, "timeout", "the model has broken off: TIMEOUT"),
    "error": (500, "server", "too many requests"),
}
WHOLE = [case for case in STREAMS if case.values[1].stem not in FAILURES]


def said(events: list[Event]) -> Said:
    ended = next(each for each in events if isinstance(each, CandidateEnded))
    calls = [each for each in events if isinstance(each, PartStarted) and each.kind is PartKind.TOOL_CALL]
    arguments = text_of(events, PartKind.TOOL_CALL)
    usage = [each.usage for each in events if isinstance(each, UsageKnown)]
    return Said(
        ended.stop,
        text_of(events, PartKind.TEXT),
        [(call.id, call.name, text) for call, text in zip(calls, arguments, strict=True)],
        text_of(events, PartKind.THOUGHT),
        usage[-1] if usage else None,
    )


@mark.parametrize(("api", "path"), ANSWERS)
def test_an_answer_is_read(api: str, path: Path) -> None:
    response = COHERE.decode_response(path.read_bytes())

    (candidate,) = response.candidates
    found = Said(
        candidate.stop,
        [part.text for part in candidate.parts if isinstance(part, Text)],
        [(part.id, part.name, part.arguments) for part in candidate.parts if isinstance(part, ToolCall)],
        [part.text for part in candidate.parts if isinstance(part, Thought)],
        response.usage,
    )
    assert found == SAID_IN_ANSWERS[path.stem]
    assert candidate.native_stop == json.loads(path.read_bytes())["finish_reason"]


def test_what_stands_beside_the_text_is_kept() -> None:
    cited = COHERE.decode_response(golden(API, "answers", "citations")).candidates[0].parts[0]
    odd = COHERE.decode_response(golden(API, "answers", "unknown-block")).candidates[0].parts[0]
    guessed = COHERE.decode_response(golden(API, "answers", "logprobs")).candidates[0].logprobs

    assert isinstance(cited, Text) and cited.citations is not None and b"doc_1" in bytes(cited.citations)
    assert isinstance(odd, Opaque) and json.loads(bytes(odd.raw)) == {"rows": [1]} and odd.kind == "table"
    assert guessed == [TokenLogprob("Hello", -0.5), TokenLogprob(" there", -0.5)]


@mark.parametrize("usage", [{"tokens": {"input_tokens": 3.0, "output_tokens": 2.0}}, {"billed_units": {}}])
def test_what_is_not_billed_is_counted_all_the_same(usage: dict[str, Any]) -> None:
    body = json.loads(golden(API, "answers", "text")) | {"usage": usage}

    expected = Usage(input_uncached=3, output=2) if "tokens" in usage else Usage()
    assert COHERE.decode_response(json.dumps(body).encode()).usage == expected


@mark.parametrize("word", ["ERROR", "TIMEOUT"])
def test_an_answer_that_broke_off_is_none(word: str) -> None:
    body = json.loads(golden(API, "answers", "text")) | {"finish_reason": word}

    with raises(InvalidUpstreamResponse, match=word):
        COHERE.decode_response(json.dumps(body).encode())


@mark.parametrize(("api", "path"), WHOLE)
def test_a_stream_is_read_however_it_is_cut(api: str, path: Path) -> None:
    whole = events_of(COHERE, path.read_bytes())

    assert_lawful(whole)
    assert isinstance(whole[-1], Ended)
    assert said(whole) == SAID_IN_STREAMS[path.stem]
    assert events_of(COHERE, path.read_bytes(), 1) == whole
    assert events_of(COHERE, path.read_bytes(), 7) == whole


def test_a_citation_belongs_to_the_text_that_is_open() -> None:
    events = events_of(COHERE, golden(API, "streams", "citations"))

    cited = [each for each in events if isinstance(each, Delta) and each.citation is not None]
    assert len(cited) == 1 and cited[0].part == 0 and events.index(cited[0]) < events.index(Delta(0, 0, " there"))


@mark.parametrize("name", sorted(FAILURES))
def test_a_stream_that_breaks_off_never_ends_cleanly(name: str) -> None:
    events = events_of(COHERE, golden(API, "streams", name))

    assert_lawful(events)
    assert events[-1] == Failed(*FAILURES[name])
    for client, accumulate in CLIENTS.items():
        request = decode(CODECS[client], golden(client, "requests", "minimal"))
        with raises(StreamError):
            accumulate(frames_of(CODECS[client], events, request))


@mark.parametrize("client", CLIENTS)
@mark.parametrize(("api", "path"), WHOLE)
def test_clients_hear_all_of_a_stream(api: str, path: Path, client: str) -> None:
    codec = CODECS[client]
    request = decode(codec, golden(client, "requests", "minimal"))

    answer = CLIENTS[client](frames_of(codec, events_of(COHERE, path.read_bytes()), request))

    for text in SAID_IN_STREAMS[path.stem].text:
        assert text in answer.model_dump_json()


@mark.parametrize("client", PARSE)
@mark.parametrize(("api", "path"), ANSWERS)
def test_clients_hear_all_of_an_answer(api: str, path: Path, client: str) -> None:
    answer = PARSE[client](CODECS[client].encode_response(COHERE.decode_response(path.read_bytes())))

    for text in SAID_IN_ANSWERS[path.stem].text:
        assert text in answer.model_dump_json()


@mark.parametrize(("api", "path"), ANSWERS)
def test_a_damaged_answer_is_refused_or_understood(api: str, path: Path) -> None:
    for damaged in damages(path.read_bytes()):
        try:
            response = COHERE.decode_response(damaged)
        except InvalidUpstreamResponse:
            continue
        for client in PARSE:
            json.loads(CODECS[client].encode_response(response))


@mark.parametrize(("api", "path"), STREAMS)
def test_a_damaged_stream_fails_visibly_or_is_understood(api: str, path: Path) -> None:
    clients = [(CODECS[name], decode(CODECS[name], golden(name, "requests", "minimal"))) for name in CLIENTS]
    for damaged in damages(path.read_bytes()):
        events = events_of(COHERE, damaged)
        assert_lawful(events)
        for client, request in clients:
            documents(frames_of(client, events, request))


def test_nobody_speaks_it_to_us() -> None:
    with raises(UnmappableApi):
        COHERE.decode_request(b"{}", CALLS["openai-chat"])


# The goldens themselves: what the provider's SDK reads of them.


@mark.parametrize(("api", "path"), [case for case in ANSWERS if case.values[1].stem != "unknown-block"])
def test_a_golden_answer_is_one_to_the_sdk(api: str, path: Path) -> None:
    assert V2ChatResponse.model_validate_json(path.read_bytes()).message.role == "assistant"


@mark.parametrize(("api", "path"), [case for case in STREAMS if case.values[1].stem != "error"])
def test_golden_events_are_events_to_the_sdk(api: str, path: Path) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(V2ChatStreamResponse)
    for frame in EventSplitter().feed(path.read_bytes()):
        data = data_of(frame)
        if data and data != b"[DONE]":
            event = adapter.validate_json(data)
            assert event.type == json.loads(data)["type"]
