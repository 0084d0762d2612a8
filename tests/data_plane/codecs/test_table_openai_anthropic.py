"""Answers of OpenAI's chat and Anthropic's messages, whole and streamed, translated into one another."""

import json
from typing import Any

from hypothesis import given, settings
from pytest import mark, raises

from data_plane.codecs.codec import Codec
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Refusal, Text, Thought, ToolCall
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
from data_plane.llm.response import Candidate, GenerateResponse, Stop
from data_plane.usage import Usage
from tests.fakes.codec_golden import cases, decode, documents, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful, lawful_events, text_of
from tests.fakes.sdk_parse import (
    StreamError,
    accumulate_anthropic,
    accumulate_openai,
    parse_anthropic_answer,
    parse_openai_answer,
)
from tests.fakes.translation import ANTHROPIC, OPENAI

FOR_OPENAI = decode(OPENAI, golden("openai-chat", "requests", "minimal"))
FOR_OPENAI.wants_usage = True
FOR_ANTHROPIC = decode(ANTHROPIC, golden("anthropic-messages", "requests", "minimal"))
USAGE = Usage(input_uncached=11, cache_read=7, cache_write_5m=5, cache_write_1h=3, reasoning=40, output=2)

# Stop; OpenAI's word and Anthropic's.
STOPS = {
    Stop.END: ("stop", "end_turn"),
    Stop.STOP_SEQUENCE: ("stop", "stop_sequence"),
    Stop.LENGTH: ("length", "max_tokens"),
    Stop.CONTEXT_FULL: ("length", "model_context_window_exceeded"),
    Stop.TOOL: ("tool_calls", "tool_use"),
    Stop.PAUSE: ("length", "pause_turn"),
    Stop.REFUSAL: ("content_filter", "refusal"),
    Stop.RECITATION: ("content_filter", "refusal"),
    Stop.OTHER: ("stop", "end_turn"),
}


def answer(*parts: Any, stop: Stop = Stop.END, api: str = "other") -> GenerateResponse:
    return GenerateResponse(api, "id_1", "m", [Candidate(list(parts), stop)], USAGE, created=3)


def said_by_openai(response: GenerateResponse) -> Any:
    return parse_openai_answer(OPENAI.encode_response(response))


def said_by_anthropic(response: GenerateResponse) -> Any:
    return parse_anthropic_answer(ANTHROPIC.encode_response(response))


@mark.parametrize(("stop", "words"), STOPS.items(), ids=[stop.value for stop in STOPS])
def test_stops_have_words_that_the_sdks_know(stop: Stop, words: tuple[str, str]) -> None:
    assert said_by_openai(answer(Text("A"), stop=stop)).choices[0].finish_reason == words[0]
    assert said_by_anthropic(answer(Text("A"), stop=stop)).stop_reason == words[1]
    events: list[Event] = [Started("i", "m"), CandidateEnded(0, stop), Ended()]
    assert accumulate_openai(frames_of(OPENAI, events, FOR_OPENAI)).choices[0].finish_reason == words[0]
    assert accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC)).stop_reason == words[1]


@mark.parametrize("codec", [OPENAI, ANTHROPIC], ids=lambda codec: codec.api)
def test_a_malformed_call_is_an_error(codec: Codec) -> None:
    with raises(InvalidUpstreamResponse):
        codec.encode_response(answer(Text("A"), stop=Stop.MALFORMED_TOOL))

    events: list[Event] = [Started("i", "m"), CandidateEnded(0, Stop.MALFORMED_TOOL), UsageKnown(USAGE), Ended()]
    accumulate = accumulate_openai if codec is OPENAI else accumulate_anthropic
    with raises(StreamError, match="as it cannot be called"):
        accumulate(frames_of(codec, events, FOR_OPENAI))


def test_usage_sums_are_equal() -> None:
    ours, theirs = said_by_openai(answer()).usage, said_by_anthropic(answer()).usage

    assert ours.prompt_tokens == 26
    assert ours.prompt_tokens_details.cached_tokens == 7
    assert ours.completion_tokens == 42
    assert ours.completion_tokens_details.reasoning_tokens == 40
    assert (theirs.input_tokens, theirs.cache_read_input_tokens, theirs.cache_creation_input_tokens) == (11, 7, 8)
    assert theirs.cache_creation.ephemeral_1h_input_tokens == 3
    assert theirs.output_tokens == 42
    assert theirs.output_tokens_details.thinking_tokens == 40


