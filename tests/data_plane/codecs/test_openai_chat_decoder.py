"""Streams and answers of OpenAI's chat, where a provider breaks the rules or says something unusual."""

import json
from typing import Any

from pytest import mark, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Text, Thought
from data_plane.llm.events import (
    CandidateEnded,
    Delta,
    Ended,
    Event,
    Failed,
    PartKind,
    PartStarted,
    Sealed,
    Started,
    UsageKnown,
)
from data_plane.llm.response import Stop
from data_plane.usage import Usage
from tests.fakes.codec_golden import decode, documents, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful, text_of

OPENAI = CODECS["openai-chat"]


def chunk(delta: Any = None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish, **fields}
    return {"id": "c", "model": "m", "created": 1, "choices": [choice]}


def call(index: int | None, id: str = "", name: str = "", arguments: str = "", **fields: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    known = {"index": index, "id": id, "type": "function", "function": function, **fields}
    return chunk({"tool_calls": [{key: value for key, value in known.items() if value != "" and value is not None}]})


def read(*documents: Any, is_done: bool = True) -> list[Event]:
    stream = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in documents)
    events = events_of(OPENAI, stream + (b"data: [DONE]\n\n" if is_done else b""))
    assert_lawful(events)
    return events


BROKEN = {
    "fragments of calls mixed": [call(0, "a", "f", "{"), call(1, "b", "g", "{"), call(0, arguments="}")],
    "a call of no number": [call(-1, "a", "f")],
    "a call beyond all numbers": [call(10**6, "a", "f")],
    "a candidate beyond all numbers": [chunk({"content": "Hi"}, index=129)],
    "choices that are none": [{"choices": {}}],
    "a delta that is none": [chunk("Hi")],
    "usage that is none": [{**chunk({"content": "Hi"}), "usage": {"prompt_tokens": "many"}}],
    "no answer": [],
    "no object": [[]],
}


@mark.parametrize("documents", BROKEN.values(), ids=BROKEN)
def test_a_provider_that_breaks_the_rules_fails_the_stream(documents: list[Any]) -> None:
    failed = read(*documents)[-1]

    assert isinstance(failed, Failed)
    assert failed.status == 502


def test_calls_that_come_whole_without_numbers_are_told_apart() -> None:
    events = read(
        call(None, "a", "f", "{}"), call(None, "b", "g", '{"x"'), call(None, arguments=":1}"), chunk({}, "stop")
    )

    assert text_of(events, PartKind.TOOL_CALL) == ["{}", '{"x":1}']
    assert [event.stop for event in events if isinstance(event, CandidateEnded)] == [Stop.TOOL]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "tools"))
    assert text_of(events, PartKind.TOOL_CALL) == ['{"place": "Zürich"}', "{}"]


def test_a_custom_call_may_be_empty() -> None:
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": ""}}
    assert text_of(read(chunk({"tool_calls": [custom]}), chunk({}, "tool_calls")), PartKind.TOOL_CALL) == [""]


@mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thought_goes_by_several_names(field: str) -> None:
    events = read(chunk({field: "H"}), chunk({field: "m"}), chunk({"content": "42"}), chunk({}, "stop"))
    assert text_of(events, PartKind.THOUGHT) == ["Hm"]


def test_state_of_thoughts_and_calls_is_read() -> None:
    details = [{"type": "reasoning.text", "index": 0, "signature": "s", "format": "anthropic-claude-v1"}]
    signed = call(0, "a", "f", "{}")
    signed["choices"][0]["delta"]["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "g"}}
    sealed = [{"type": "reasoning.encrypted", "index": 1, "data": "d", "id": "rs"}]
    events = read(
        chunk({"reasoning_details": sealed}),
        signed,
        chunk({"reasoning": "Hm"}),
        chunk({"reasoning_details": details}),
        chunk({}, "stop"),
    )

    found = [event for event in events if isinstance(event, Sealed)]
    assert found == [Sealed(0, 0, sealed="d"), Sealed(0, 1, signature="g"), Sealed(0, 2, signature="s")]
    assert [event.id for event in events if isinstance(event, PartStarted)] == ["rs", "a", ""]


def test_content_may_be_an_array_of_thoughts_and_texts() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "mistral"))

    assert text_of(events, PartKind.THOUGHT) == ["Hm, so"] and text_of(events, PartKind.TEXT) == ["Paris."]
    assert [event for event in events if isinstance(event, Sealed)] == [Sealed(0, 0, signature="c2ln")]
    (cited,) = [event.citation for event in events if isinstance(event, Delta) and event.citation is not None]
    assert (cited.api, cited.kind, json.loads(bytes(cited.raw))["reference_ids"]) == ("openai-chat", "reference", [1])


