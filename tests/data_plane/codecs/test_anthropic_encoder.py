"""Streams for clients of Anthropic's messages, of what only other APIs have."""

import json
from typing import Any

from msgspec import Raw

from data_plane.llm.content import Opaque
from data_plane.llm.events import (
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
)
from data_plane.llm.response import Stop
from tests.fakes.codec_golden import decode, documents, frames_of, golden
from tests.fakes.sdk_parse import accumulate_anthropic, accumulate_openai
from tests.fakes.translation import ANTHROPIC, OPENAI

FOR_ANTHROPIC = decode(ANTHROPIC, golden("anthropic-messages", "requests", "minimal"))
FOR_OPENAI = decode(OPENAI, golden("openai-chat", "requests", "minimal"))
START = Started("i", "m", api="other")


def part(number: int, kind: PartKind, *words: str, candidate: int = 0, **fields: Any) -> list[Event]:
    started = PartStarted(candidate, number, kind, **fields)
    deltas = [Delta(candidate, number, each) for each in words]
    return [started, *deltas, PartEnded(candidate, number)]


def end(stop: Stop = Stop.END) -> list[Event]:
    return [CandidateEnded(0, stop), Ended()]


def test_free_text_for_a_tool_is_a_field_of_an_object() -> None:
    words = ('ls "a', '\n" \\', "ü")
    events = [START, *part(0, PartKind.TOOL_CALL, *words, id="a", name="sh", is_custom=True), *end(Stop.TOOL)]

    said = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    assert [block.input for block in said.content if block.type == "tool_use"] == [{"input": "".join(words)}]


def test_what_has_no_block_leaves_no_gap() -> None:
    foreign = Opaque("gemini", "executable_code", Raw(b'{"code":"1"}'))
    own = Opaque("anthropic-messages", "container_upload", Raw(b'{"type":"container_upload","file_id":"f"}'))
    events = [
        START,
        *part(0, PartKind.AUDIO, "UklG"),
        *part(1, PartKind.OPAQUE, opaque=foreign),
        *part(2, PartKind.THOUGHT),
        *part(3, PartKind.OPAQUE, opaque=own),
        *part(4, PartKind.TEXT, "", "Hi"),
        *end(),
    ]
    said = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    assert [block.type for block in said.content] == ["container_upload", "text"]
    assert accumulate_openai(frames_of(OPENAI, events, FOR_OPENAI)).choices[0].message.content == "Hi"


def test_only_the_first_candidate_is_told() -> None:
    second = [*part(0, PartKind.TEXT, "B", candidate=1), CandidateEnded(1, Stop.LENGTH)]
    events = [START, *part(0, PartKind.TEXT, "A"), *second, *end()]

    said = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    assert [block.text for block in said.content if block.type == "text"] == ["A"]
    assert said.stop_reason == "end_turn"


def test_citations_go_to_the_api_that_they_came_by() -> None:
    location = {"type": "char_location", "cited_text": "a", "document_index": 0, "document_title": None}
    location |= {"start_char_index": 0, "end_char_index": 1, "file_id": None}
    events: list[Event] = [START, PartStarted(0, 0, PartKind.TEXT), Delta(0, 0, "A")]
    for api in ("anthropic-messages", "gemini"):
        citation = Opaque(api, "citation", Raw(json.dumps(location).encode()))
        events.append(Delta(0, 0, "", citation=citation))
    events += [PartEnded(0, 0), *end()]

    said = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    assert [len(block.citations or []) for block in said.content if block.type == "text"] == [1]
    assert accumulate_openai(frames_of(OPENAI, events, FOR_OPENAI)).choices[0].message.content == "A"


def test_state_of_text_has_no_place() -> None:
    events: list[Event] = [
        START,
        PartStarted(0, 0, PartKind.TEXT),
        Sealed(0, 0, "s"),
        Delta(0, 0, "A"),
        PartEnded(0, 0),
    ]

    assert accumulate_anthropic(frames_of(ANTHROPIC, [*events, *end()], FOR_ANTHROPIC)).content[0].type == "text"
    assert accumulate_openai(frames_of(OPENAI, [*events, *end()], FOR_OPENAI)).choices[0].message.content == "A"


def test_a_stream_that_failed_says_no_more() -> None:
    events: list[Event] = [START, Failed(500, "c", "Why"), *end()]

    assert documents(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))[-1]["type"] == "error"
    assert documents(frames_of(OPENAI, events, FOR_OPENAI))[-1]["error"]["message"] == "Why"
