"""Tools and the form of answers in OpenAI's chat, for Bedrock's Converse."""

import json
from typing import Any

from pytest import mark, param

from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.bedrock_golden import (
    CALLED,
    FORMAT,
    NO_SCHEMA,
    NOVA,
    OTHER_TOOL,
    SCHEMA,
    TOOL,
    F,
    G,
    from_openai,
)

UNAVAILABLE = [
    {
        "toolSpec": {
            "name": name,
            "description": "Was used before; is not available now.",
            "inputSchema": {"json": {"type": "object"}},
        }
    }
    for name in ("f", "g_h")
]
SEQUENTIAL = {"type": "auto", "disable_parallel_tool_use": True}
JSON_SCHEMA = {
    "type": "json_schema",
    "structure": {
        "jsonSchema": {"schema": json.dumps(SCHEMA), "name": "form", "description": "A form"},
    },
}


def answer_tool(schema: Any) -> dict[str, Any]:
    return {
        "tools": [{"toolSpec": {"name": "isthmus_answer", "inputSchema": {"json": schema}}}],
        "toolChoice": {"any": {}},
    }


# Fields of the request beside the messages; fields of the body beside those; what is lost.
OPTIONS = [
    param({"tools": [TOOL, OTHER_TOOL]}, UNKNOWN, {"toolConfig": {"tools": [F, G]}}, [], id="tools"),
    param(
        {"tools": [TOOL], "tool_choice": "auto"},
        UNKNOWN,
        {"toolConfig": {"tools": [F], "toolChoice": {"auto": {}}}},
        [],
        id="auto",
    ),
    param(
        {"tools": [TOOL], "tool_choice": "required"},
        UNKNOWN,
        {"toolConfig": {"tools": [F], "toolChoice": {"any": {}}}},
        [],
        id="required",
    ),
    param(
        {"tools": [TOOL, OTHER_TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
        UNKNOWN,
        {"toolConfig": {"tools": [F, G], "toolChoice": {"tool": {"name": "g"}}}},
        [],
        id="one tool",
    ),
    param(
        {
            "tools": [TOOL, OTHER_TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]},
            },
        },
        UNKNOWN,
        {"toolConfig": {"tools": [G], "toolChoice": {"auto": {}}}},
        [],
        id="some tools",
    ),
    param({"tools": [TOOL], "tool_choice": "none"}, UNKNOWN, {}, [], id="none"),
    param(
        {"tools": [TOOL], "tool_choice": "none", "messages": CALLED},
        UNKNOWN,
        {"toolConfig": {"tools": UNAVAILABLE}},
        ["tool_choice"],
        id="none after calls",
    ),
    param({"messages": CALLED}, UNKNOWN, {"toolConfig": {"tools": UNAVAILABLE}}, [], id="no tools after calls"),
    param(
        {"tools": [{**TOOL, "function": {**TOOL["function"], "strict": True}}]},
        UNKNOWN,
        {"toolConfig": {"tools": [{"toolSpec": {**F["toolSpec"], "strict": True}}]}},
        [],
        id="strict",
    ),
    param(
        {"tools": [{**TOOL, "function": {**TOOL["function"], "strict": True}}]},
        NO_SCHEMA,
        {"toolConfig": {"tools": [F]}},
        ["tools[0].strict"],
        id="strict is not known",
    ),
    param(
        {"tools": [TOOL, {"type": "custom", "custom": {"name": "c"}}, {"type": "web_search"}]},
        UNKNOWN,
        {"toolConfig": {"tools": [F]}},
        ["tools[1]", "tools[2]"],
        id="tools of other kinds",
    ),
    param(
        {"tools": [TOOL, {"type": "function", "function": {"name": "a.b"}}]},
        UNKNOWN,
        {"toolConfig": {"tools": [F]}},
        ["tools[1].name"],
        id="a name that is not taken",
    ),
    param(
        {"tools": [TOOL], "parallel_tool_calls": False},
        UNKNOWN,
        {"toolConfig": {"tools": [F]}, "additionalModelRequestFields": {"tool_choice": SEQUENTIAL}},
        [],
        id="one call at a time",
    ),
    param(
        {"tools": [TOOL], "parallel_tool_calls": False, "tool_choice": "auto"},
        UNKNOWN,
        {"toolConfig": {"tools": [F]}, "additionalModelRequestFields": {"tool_choice": SEQUENTIAL}},
        [],
        id="one call at a time, if any",
    ),
    param(
        {"tools": [TOOL], "parallel_tool_calls": False, "tool_choice": "required"},
        UNKNOWN,
        {"toolConfig": {"tools": [F], "toolChoice": {"any": {}}}},
        ["parallel_tool_calls"],
        id="one call exactly",
    ),
    param(
        {"tools": [TOOL], "parallel_tool_calls": False, "model": NOVA},
        UNKNOWN,
        {"toolConfig": {"tools": [F]}},
        ["parallel_tool_calls"],
        id="others call as they like",
    ),
    param(
        {"tools": [TOOL], "parallel_tool_calls": True}, UNKNOWN, {"toolConfig": {"tools": [F]}}, [], id="many at a time"
    ),
    param({"parallel_tool_calls": False, "tool_choice": "auto"}, UNKNOWN, {}, [], id="choices without tools"),
    param({"response_format": {"type": "text"}}, UNKNOWN, {}, [], id="text"),
    param({"response_format": FORMAT}, UNKNOWN, {"outputConfig": {"textFormat": JSON_SCHEMA}}, [], id="schema"),
    param(
        {"response_format": FORMAT},
        NO_SCHEMA,
        {"toolConfig": answer_tool(SCHEMA)},
        ["response_format.json_schema.description"],
        id="schema by a tool",
    ),
    param(
        {"response_format": {"type": "json_object"}},
        UNKNOWN,
        {"toolConfig": answer_tool({"type": "object"})},
        [],
        id="any JSON",
    ),
    param(
        {"response_format": FORMAT, "tools": [TOOL]},
        NO_SCHEMA,
        {"toolConfig": {"tools": [F]}},
        ["response_format"],
        id="schema beside tools",
    ),
]


@mark.parametrize(("fields", "traits", "wanted", "lost"), OPTIONS)
def test_options_are_worded_anew(fields: Any, traits: Traits, wanted: Any, lost: list[str]) -> None:
    body, found = from_openai(fields, traits)

    assert {name: value for name, value in body.items() if name not in ("messages", "system")} == wanted
    assert found == lost
