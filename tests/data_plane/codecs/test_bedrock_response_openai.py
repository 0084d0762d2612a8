"""Answers and streams of Bedrock's Converse, told to clients of OpenAI's chat."""

import json
from typing import Any

from pytest import mark

from tests.fakes.aws_event_stream import stream_of
from tests.fakes.bedrock_golden import (
    API,
    BEDROCK,
    BUDGET,
    CLAUDE,
    OPENAI,
    TOOL,
    USER,
    events_of,
    from_openai,
)
from tests.fakes.codec_golden import decode, documents, frames_of, golden
from tests.fakes.sdk_parse import accumulate_openai, parse_openai_answer


def answer(name: str) -> dict[str, Any]:
    body = OPENAI.encode_response(BEDROCK.decode_response(golden(API, "answers", name)))
    parse_openai_answer(body)
    parsed: dict[str, Any] = json.loads(body)
    return parsed


def stream(name: str) -> Any:
    request = decode(OPENAI, {"model": CLAUDE, "messages": [USER], "stream": True})
    request.wants_usage = True
    events = events_of(stream_of(golden(API, "streams", name)))
    return accumulate_openai(frames_of(OPENAI, events, request)).model_dump(exclude_none=True)


FINISHED = {
    "text": "stop",
    "tools": "tool_calls",
    "reasoning": "tool_calls",
    "cache": "length",
    "stop-sequence": "stop",
    "guardrail": "content_filter",
    "citations": "stop",
    "answer-tool": "stop",
}


@mark.parametrize(("name", "reason"), FINISHED.items())
def test_an_answer_and_a_stream_end_alike(name: str, reason: str) -> None:
    whole, streamed = answer(name), stream(name)

    assert whole["choices"][0]["finish_reason"] == streamed["choices"][0]["finish_reason"] == reason


def test_calls_are_told() -> None:
    calls = answer("tools")["choices"][0]["message"]["tool_calls"]
    streamed = stream("tools")["choices"][0]["message"]["tool_calls"]

    assert [(each["id"], each["function"]["name"]) for each in calls] == [
        ("tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", "get_weather"),
        ("tooluse_2", "now"),
    ]
    assert [each["function"]["arguments"] for each in streamed] == ['{"city": "Köln", "days": 1.50}', "{}", "{}"]


@mark.parametrize("said", [answer, stream], ids=["whole", "streamed"])
def test_usage_counts_what_the_cache_gave_and_took(said: Any) -> None:
    usage = said("cache")["usage"]

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (2508, 5, 2513)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 1500


def test_an_error_in_a_stream_is_told_in_the_clients_words() -> None:
    request = decode(OPENAI, {"model": CLAUDE, "messages": [USER], "stream": True})

    *_, last = documents(frames_of(OPENAI, events_of(stream_of(golden(API, "streams", "throttled"))), request))

    assert last["error"]["code"] == "throttlingException"
    assert last["error"]["message"] == "Too many requests, please wait before trying again."


@mark.parametrize("said", [answer, stream], ids=["whole", "streamed"])
def test_thoughts_go_back_as_they_came(said: Any) -> None:
    """The client sends the message back with the fields that its SDK does not know."""
    name = "reasoning"
    message = said(name)["choices"][0]["message"]
    calls = [{key: each[key] for key in ("id", "type", "function")} for each in message["tool_calls"]]
    results = [{"role": "tool", "tool_call_id": each["id"], "content": "rain"} for each in calls]
    turn = {
        "role": "assistant",
        "content": None,
        "tool_calls": calls,
        "reasoning_details": message["reasoning_details"],
    }

    body, lost = from_openai({"messages": [USER, turn, *results], "tools": [TOOL], "reasoning_effort": "low"}, BUDGET)

    came = golden(API, "answers", name) if said is answer else golden(API, "streams", name)
    first, second = body["messages"][1]["content"][:2]
    shown = first["reasoningContent"]["reasoningText"]
    assert shown["text"] == "They want rain."
    assert shown["signature"].encode() in came
    assert second["reasoningContent"]["redactedContent"].encode() in came
    assert body["additionalModelRequestFields"]["thinking"]["type"] == "enabled"
    assert lost == []