def test_a_refusal_is_text_and_a_stop_for_anthropic() -> None:
    said = said_by_anthropic(OPENAI.decode_response(golden("openai-chat", "answers", "refusal")))

    assert said.content[0].text == "I cannot."
    assert said.stop_reason == "refusal"


def test_calls_whose_server_says_stop_are_called() -> None:
    body = json.loads(golden("openai-chat", "answers", "tools"))
    body["choices"][0]["finish_reason"] = "stop"

    assert said_by_anthropic(OPENAI.decode_response(json.dumps(body).encode())).stop_reason == "tool_use"


def test_arguments_keep_their_bytes() -> None:
    arguments = '{"b" : 1.50,\n "a":[1e3, "\\u00fc"]}'
    response = answer(ToolCall("call_1", "f", arguments), stop=Stop.TOOL)

    assert arguments.encode() in ANTHROPIC.encode_response(response)
    back = ANTHROPIC.decode_response(ANTHROPIC.encode_response(response))
    assert said_by_openai(back).choices[0].message.tool_calls[0].function.arguments == arguments


@mark.parametrize("arguments", ['{"cut": "sho', "[1]", "", "{} {}"])
def test_arguments_that_are_no_object_still_make_an_answer(arguments: str) -> None:
    said = said_by_anthropic(answer(ToolCall("call_1", "f", arguments), stop=Stop.LENGTH))

    assert said.content[0].input == {"arguments": arguments}


THOUGHTS = (
    Thought("Hm", "openai-responses", sealed="gAAA", id="rs_1", is_summary=True),
    Thought("", "openai-responses", sealed="gAAB", id="rs_2"),
    Thought("Let me see", "openai-chat"),
    Thought("So", "gemini", signature="CiQB"),
    Thought("Signed", "anthropic-messages", signature="EqQB+/=="),
    Thought("", "anthropic-messages", sealed="EmwK"),
    Thought("", "anthropic-messages", signature="EqQC"),
)


@mark.parametrize("thought", THOUGHTS, ids=lambda thought: f"{thought.api} {thought.text}")
def test_state_of_any_api_comes_back_through_a_client_of_anthropic(thought: Thought) -> None:
    call = ToolCall("call_1", "f", "{}", signature="CiRx")
    said = said_by_anthropic(answer(thought, call, stop=Stop.TOOL, api=thought.api))
    body = {"model": "m", "max_tokens": 9, "messages": [said.to_param()]}

    again = decode(ANTHROPIC, json.loads(json.dumps(body, default=lambda block: block.model_dump(exclude_none=True))))

    assert again.messages[0].parts == [thought, call]


@mark.parametrize("thought", THOUGHTS, ids=lambda thought: f"{thought.api} {thought.text}")
def test_state_of_any_api_comes_back_through_a_client_of_openai(thought: Thought) -> None:
    call = ToolCall("call_1", "f", "{}", signature="CiRx")
    said = said_by_openai(answer(thought, call, stop=Stop.TOOL, api=thought.api)).choices[0].message
    body = {"model": "m", "messages": [said.model_dump(exclude_none=True)]}

    assert decode(OPENAI, body).messages[0].parts == [thought, call]


def stream_of(thought: Thought) -> list[Event]:
    events: list[Event] = [Started("i", "m", api=thought.api)]
    events.append(PartStarted(0, 0, PartKind.THOUGHT, thought.id, is_summary=thought.is_summary))
    if thought.text:
        events += [Delta(0, 0, thought.text[:1]), Delta(0, 0, thought.text[1:])]
    if thought.signature or thought.sealed:
        events.append(Sealed(0, 0, thought.signature, thought.sealed))
    events += [PartEnded(0, 0), PartStarted(0, 1, PartKind.TOOL_CALL, "call_1", "f"), Sealed(0, 1, "CiRx")]
    return [*events, Delta(0, 1, "{}"), PartEnded(0, 1), CandidateEnded(0, Stop.TOOL), Ended()]


