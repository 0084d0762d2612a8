"""Options of OpenAI's chat, for a provider of Gemini's API."""

from typing import Any

from pytest import mark, raises

from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.traits import ReasoningStyle, Traits
from tests.fakes.codec_golden import decode
from tests.fakes.gemini_translation import (
    BUDGET,
    CONFIG,
    GEMINI,
    HI,
    OLD,
    OPENAI,
    SCHEMA,
    STRICT,
    TOOL,
    USER,
    F,
    to_gemini,
)

# Fields of OpenAI; fields of Gemini; what is lost.
OPTIONS = {
    "limits": (
        {"max_completion_tokens": 9, "n": 2, "stop": ["a", "b"]},
        {CONFIG: {"maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["a", "b"]}},
        [],
    ),
    "the older limit": ({"max_tokens": 9}, {CONFIG: {"maxOutputTokens": 9}}, []),
    "sampling": (
        {"temperature": 2, "top_p": 0.5, "presence_penalty": 1, "frequency_penalty": -1, "seed": 7, "top_k": 3},
        {
            CONFIG: {
                "temperature": 2.0,
                "topP": 0.5,
                "presencePenalty": 1.0,
                "frequencyPenalty": -1.0,
                "seed": 7,
                "topK": 3,
            }
        },
        [],
    ),
    "logprobs": ({"logprobs": True, "top_logprobs": 3}, {CONFIG: {"responseLogprobs": True, "logprobs": 3}}, []),
    "what has no equivalent": (
        {"logit_bias": {"1": 1}, "min_p": 0.1, "metadata": {"a": "b"}, "store": True, "prediction": {}},
        {},
        ["min_p", "logit_bias", "metadata", "store", "prediction"],
    ),
    "what changes nothing": ({"user": "ann", "prompt_cache_key": "k", "store": False}, {}, []),
    "many ends": (
        {"stop": ["1", "2", "3", "4", "5", "6"]},
        {CONFIG: {"stopSequences": ["1", "2", "3", "4", "5"]}},
        ["stop"],
    ),
    "any tool": (
        {"tools": [TOOL], "tool_choice": "required"},
        {"tools": [{"functionDeclarations": [F]}], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        [],
    ),
    "no tool": (
        {"tools": [TOOL], "tool_choice": "none"},
        {"tools": [{"functionDeclarations": [F]}], "toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
        [],
    ),
    "this tool": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {
            "tools": [{"functionDeclarations": [F]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        },
        [],
    ),
    "some tools": (
        {
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
        },
        {
            "tools": [{"functionDeclarations": [F]}],
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}},
        },
        [],
    ),
    "strict tools": (
        {"tools": [STRICT]},
        {
            "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}},
        },
        [],
    ),
    "tools of others": (
        {"tools": [{"type": "custom", "custom": {"name": "c"}}, {"type": "web_search"}]},
        {},
        ["tools[0]", "tools[1]"],
    ),
    "one call at a time": (
        {"tools": [TOOL], "parallel_tool_calls": False},
        {"tools": [{"functionDeclarations": [F]}]},
        ["parallel_tool_calls"],
    ),
    "many calls at a time": (
        {"tools": [TOOL], "parallel_tool_calls": True},
        {"tools": [{"functionDeclarations": [F]}]},
        [],
    ),
    "JSON": ({"response_format": {"type": "json_object"}}, {CONFIG: {"responseMimeType": "application/json"}}, []),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}},
        {CONFIG: {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}},
        [],
    ),
    "a schema that says what it is for": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "description": "D", "schema": SCHEMA},
            }
        },
        {CONFIG: {"responseMimeType": "application/json", "responseJsonSchema": {"description": "D", **SCHEMA}}},
        [],
    ),
    "effort": ({"reasoning_effort": "low"}, {CONFIG: {"thinkingConfig": {"thinkingLevel": "LOW"}}}, []),
    "least effort": ({"reasoning_effort": "none"}, {CONFIG: {"thinkingConfig": {"thinkingLevel": "MINIMAL"}}}, []),
    "most effort": ({"reasoning_effort": "xhigh"}, {CONFIG: {"thinkingConfig": {"thinkingLevel": "XHIGH"}}}, []),
    "tiers": ({"service_tier": "default"}, {"serviceTier": "standard"}, []),
    "no tier": ({"service_tier": "auto"}, {}, []),
    "another tier": ({"service_tier": "scale"}, {}, ["service_tier"]),
}


@mark.parametrize(("fields", "wanted", "lost"), OPTIONS.values(), ids=OPTIONS)
def test_options_are_worded_as_gemini_does(fields: Any, wanted: Any, lost: list[str]) -> None:
    body, dropped = to_gemini(fields)

    assert body == {"contents": [HI], **wanted}
    assert dropped == lost


@mark.parametrize(
    ("effort", "budget"), [("none", 0), ("minimal", 1024), ("low", 1024), ("medium", 8192), ("high", 24576)]
)
def test_a_model_that_thinks_by_number_is_told_one(effort: str, budget: int) -> None:
    body, lost = to_gemini({"reasoning_effort": effort}, BUDGET)

    assert body[CONFIG] == {"thinkingConfig": {"thinkingBudget": budget}}
    assert lost == []


def test_a_model_that_does_not_think_is_not_told_to() -> None:
    plain = Traits(reasoning=ReasoningStyle.NONE, takes_sampling=False)

    assert to_gemini({"reasoning_effort": "low", "temperature": 1}, plain) == (
        {"contents": [HI]},
        ["temperature", "reasoning_effort"],
    )
    assert to_gemini({"reasoning_effort": "none"}, plain) == ({"contents": [HI]}, [])


def test_an_older_model_gets_schemas_in_its_own_words() -> None:
    schema = {
        "type": "object",
        "properties": {"p": {"$ref": "#/$defs/P"}},
        "$defs": {"P": {"type": ["string", "null"]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {**schema, "minProperties": 1, "not": {}}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema, "strict": True}}
    own = {"type": "OBJECT", "properties": {"p": {"type": "STRING", "nullable": True}}}

    body, lost = to_gemini({"tools": [tool], "response_format": form}, OLD)

    assert body["tools"] == [{"functionDeclarations": [{"name": "f", "parameters": own}]}]
    assert body[CONFIG]["responseSchema"] == {**own, "minProperties": 1}
    assert "toolConfig" not in body
    assert lost == ["response_format.not"]


def test_a_recursive_schema_is_refused_to_an_older_model_even_where_losses_are_allowed() -> None:
    schema = {"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"t": {"$ref": "#/$defs/T"}}}}}
    request = decode(
        OPENAI,
        {
            "model": "m",
            "messages": [USER],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        },
    )

    with raises(UnmappableFields, match=r"`tools\[0\].parameters` refers to itself"):
        GEMINI.encode_request(request, OLD, Losses())
