"""Options of OpenAI's chat, for Anthropic's messages."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.anthropic_encode import UNKNOWN_MAX_TOKENS, encode_count_request
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.codec_golden import decode
from tests.fakes.translation import (
    ADAPTIVE,
    BUDGET,
    JSON_SCHEMA,
    NO_SCHEMA,
    NO_THOUGHT,
    OPENAI,
    OTHER_TOOL,
    SCHEMA,
    TOOL,
    USER,
    F,
    G,
    to_anthropic,
)

# Fields of OpenAI's request, what is known of the model; what Anthropic's has for them, and what is lost.
OPTIONS: dict[str, tuple[dict[str, Any], Traits, dict[str, Any], list[str]]] = {
    "the client's limit": ({"max_tokens": 5}, BUDGET, {"max_tokens": 5}, []),
    "the newer word for it": ({"max_completion_tokens": 6, "max_tokens": 5}, UNKNOWN, {"max_tokens": 6}, []),
    "the model's limit": ({}, BUDGET, {"max_tokens": 64_000}, []),
    "no limit known": ({}, UNKNOWN, {"max_tokens": UNKNOWN_MAX_TOKENS}, []),
    "only the context known": ({}, Traits(context_tokens=8_000), {"max_tokens": 4_000}, []),
    "stop": ({"stop": "END"}, UNKNOWN, {"stop_sequences": ["END"]}, []),
    "stops of white space": ({"stop": ["\n", "END", " "]}, UNKNOWN, {"stop_sequences": ["END"]}, ["stop"]),
    "temperature": ({"temperature": 0.5}, UNKNOWN, {"temperature": 0.5}, []),
    "temperature above the range": ({"temperature": 1.5}, UNKNOWN, {"temperature": 1.0}, ["temperature"]),
    "temperature that changes nothing": ({"temperature": 1, "top_p": 0.5}, UNKNOWN, {"top_p": 0.5}, []),
    "top_p that changes nothing": ({"temperature": 0, "top_p": 1}, UNKNOWN, {"temperature": 0}, []),
    "a model that takes no sampling": (
        {"temperature": 0.2, "top_p": 0.3},
        Traits(takes_sampling=False),
        {},
        ["temperature", "top_p"],
    ),
    "top_k": ({"top_k": 4}, UNKNOWN, {"top_k": 4}, []),
    "what has no word": (
        {
            "n": 2,
            "seed": 1,
            "logit_bias": {"1": 2},
            "logprobs": True,
            "top_logprobs": 2,
            "frequency_penalty": 0.5,
            "presence_penalty": 0.5,
            "min_p": 0.1,
            "repetition_penalty": 1.2,
        },
        UNKNOWN,
        {},
        [
            "n",
            "min_p",
            "frequency_penalty",
            "presence_penalty",
            "repetition_penalty",
            "seed",
            "logit_bias",
            "logprobs",
            "top_logprobs",
        ],
    ),
    "what has no word, and changes nothing": (
        {"n": 1, "logprobs": False, "frequency_penalty": 0, "presence_penalty": 0, "logit_bias": {}, "store": False},
        UNKNOWN,
        {},
        [],
    ),
    "end user": ({"user": "u"}, UNKNOWN, {"metadata": {"user_id": "u"}}, []),
    "tier default": ({"service_tier": "default"}, UNKNOWN, {"service_tier": "standard_only"}, []),
    "tier flex": ({"service_tier": "flex"}, UNKNOWN, {}, ["service_tier"]),
    "unknown fields": ({"verbosity": "low", "prompt_cache_key": "k"}, UNKNOWN, {}, ["verbosity"]),
    "stored": ({"store": True, "metadata": {"a": "b"}}, UNKNOWN, {}, ["metadata", "store"]),
    "stream": ({"stream": True, "stream_options": {"include_usage": True}}, UNKNOWN, {"stream": True}, []),
    "tools": ({"tools": [TOOL, OTHER_TOOL]}, UNKNOWN, {"tools": [{**F, "strict": True}, G]}, []),
    "strict where it is not known": ({"tools": [TOOL]}, NO_SCHEMA, {"tools": [F]}, ["tools[0].strict"]),
    "a schema without a type": (
        {"tools": [{"type": "function", "function": {"name": "g", "parameters": {}}}]},
        UNKNOWN,
        {"tools": [G]},
        [],
    ),
    "choice auto": (
        {"tools": [OTHER_TOOL], "tool_choice": "auto"},
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "auto"}},
        [],
    ),
    "choice none": (
        {"tools": [OTHER_TOOL], "tool_choice": "none", "parallel_tool_calls": False},
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "none"}},
        [],
    ),
    "choice required": (
        {"tools": [OTHER_TOOL], "tool_choice": "required"},
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "any"}},
        [],
    ),
    "choice of one": (
        {"tools": [OTHER_TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "tool", "name": "g"}},
        [],
    ),
    "choice of some": (
        {
            "tools": [TOOL, OTHER_TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]},
            },
        },
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "auto"}},
        [],
    ),
    "choice without tools": ({"tool_choice": "auto", "parallel_tool_calls": False}, UNKNOWN, {}, []),
    "no parallel calls": (
        {"tools": [OTHER_TOOL], "parallel_tool_calls": False},
        UNKNOWN,
        {"tools": [G], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        [],
    ),
    "parallel calls": ({"tools": [OTHER_TOOL], "parallel_tool_calls": True}, UNKNOWN, {"tools": [G]}, []),
    "a custom tool": (
        {"tools": [{"type": "custom", "custom": {"name": "sh"}}, OTHER_TOOL]},
        UNKNOWN,
        {"tools": [G]},
        ["tools[0]"],
    ),
    "a schema for the answer": (
        {"response_format": JSON_SCHEMA},
        UNKNOWN,
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        [],
    ),
    "a schema for the answer, by a tool": (
        {"response_format": JSON_SCHEMA},
        NO_SCHEMA,
        {
            "tools": [{"name": "isthmus_answer", "input_schema": SCHEMA}],
            "tool_choice": {"type": "tool", "name": "isthmus_answer"},
        },
        [],
    ),
    "a schema for the answer beside tools": (
        {"response_format": JSON_SCHEMA, "tools": [OTHER_TOOL]},
        NO_SCHEMA,
        {"tools": [G]},
        ["response_format"],
    ),
    "json": (
        {"response_format": {"type": "json_object"}},
        UNKNOWN,
        {
            "tools": [{"name": "isthmus_answer", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "tool", "name": "isthmus_answer"},
        },
        [],
    ),
    "plain text": ({"response_format": {"type": "text"}}, UNKNOWN, {}, []),
    "effort by number": (
        {"reasoning_effort": "medium"},
        BUDGET,
        {"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 8_192}},
        [],
    ),
    "effort leaves room for the answer": (
        {"reasoning_effort": "high", "max_tokens": 4_000},
        BUDGET,
        {"max_tokens": 4_000, "thinking": {"type": "enabled", "budget_tokens": 3_000}},
        [],
    ),
    "effort without room": (
        {"reasoning_effort": "low", "max_tokens": 1_024},
        BUDGET,
        {"max_tokens": 1_024},
        ["reasoning_effort"],
    ),
    "effort of a model that decides": (
        {"reasoning_effort": "minimal"},
        ADAPTIVE,
        {"max_tokens": 64_000, "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
        [],
    ),
    "effort and a schema": (
        {"reasoning_effort": "xhigh", "response_format": JSON_SCHEMA},
        ADAPTIVE,
        {
            "max_tokens": 64_000,
            "thinking": {"type": "adaptive"},
            "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "xhigh"},
        },
        [],
    ),
    "no effort": ({"reasoning_effort": "none"}, UNKNOWN, {"thinking": {"type": "disabled"}}, []),
    "no effort of a model that cannot": ({"reasoning_effort": "none"}, NO_THOUGHT, {}, []),
    "effort of a model that cannot": ({"reasoning_effort": "low"}, NO_THOUGHT, {}, ["reasoning_effort"]),
    "thought and sampling": (
        {"reasoning_effort": "low", "temperature": 0.5, "top_p": 0.5, "top_k": 3},
        ADAPTIVE,
        {"max_tokens": 64_000, "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
        ["temperature", "top_p", "top_k"],
    ),
    "thought and sampling that it allows": (
        {"reasoning_effort": "low", "temperature": 1, "top_p": 0.97},
        ADAPTIVE,
        {"max_tokens": 64_000, "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}, "top_p": 0.97},
        [],
    ),
    "thought and a tool that must be called": (
        {"reasoning_effort": "low", "tools": [OTHER_TOOL], "tool_choice": "required"},
        BUDGET,
        {"max_tokens": 64_000, "tools": [G], "tool_choice": {"type": "any"}},
        ["reasoning_effort"],
    ),
}


@mark.parametrize(("fields", "traits", "wanted", "losses"), OPTIONS.values(), ids=OPTIONS)
def test_options_for_anthropic(fields: Any, traits: Traits, wanted: Any, losses: Any) -> None:
    body, lost = to_anthropic(fields, traits)

    assert body == {"model": "m", "messages": [USER], "max_tokens": UNKNOWN_MAX_TOKENS, **wanted}
    assert lost == losses


def test_tokens_are_counted_of_what_would_be_sent() -> None:
    request = decode(OPENAI, {"model": "m", "messages": [USER], "tools": [OTHER_TOOL], "temperature": 0.5, "user": "u"})

    body = json.loads(encode_count_request(request, UNKNOWN))

    assert body == {"model": "m", "messages": [USER], "tools": [G]}
