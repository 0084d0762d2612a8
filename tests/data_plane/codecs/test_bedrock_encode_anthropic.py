"""Requests of Anthropic's messages for Bedrock's Converse; answers and streams back."""

import json
from typing import Any

from pytest import mark, param

from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.aws_event_stream import stream_of
from tests.fakes.bedrock_golden import (
    ADAPTIVE,
    ANTHROPIC,
    API,
    BEDROCK,
    BUDGET,
    HI,
    LLAMA,
    NO_THOUGHT,
    NOVA,
    PDF,
    PNG,
    PROFILE,
    USER,
    answers,
    document,
    events_of,
    from_anthropic,
    result,
    says,
    use,
)
from tests.fakes.codec_golden import decode, frames_of, golden
from tests.fakes.sdk_parse import accumulate_anthropic

CACHED = {"cache_control": {"type": "ephemeral"}}
FOR_AN_HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
POINT = {"cachePoint": {"type": "default"}}
HOUR_POINT = {"cachePoint": {"type": "default", "ttl": "1h"}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
F = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}
LIMITS = {"inferenceConfig": {"maxTokens": 2048}}
MARKED: dict[str, Any] = {
    "system": [{"type": "text", "text": "S", **FOR_AN_HOUR}, {"type": "text", "text": "T"}],
    "tools": [{**TOOL, **CACHED}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi", **CACHED}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "is_error": True,
                    "content": [{"type": "text", "text": "no", **CACHED}],
                },
            ],
        },
    ],
}


@mark.parametrize("model", [None, NOVA, PROFILE], ids=["Claude", "Nova", "an ARN"])
def test_marks_become_cache_points_behind_what_they_mark(model: str | None) -> None:
    body, lost = from_anthropic({**MARKED, **({"model": model} if model else {})})

    assert body["system"] == [{"text": "S"}, HOUR_POINT, {"text": "T"}]
    assert body["toolConfig"]["tools"] == [F, POINT]
    assert body["messages"] == [
        says({"text": "Hi"}, POINT),
        answers(use("t1")),
        says(result("t1", {"text": "no"}, status="error"), POINT, {"text": "See"}),
    ]
    assert lost == []


def test_models_without_a_cache_are_told_nothing_of_it() -> None:
    body, lost = from_anthropic({**MARKED, "model": LLAMA})

    assert "cachePoint" not in json.dumps(body)
    assert lost == []


@mark.parametrize(
    ("fields", "traits", "wanted", "lost"),
    [
        param({}, UNKNOWN, LIMITS, [], id="the limit"),
        param(
            {"thinking": {"type": "enabled", "budget_tokens": 1500}},
            UNKNOWN,
            {**LIMITS, "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1500}}},
            [],
            id="thought by number",
        ),
        param(
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}},
            ADAPTIVE,
            {
                **LIMITS,
                "additionalModelRequestFields": {"thinking": {"type": "adaptive", "display": "omitted"}},
                "outputConfig": {"effort": "max"},
            },
            [],
            id="thought as the model sees fit",
        ),
        param(
            {"output_config": {"effort": "low"}},
            UNKNOWN,
            {**LIMITS, "outputConfig": {"effort": "low"}},
            [],
            id="effort",
        ),
        param(
            {"thinking": {"type": "enabled", "budget_tokens": 1500}},
            NO_THOUGHT,
            LIMITS,
            ["thinking"],
            id="a model that cannot think",
        ),
        param(
            {"thinking": {"type": "enabled", "budget_tokens": 9000}, "max_tokens": 16_000, "model": NOVA},
            UNKNOWN,
            {
                "inferenceConfig": {"maxTokens": 16_000},
                "additionalModelRequestFields": {
                    "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}
                },
            },
            ["thinking"],
            id="a number for a model that is told words",
        ),
        param(
            {"metadata": {"user_id": "user_1"}, "service_tier": "standard_only", "stop_sequences": [" "]},
            UNKNOWN,
            {**LIMITS, "requestMetadata": {"user_id": "user_1"}, "serviceTier": {"type": "default"}},
            ["stop_sequences"],
            id="fields by the client's names",
        ),
        param(
            {"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            UNKNOWN,
            {
                **LIMITS,
                "toolConfig": {"tools": [F]},
                "additionalModelRequestFields": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            },
            [],
            id="one call at a time",
        ),
    ],
)
def test_options_are_worded_anew(fields: Any, traits: Traits, wanted: Any, lost: list[str]) -> None:
    body, found = from_anthropic(fields, traits)

    assert {name: value for name, value in body.items() if name != "messages"} == wanted
    assert found == lost