@mark.parametrize("thought", THOUGHTS, ids=lambda thought: f"{thought.api} {thought.text}")
def test_state_of_any_api_comes_back_after_a_stream(thought: Thought) -> None:
    events = stream_of(thought)
    wanted = [thought, ToolCall("call_1", "f", "{}", signature="CiRx")]

    message = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC)).model_dump(exclude_none=True)
    message = {name: message[name] for name in ("role", "content")}
    body = {"model": "m", "max_tokens": 9, "messages": [message]}
    assert decode(ANTHROPIC, body).messages[0].parts == wanted

    said = accumulate_openai(frames_of(OPENAI, events, FOR_OPENAI)).choices[0].message.model_dump(exclude_none=True)
    assert decode(OPENAI, {"model": "m", "messages": [said]}).messages[0].parts == wanted


@mark.parametrize(("api", "path"), [*cases("anthropic-messages", "answers"), *cases("openai-chat", "answers")])
def test_every_answer_is_one_that_the_other_sdk_knows(api: str, path: Any) -> None:
    response = (OPENAI if api == "openai-chat" else ANTHROPIC).decode_response(path.read_bytes())

    theirs = said_by_anthropic(response)
    ours = said_by_openai(response)

    assert response.usage is not None
    assert ours.usage.total_tokens == sum(getattr(response.usage, name) for name in response.usage.__struct_fields__)
    assert theirs.usage.output_tokens == ours.usage.completion_tokens
    texts = [part.text for part in response.candidates[0].parts if isinstance(part, Text)]
    assert (ours.choices[0].message.content or "") == "".join(texts)
    refusals = [part.text for part in response.candidates[0].parts if isinstance(part, Refusal)]
    assert [block.text for block in theirs.content if block.type == "text"] == texts + refusals


GOOD = ("text", "tools", "thinking", "server-tools", "refusal", "empty", "stop-sequence", "framing")
GOOD_OPENAI = ("text", "tools", "reasoning", "refusal", "logprobs", "azure", "tool-calls-whole", "no-done", "filtered")


@mark.parametrize("name", GOOD)
def test_streams_of_anthropic_reach_clients_of_openai(name: str) -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", name))

    said = accumulate_openai(frames_of(OPENAI, events, FOR_OPENAI))

    message = said.choices[0].message
    assert (message.content or "") == "".join(text_of(events, PartKind.TEXT))
    calls = [call.function.arguments for call in message.tool_calls or [] if call.type == "function"]
    assert calls == text_of(events, PartKind.TOOL_CALL)
    assert said.usage is not None
    assert said.usage.completion_tokens == 15


@mark.parametrize("name", GOOD_OPENAI)
def test_streams_of_openai_reach_clients_of_anthropic(name: str) -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", name))

    said = accumulate_anthropic(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    texts = [block.text for block in said.content if block.type == "text"]
    assert texts == [*text_of(events, PartKind.TEXT), *text_of(events, PartKind.REFUSAL)]
    calls = [block.input for block in said.content if block.type == "tool_use"]
    assert calls == [json.loads(each) for each in text_of(events, PartKind.TOOL_CALL)]
    if any(isinstance(event, UsageKnown) for event in events):
        assert (said.usage.input_tokens, said.usage.cache_read_input_tokens, said.usage.output_tokens) == (15, 5, 10)


def test_usage_that_comes_after_the_stop_is_told_in_the_last_message_delta() -> None:
    events = events_of(OPENAI, golden("openai-chat", "streams", "text"))
    frames = documents(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))

    assert frames[0]["message"]["usage"]["input_tokens"] == 0
    assert [frame["type"] for frame in frames[-2:]] == ["message_delta", "message_stop"]
    assert frames[-2]["usage"]["input_tokens"] == 15
    assert frames[-2]["usage"]["output_tokens"] == 10


def test_a_client_of_openai_that_asks_for_no_usage_gets_none() -> None:
    request = decode(OPENAI, {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True})
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "text"))
    stream = frames_of(OPENAI, events, request)

    assert b'"usage"' not in stream
    assert stream.endswith(b"data: [DONE]\n\n")


