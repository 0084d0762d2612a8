"""Streams of Anthropic's messages, where a provider breaks the rules or says something unusual."""

import json
from typing import Any

from pytest import mark, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.events import CandidateEnded, Delta, Ended, Event, Failed, PartKind, PartStarted, UsageKnown
from data_plane.llm.response import Stop
from data_plane.usage import Usage
from tests.fakes.codec_golden import events_of, golden
from tests.fakes.event_law import assert_lawful, text_of

ANTHROPIC = CODECS["anthropic-messages"]
START = {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 3}}}
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
WORDS = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
END = {"type": "content_block_stop", "index": 0}
STOPPING = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
STOP = {"type": "message_stop"}


def read(*documents: Any) -> list[Event]:
    stream = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in documents)
    events = events_of(ANTHROPIC, stream)
    assert_lawful(events)
    return events


BROKEN = {
    "no start": [TEXT],
    "two starts": [START, START],
    "a start without a message": [{"type": "message_start"}],
    "a delta without a block": [START, WORDS],
    "a delta of another block": [START, TEXT, {**WORDS, "index": 1}],
    "a delta after its block": [START, TEXT, END, WORDS],
    "a delta without one": [START, TEXT, {"type": "content_block_delta", "index": 0}],
    "a stop of no block": [START, END],
    "a block without its number": [START, {**TEXT, "index": None}],
    "a block without a type": [START, {**TEXT, "content_block": {}}],
    "a block after the stop": [START, STOPPING, TEXT],
    "input that is no JSON": [
        START,
        {**TEXT, "content_block": {"type": "server_tool_use", "id": "s", "name": "n", "input": {}}},
        {**WORDS, "delta": {"type": "input_json_delta", "partial_json": '{"a'}},
        END,
    ],
    "usage that is none": [START, {**STOPPING, "usage": {"output_tokens": "many"}}],
    "no type": [START, {"index": 0}],
    "no object": [START, 7],
    "no stop": [START, TEXT, WORDS, END, STOPPING],
    "nothing": [{"type": "ping"}],
}


@mark.parametrize("documents", BROKEN.values(), ids=BROKEN)
def test_a_provider_that_breaks_the_rules_fails_the_stream(documents: list[Any]) -> None:
    failed = read(*documents)[-1]

    assert isinstance(failed, Failed)
    assert failed.status == 502


def test_input_that_is_no_utf8_fails_the_answer() -> None:
    call = b'{"type":"tool_use","id":"t","name":"f","input":{"a":"\xff"}}'
    start = b"data: " + json.dumps(START).encode() + b"\n\n"
    block = b'data: {"type":"content_block_start","index":0,"content_block":' + call + b"}\n\n"

    assert isinstance(events_of(ANTHROPIC, start + block)[-1], Failed)
    with raises(InvalidUpstreamResponse, match="UTF-8"):
        ANTHROPIC.decode_response(b'{"content":[' + call + b'],"stop_reason":"tool_use"}')


def test_nothing_is_read_after_the_end() -> None:
    events = read(START, TEXT, WORDS, END, STOPPING, STOP, START)
    assert isinstance(events[-1], Ended)


def test_a_block_that_is_left_open_ends_with_the_next_or_with_the_answer() -> None:
    events = read(START, TEXT, WORDS, {**TEXT, "index": 1}, STOPPING, STOP)
    assert text_of(events, PartKind.TEXT) == ["Hi", ""]


def test_text_that_comes_with_its_block_is_read() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    blocks: list[Any] = [{"type": "text", "text": "Hi"}, call, thought]
    starts = [{**TEXT, "index": index, "content_block": block} for index, block in enumerate(blocks)]
    events = read(START, *starts, STOPPING, STOP)

    assert text_of(events, PartKind.TEXT) == ["Hi"]
    assert text_of(events, PartKind.TOOL_CALL) == ['{"a": 1}']
    assert text_of(events, PartKind.THOUGHT) == ["Hm"]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "tools"))
    assert text_of(events, PartKind.TOOL_CALL)[1] == "{}"


def test_input_of_a_server_s_tool_is_part_of_what_is_opaque() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "server-tools"))
    first = next(event for event in events if isinstance(event, PartStarted))

    assert first.opaque is not None
    assert json.loads(bytes(first.opaque.raw))["input"] == {"query": "x"}
    cited = [event.citation for event in events if isinstance(event, Delta) and event.citation is not None]
    assert [citation.api for citation in cited] == ["anthropic-messages"]


def test_the_last_usage_corrects_the_first() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "tools"))
    known = [event.usage for event in events if isinstance(event, UsageKnown)]

    assert known == [Usage(input_uncached=2500, cache_read=9, output=15)]


def test_thought_is_part_of_the_output() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "thinking"))
    known = [event.usage for event in events if isinstance(event, UsageKnown)]

    assert known == [Usage(input_uncached=25, reasoning=9, output=6)]


@mark.parametrize(
    ("word", "status"),
    [("overloaded_error", 529), ("rate_limit_error", 429), ("api_error", 500), ("some_error", 500), ("", 500)],
)
def test_an_error_has_the_status_that_it_would_have_had(word: str, status: int) -> None:
    assert read(START, {"type": "error", "error": {"type": word, "message": "Why"}})[-1] == Failed(
        status, word or "api_error", "Why"
    )


def test_an_error_may_be_all_there_is() -> None:
    assert read({"type": "error", "error": {"type": "overloaded_error", "message": "Why"}}) == [
        Failed(529, "overloaded_error", "Why")
    ]


def test_a_stop_that_nobody_knows_is_another() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "framing"))
    ended = [event for event in events if isinstance(event, CandidateEnded)]

    assert [(each.stop, each.native_stop) for each in ended] == [(Stop.OTHER, "some_new_reason")]
    assert text_of(events, PartKind.TEXT) == ["AB"]