def test_results_have_pictures_and_documents() -> None:
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {
            "type": "document",
            "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ]
    messages = [
        USER,
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": content}]},
    ]

    body, lost = from_anthropic({"messages": messages, "tools": [TOOL]})

    assert body["messages"][2] == says(
        result(
            "t1",
            {"image": {"format": "png", "source": {"bytes": PNG}}},
            document("a"),
            {"document": {"format": "txt", "name": "document", "source": {"bytes": "SGk="}}},
        )
    )
    assert lost == ["messages[2].content[3]"]


SIGNED = {"type": "thinking", "thinking": "Hm", "signature": "c2ln"}


def thought_before_an_answer(model: str) -> Any:
    messages = [USER, {"role": "assistant", "content": [SIGNED, {"type": "text", "text": "A"}]}, USER]
    body, _ = from_anthropic({"messages": messages, "model": model})
    return body["messages"][1]["content"]


def test_what_claude_has_signed_elsewhere_goes_to_claude_alone() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln"}}}

    assert thought_before_an_answer("anthropic.claude-x") == [thought, {"text": "A"}]
    assert thought_before_an_answer(NOVA) == [{"text": "A"}]


def whole() -> Any:
    return json.loads(ANTHROPIC.encode_response(BEDROCK.decode_response(golden(API, "answers", "reasoning"))))


def streamed() -> Any:
    request = decode(ANTHROPIC, {"model": "m", "max_tokens": 9, "messages": [USER]})
    events = events_of(stream_of(golden(API, "streams", "reasoning")))
    return accumulate_anthropic(frames_of(ANTHROPIC, events, request)).model_dump(exclude_none=True)


@mark.parametrize("said", [whole, streamed])
def test_thoughts_go_back_as_they_came(said: Any) -> None:
    came = golden(API, "answers", "reasoning") if said is whole else golden(API, "streams", "reasoning")
    answer = said()
    assert answer["stop_reason"] == "tool_use"
    keys = ("type", "thinking", "signature", "data", "id", "name", "input")
    blocks = [{key: block[key] for key in keys if key in block} for block in answer["content"]]
    id = next(block["id"] for block in blocks if block["type"] == "tool_use")
    back = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "rain"}]}
    fields = {"messages": [USER, {"role": "assistant", "content": blocks}, back], "tools": [TOOL]}

    body, lost = from_anthropic(
        {**fields, "thinking": {"type": "enabled", "budget_tokens": 1024}}, Traits(reasoning=ReasoningStyle.BUDGET)
    )

    shown, sealed, call = body["messages"][1]["content"]
    assert shown["reasoningContent"]["reasoningText"]["text"] == "They want rain."
    assert shown["reasoningContent"]["reasoningText"]["signature"].encode() in came
    assert sealed["reasoningContent"]["redactedContent"].encode() in came
    assert call == use(id, {"city": "Bonn"}, "get_weather")
    assert lost == []


@mark.parametrize("name", ["cache", "stop-sequence", "guardrail"])
def test_an_answer_and_a_stream_say_the_same(name: str) -> None:
    request = decode(ANTHROPIC, {"model": "m", "max_tokens": 9, "messages": [USER]})
    answer = json.loads(ANTHROPIC.encode_response(BEDROCK.decode_response(golden(API, "answers", name))))
    events = events_of(stream_of(golden(API, "streams", name)))

    stream = accumulate_anthropic(frames_of(ANTHROPIC, events, request)).model_dump()

    for field in ("stop_reason", "stop_sequence"):
        assert stream[field] == answer[field]
    counts = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert [stream["usage"][count] for count in counts] == [answer["usage"][count] for count in counts]


def test_the_budget_is_below_the_limit() -> None:
    body, _ = from_anthropic({"thinking": {"type": "enabled", "budget_tokens": 4096}, "max_tokens": 4096}, BUDGET)

    assert body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 4095
    assert body["messages"] == [HI]
