"""Limits, sampling and metadata of OpenAI's chat, for Bedrock's Converse; and how its models think."""

from typing import Any

from pytest import mark, param

from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.bedrock_golden import (
    ADAPTIVE,
    BUDGET,
    CALLED,
    CLAUDE,
    COHERE,
    GPT,
    GPT_OSS,
    LLAMA,
    MISTRAL,
    NO_SAMPLING,
    NO_THOUGHT,
    NOVA,
    PROFILE,
    TOOL,
    F,
    from_openai,
)

# Fields of the request beside the messages; fields of the body beside those; what is lost.
OPTIONS = [
    param({}, UNKNOWN, {}, [], id="nothing said"),
    param(
        {"max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["a", "b"], "model": NOVA},
        UNKNOWN,
        {"inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["a", "b"]}},
        [],
        id="limits",
    ),
    param(
        {"temperature": 1.7, "model": NOVA},
        UNKNOWN,
        {"inferenceConfig": {"temperature": 1.0}},
        ["temperature"],
        id="too hot",
    ),
    param({"temperature": 1, "top_p": 1}, UNKNOWN, {}, [], id="what Claude does in any case"),
    param({"temperature": 0, "top_p": 0.5}, NO_SAMPLING, {}, ["temperature", "top_p"], id="no sampling taken"),
    param(
        {"stop": [" ", "a"]},
        UNKNOWN,
        {
            "inferenceConfig": {"stopSequences": ["a"]},
            "additionalModelResponseFieldPaths": ["/stop_sequence"],
        },
        ["stop"],
        id="Claude's stops",
    ),
    param(
        {"stop": "a", "stream": True},
        UNKNOWN,
        {
            "inferenceConfig": {"stopSequences": ["a"]},
            "additionalModelResponseFieldPaths": ["/delta/stop_sequence"],
        },
        [],
        id="Claude's stops in a stream",
    ),
    param(
        {"stop": ["", "\n"], "model": LLAMA},
        UNKNOWN,
        {"inferenceConfig": {"stopSequences": ["\n"]}},
        ["stop"],
        id="stops",
    ),
    param(
        {"top_k": 5, "model": CLAUDE}, UNKNOWN, {"additionalModelRequestFields": {"top_k": 5}}, [], id="top_k of Claude"
    ),
    param(
        {"top_k": 5, "model": MISTRAL},
        UNKNOWN,
        {"additionalModelRequestFields": {"top_k": 5}},
        [],
        id="top_k of Mistral",
    ),
    param({"top_k": 5, "model": COHERE}, UNKNOWN, {"additionalModelRequestFields": {"k": 5}}, [], id="top_k of Cohere"),
    param(
        {"top_k": 5, "model": NOVA},
        UNKNOWN,
        {"additionalModelRequestFields": {"inferenceConfig": {"topK": 5}}},
        [],
        id="top_k of Nova",
    ),
    param({"top_k": 5, "model": LLAMA}, UNKNOWN, {}, ["top_k"], id="top_k of others"),
    param(
        {
            "n": 2,
            "seed": 1,
            "logit_bias": {"1": 2},
            "logprobs": True,
            "top_logprobs": 3,
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
            "min_p": 0.1,
            "repetition_penalty": 1.1,
            "store": True,
            "verbosity": "low",
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
            "store",
            "verbosity",
        ],
        id="what there is no word for",
    ),
    param(
        {
            "n": 1,
            "logprobs": False,
            "frequency_penalty": 0,
            "presence_penalty": 0,
            "store": False,
            "repetition_penalty": 1,
        },
        UNKNOWN,
        {},
        [],
        id="what changes nothing",
    ),
    param({"service_tier": "priority"}, UNKNOWN, {"serviceTier": {"type": "priority"}}, [], id="tier"),
    param({"service_tier": "auto"}, UNKNOWN, {}, [], id="any tier"),
    param({"service_tier": "scale"}, UNKNOWN, {}, ["service_tier"], id="a tier of others"),
    param(
        {"user": "u-1", "metadata": {"team": "a b", "x": "y"}},
        UNKNOWN,
        {"requestMetadata": {"team": "a b", "x": "y", "user_id": "u-1"}},
        [],
        id="metadata",
    ),
    param(
        {"user": '{"a"}', "metadata": {"team": "ä", "x": "y"}},
        UNKNOWN,
        {"requestMetadata": {"x": "y"}},
        ["metadata"],
        id="metadata of other letters",
    ),
    param(
        {"metadata": {f"k{each}": "v" for each in range(17)}},
        UNKNOWN,
        {"requestMetadata": {f"k{each}": "v" for each in range(16)}},
        ["metadata"],
        id="too much metadata",
    ),
    param(
        {"reasoning_effort": "high"},
        UNKNOWN,
        {"outputConfig": {"effort": "high"}, "additionalModelRequestFields": {"thinking": {"type": "adaptive"}}},
        [],
        id="Claude thinks as it sees fit",
    ),
    param(
        {"reasoning_effort": "minimal", "temperature": 0.2, "top_p": 0.5, "top_k": 3},
        ADAPTIVE,
        {"outputConfig": {"effort": "low"}, "additionalModelRequestFields": {"thinking": {"type": "adaptive"}}},
        ["temperature", "top_p", "top_k"],
        id="who thinks is told less",
    ),
    param(
        {"reasoning_effort": "medium"},
        BUDGET,
        {
            "inferenceConfig": {"maxTokens": 64_000},
            "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 8192}},
        },
        [],
        id="Claude thinks by number",
    ),
    param(
        {"reasoning_effort": "high", "max_tokens": 4000},
        BUDGET,
        {
            "inferenceConfig": {"maxTokens": 4000},
            "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 3000}},
        },
        [],
        id="less than the limit",
    ),
    param(
        {"reasoning_effort": "high", "max_tokens": 1000},
        BUDGET,
        {"inferenceConfig": {"maxTokens": 1000}},
        ["reasoning_effort"],
        id="no room for thought",
    ),
    param(
        {"reasoning_effort": "high", "tools": [TOOL], "tool_choice": "required"},
        UNKNOWN,
        {"toolConfig": {"tools": [F], "toolChoice": {"any": {}}}},
        ["reasoning_effort"],
        id="who is forced does not think",
    ),
    param(
        {"reasoning_effort": "high", "messages": CALLED, "tools": [TOOL]},
        BUDGET,
        {"toolConfig": {"tools": [F]}},
        ["reasoning_effort"],
        id="no thought before the calls",
    ),
    param(
        {"reasoning_effort": "none"},
        UNKNOWN,
        {"additionalModelRequestFields": {"thinking": {"type": "disabled"}}},
        [],
        id="Claude does not think",
    ),
    param({"reasoning_effort": "high"}, NO_THOUGHT, {}, ["reasoning_effort"], id="cannot think"),
    param({"reasoning_effort": "none"}, NO_THOUGHT, {}, [], id="cannot think, and need not"),
    param(
        {"reasoning_effort": "high", "model": NOVA},
        UNKNOWN,
        {"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}},
        [],
        id="Nova",
    ),
    param(
        {"reasoning_effort": "high", "model": NOVA, "max_tokens": 9},
        UNKNOWN,
        {
            "inferenceConfig": {"maxTokens": 9},
            "additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
        },
        ["reasoning_effort"],
        id="Nova with a limit",
    ),
    param({"reasoning_effort": "none", "model": NOVA}, UNKNOWN, {}, [], id="Nova does not think"),
    param(
        {"reasoning_effort": "xhigh", "model": GPT},
        UNKNOWN,
        {"additionalModelRequestFields": {"reasoning": {"effort": "xhigh"}}},
        [],
        id="GPT",
    ),
    param(
        {"reasoning_effort": "none", "model": GPT},
        UNKNOWN,
        {"additionalModelRequestFields": {"reasoning": {"effort": "none"}}},
        [],
        id="GPT does not think",
    ),
    param(
        {"reasoning_effort": "minimal", "model": GPT_OSS},
        UNKNOWN,
        {"additionalModelRequestFields": {"reasoning_effort": "low"}},
        [],
        id="gpt-oss",
    ),
    param({"reasoning_effort": "none", "model": GPT_OSS}, UNKNOWN, {}, ["reasoning_effort"], id="gpt-oss thinks"),
    param(
        {"reasoning_effort": "low", "model": PROFILE}, UNKNOWN, {"outputConfig": {"effort": "low"}}, [], id="any model"
    ),
    param(
        {"reasoning_effort": "low", "model": PROFILE},
        ADAPTIVE,
        {"outputConfig": {"effort": "low"}, "additionalModelRequestFields": {"thinking": {"type": "adaptive"}}},
        [],
        id="Claude by an ARN",
    ),
]


@mark.parametrize(("fields", "traits", "wanted", "lost"), OPTIONS)
def test_options_are_worded_anew(fields: Any, traits: Traits, wanted: Any, lost: list[str]) -> None:
    body, found = from_openai(fields, traits)

    assert {name: value for name, value in body.items() if name not in ("messages", "system")} == wanted
    assert found == lost