def test_a_signature_comes_before_its_block_stops() -> None:
    events = events_of(ANTHROPIC, golden("anthropic-messages", "streams", "thinking"))
    kinds = [
        frame.get("delta", {}).get("type") or frame["type"]
        for frame in documents(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))
    ]

    assert kinds[1:6] == [
        "content_block_start",
        "thinking_delta",
        "thinking_delta",
        "signature_delta",
        "content_block_stop",
    ]


def test_an_answer_made_by_the_tool_that_stands_for_it_is_text() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "isthmus_answer", "input": {"n": 1}}
    body = json.loads(golden("anthropic-messages", "answers", "text")) | {"content": [call], "stop_reason": "tool_use"}
    said = said_by_openai(ANTHROPIC.decode_response(json.dumps(body).encode())).choices[0]
    assert (json.loads(said.message.content), said.finish_reason) == ({"n": 1}, "stop")

    stream = golden("anthropic-messages", "streams", "tools").replace(b"get_weather", b"isthmus_answer")
    start, _, call_stream, _ = stream.split(b"event: content_block_start\n")
    end = stream[stream.index(b"event: message_delta") :]
    whole = start + b"event: content_block_start\n" + call_stream.replace(b'"index":1', b'"index":0') + end
    streamed = accumulate_openai(frames_of(OPENAI, events_of(ANTHROPIC, whole), FOR_OPENAI)).choices[0]
    assert (streamed.message.content, streamed.finish_reason) == ('{"place": "Zürich", "n": 1.50}', "stop")


def test_an_error_in_a_stream_has_the_words_of_the_client() -> None:
    events: list[Event] = [Started("i", "m"), Failed(529, "overloaded_error", "Overloaded")]

    assert documents(frames_of(ANTHROPIC, events, FOR_ANTHROPIC))[-1] == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
    }
    error = documents(frames_of(OPENAI, events, FOR_OPENAI))[-1]["error"]
    assert (error["code"], error["message"]) == ("overloaded_error", "Overloaded")


def test_a_sign_of_life_is_one_of_the_client_s_api() -> None:
    assert frames_of(ANTHROPIC, [Alive()], FOR_ANTHROPIC) == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert frames_of(OPENAI, [Alive()], FOR_OPENAI) == b": \n\n"


@given(lawful_events())
@settings(max_examples=150, deadline=None)
def test_any_lawful_sequence_is_one_that_anthropic_s_sdk_reads(events: list[Event]) -> None:
    assert_lawful(events)
    stream = frames_of(ANTHROPIC, events, FOR_ANTHROPIC)
    if isinstance(events[-1], Failed):
        with raises(StreamError):
            accumulate_anthropic(stream)
        return
    said = accumulate_anthropic(stream)
    both = [*text_of(events, PartKind.TEXT), *text_of(events, PartKind.REFUSAL)]
    assert sorted(block.text for block in said.content if block.type == "text") == sorted(both)
    calls = [block.input for block in said.content if block.type == "tool_use"]
    assert calls == [json.loads(each) for each in text_of(events, PartKind.TOOL_CALL)]


@given(lawful_events(candidates=2))
@settings(max_examples=150, deadline=None)
def test_any_lawful_sequence_is_one_that_openai_s_sdk_reads(events: list[Event]) -> None:
    assert_lawful(events)
    stream = frames_of(OPENAI, events, FOR_OPENAI)
    if isinstance(events[-1], Failed):
        with raises(StreamError):
            accumulate_openai(stream)
        return
    said = accumulate_openai(stream)
    for choice in said.choices:
        assert (choice.message.content or "") == "".join(text_of(events, PartKind.TEXT, choice.index))
        calls = [call.function.arguments for call in choice.message.tool_calls or [] if call.type == "function"]
        assert calls == text_of(events, PartKind.TOOL_CALL, choice.index)


@given(lawful_events("anthropic-messages"))
@settings(max_examples=150, deadline=None)
def test_what_anthropic_s_encoder_writes_its_decoder_reads(events: list[Event]) -> None:
    again = events_of(ANTHROPIC, frames_of(ANTHROPIC, events, FOR_ANTHROPIC), 11)

    assert_lawful(again)
    assert isinstance(again[-1], type(events[-1]))
    if isinstance(again[-1], Ended):
        assert text_of(again, PartKind.TOOL_CALL) == text_of(events, PartKind.TOOL_CALL)