def test_a_whole_answer_s_content_may_be_an_array_too() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]}
    content = [{**thought, "signature": "s"}, {"type": "text", "text": "Paris"}, {"type": "reference", "n": 1}]
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}

    parts = OPENAI.decode_response(json.dumps({"choices": [choice]}).encode()).candidates[0].parts

    assert parts[:2] == [Thought("Hm.", "openai-chat", "s"), Text("Paris")]
    assert isinstance(parts[2], Opaque) and parts[2].kind == "reference"


@mark.parametrize("content", [7, {"type": "text"}, ["x"], [{"text": "x"}], [{"type": "thinking", "thinking": "x"}]])
def test_content_that_is_neither_is_the_upstream_s_fault(content: Any) -> None:
    assert isinstance(read(chunk({"content": content}))[-1], Failed)


def test_sources_of_a_text_and_sound_are_kept_for_this_api() -> None:
    cited = events_of(OPENAI, golden("openai-chat", "streams", "annotations"))
    spoken = events_of(OPENAI, golden("openai-chat", "streams", "audio"))

    sources = [event.citation for event in cited if isinstance(event, Delta) and event.citation is not None]
    assert [source.kind for source in sources] == ["annotation"]
    sound = [event.opaque for event in spoken if isinstance(event, PartStarted) and event.kind is PartKind.OPAQUE]
    assert [json.loads(bytes(each.raw)) for each in sound if each is not None] == [
        {"id": "audio_1"},
        {"data": "AAEC"},
        {"transcript": "Hi"},
        {"expires_at": 1764003600},
    ]


def test_custom_calls_go_out_as_they_came_in() -> None:
    request = decode(OPENAI, golden("openai-chat", "requests", "minimal"))
    stream = golden("openai-chat", "streams", "custom-tool")

    written = documents(frames_of(OPENAI, events_of(OPENAI, stream), request))

    calls = [choice["delta"].get("tool_calls") for document in written for choice in document["choices"]]
    wanted = [choice["delta"].get("tool_calls") for document in documents(stream) for choice in document["choices"]]
    assert [each for each in calls if each] == [each for each in wanted if each]


def test_azure_s_first_chunk_starts_nothing() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "azure"))
    assert events[0] == Started("chatcmpl-1", "gpt-5", 1764000000, api="openai-chat")


def test_usage_comes_without_choices() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "text"))
    known = [event.usage for event in events if isinstance(event, UsageKnown)]
    assert known == [Usage(input_uncached=15, cache_read=5, reasoning=4, output=6)]


def test_candidates_keep_apart() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "candidates"))

    assert [text_of(events, PartKind.TEXT, number) for number in (0, 1)] == [["aA"], ["bB"]]


def test_a_candidate_whose_end_nobody_told_ends_with_the_stream() -> None:
    events = read(chunk({"content": "Hi"}))
    assert events[-2:] == [CandidateEnded(0, Stop.OTHER), Ended()]


def test_after_the_end_nothing_is_read() -> None:
    stream = golden("openai-chat", "streams", "text")
    assert events_of(OPENAI, stream + stream) == events_of(OPENAI, stream)


def test_what_comes_after_the_end_of_a_candidate_is_passed_over() -> None:
    events = read(chunk({"content": "Hi"}), chunk({}, "stop"), chunk({"content": "Ho"}, "length"))
    assert text_of(events, PartKind.TEXT) == ["Hi"]


ANSWERS: dict[str, Any] = {
    "no choices": {"choices": []},
    "no message": {"choices": [{"index": 0}]},
    "usage that is none": {"choices": [{"message": {"content": "Hi"}}], "usage": {"prompt_tokens": -1}},
    "bytes that are none": {
        "choices": [{"message": {"content": "Hi"}, "logprobs": {"content": [{"token": "a", "bytes": ["x"]}]}}]
    },
}


@mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_the_upstream_s_fault(body: Any) -> None:
    with raises(InvalidUpstreamResponse):
        OPENAI.decode_response(json.dumps(body).encode())


def test_candidates_are_in_order_and_details_win_over_text() -> None:
    details = [{"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "google-gemini-v1"}]
    message = {"content": "A", "reasoning": "Hm", "reasoning_details": details}
    body = {"choices": [{"index": 1, "message": {"content": "B"}}, {"index": 0, "message": message}]}

    found = OPENAI.decode_response(json.dumps(body).encode()).candidates

    assert found[0].parts[0] == Thought("Hm", "gemini", "s")
    assert len(found[1].parts) == 1
