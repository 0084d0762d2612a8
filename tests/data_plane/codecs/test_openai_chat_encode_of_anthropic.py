"""Requests of Anthropic's messages, for OpenAI's chat."""

from typing import Any

from pytest import mark

from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.translation import (
    NO_THOUGHT,
    PNG,
    PREFILL,
    SCHEMA,
    TOOL,
    USER,
    F,
    G,
    call,
    result,
    text,
    to_openai,
    use,
)

# Messages of Anthropic (and its system prompt); those of OpenAI.
MESSAGES = {
    "one turn": ({}, [USER], [USER]),
    "system": (
        {"system": [text("S", cache_control={"type": "ephemeral"}), text("T")]},
        [USER],
        [{"role": "system", "content": [text("S"), text("T")]}, USER],
    ),
    "a later system turn": (
        {},
        [USER, {"role": "system", "content": "S"}],
        [USER, {"role": "system", "content": "S"}],
    ),
    "results become messages of their own, what else is said comes after": (
        {},
        [
            USER,
            {"role": "assistant", "content": [text("Look."), use("toolu_1", {"a": 1}), use("toolu_2")]},
            {
                "role": "user",
                "content": [
                    result("toolu_1", [text("o"), text("ne")]),
                    result("toolu_2", "broken", is_error=True),
                    text("Go on"),
                ],
            },
        ],
        [
            USER,
            {
                "role": "assistant",
                "content": "Look.",
                "tool_calls": [call("toolu_1", '{"a": 1}'), call("toolu_2")],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": [text("o"), text("ne")]},
            {"role": "tool", "tool_call_id": "toolu_2", "content": "error: broken"},
            {"role": "user", "content": "Go on"},
        ],
    ),
    "pictures of results are shown by the user": (
        {},
        [
            USER,
            {"role": "assistant", "content": [use("t1")]},
            {
                "role": "user",
                "content": [result("t1", [{"type": "image", "source": {"type": "url", "url": "https://e.com/a.png"}}])],
            },
        ],
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call("t1")]},
            {"role": "tool", "tool_call_id": "t1", "content": ""},
            {
                "role": "user",
                "content": [
                    text("What the tool returned for call t1:"),
                    {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}},
                ],
            },
        ],
    ),
    "thoughts of another API are dropped": (
        {},
        [
            USER,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm", "signature": "s"},
                    {"type": "redacted_thinking", "data": "d"},
                    text("A"),
                ],
            },
            USER,
        ],
        [USER, {"role": "assistant", "content": "A"}, USER],
    ),
    "documents": (
        {},
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                        "title": "a.pdf",
                    },
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                ],
            }
        ],
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    },
                    text("Grüße"),
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                ],
            }
        ],
    ),
}


@mark.parametrize(("fields", "turns", "messages"), MESSAGES.values(), ids=MESSAGES)
def test_turns_become_messages(fields: Any, turns: Any, messages: Any) -> None:
    body, lost = to_openai({**fields, "messages": turns})

    assert body["messages"] == messages
    assert lost == []


# Fields of Anthropic's request, what is known of the model; what OpenAI's has for them, and what is lost.
FIELDS: dict[str, tuple[dict[str, Any], Traits, dict[str, Any], list[str]]] = {
    "limit by the older word": (
        {},
        Traits(takes_max_completion_tokens=False),
        {"max_tokens": 9, "max_completion_tokens": None},
        [],
    ),
    "sampling": (
        {"temperature": 0.5, "top_p": 0.4, "top_k": 3},
        UNKNOWN,
        {"temperature": 0.5, "top_p": 0.4, "top_k": 3},
        [],
    ),
    "stops": ({"stop_sequences": ["a", "b"]}, UNKNOWN, {"stop": ["a", "b"]}, []),
    "more stops than there may be": (
        {"stop_sequences": ["a", "b", "c", "d", "e"]},
        UNKNOWN,
        {"stop": ["a", "b", "c", "d"]},
        ["stop_sequences"],
    ),
    "metadata": ({"metadata": {"user_id": "u"}}, UNKNOWN, {"user": "u"}, []),
    "tier": ({"service_tier": "standard_only"}, UNKNOWN, {"service_tier": "default"}, []),
    "stream": ({"stream": True}, UNKNOWN, {"stream": True, "stream_options": {"include_usage": True}}, []),
    "tools": (
        {
            "tools": [
                {**F, "cache_control": {"type": "ephemeral"}, "strict": True},
                {**G, "eager_input_streaming": True},
            ]
        },
        UNKNOWN,
        {"tools": [TOOL, {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}]},
        [],
    ),
    "server tools and what else only one API has": (
        {
            "tools": [{"type": "web_search_20260318", "name": "web_search"}],
            "container": "c",
            "inference_geo": "eu",
            "cache_control": {"type": "ephemeral"},
        },
        UNKNOWN,
        {},
        ["tools[0]", "container", "inference_geo"],
    ),
    "fields of tools": (
        {"tools": [{**F, "input_examples": [{"n": 1}]}]},
        UNKNOWN,
        {"tools": [{**TOOL, "function": {**TOOL["function"], "strict": None}}]},  # type: ignore[dict-item]
        ["tools[0].input_examples"],
    ),
    "choice any": (
        {"tools": [F], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        UNKNOWN,
        {
            "tools": [{**TOOL, "function": {**TOOL["function"], "strict": None}}],  # type: ignore[dict-item]
            "tool_choice": "required",
            "parallel_tool_calls": False,
        },
        [],
    ),
    "choice of one": (
        {"tools": [G], "tool_choice": {"type": "tool", "name": "g"}},
        UNKNOWN,
        {
            "tools": [{"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "g"}},
        },
        [],
    ),
    "a schema for the answer": (
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        UNKNOWN,
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            }
        },
        [],
    ),
    "effort": ({"output_config": {"effort": "max"}}, UNKNOWN, {"reasoning_effort": "max"}, []),
    "thought by number": (
        {"thinking": {"type": "enabled", "budget_tokens": 2_000}, "max_tokens": 9_000},
        UNKNOWN,
        {"reasoning_effort": "medium", "max_completion_tokens": 9_000},
        [],
    ),
    "much thought": (
        {"thinking": {"type": "enabled", "budget_tokens": 1 << 70}},
        UNKNOWN,
        {"reasoning_effort": "high"},
        [],
    ),
    "thought as the model likes": ({"thinking": {"type": "adaptive"}}, UNKNOWN, {}, []),
    "no thought": ({"thinking": {"type": "disabled"}}, UNKNOWN, {"reasoning_effort": "none"}, []),
    "no thought of a model that cannot": ({"thinking": {"type": "disabled"}}, NO_THOUGHT, {}, []),
    "thought of a model that cannot": (
        {"thinking": {"type": "enabled", "budget_tokens": 2_000}},
        NO_THOUGHT,
        {},
        ["thinking"],
    ),
    "thought of a kind of its own": ({"thinking": {"type": "between_tools"}}, UNKNOWN, {}, ["thinking"]),
}


@mark.parametrize(("fields", "traits", "wanted", "losses"), FIELDS.values(), ids=FIELDS)
def test_options_for_openai(fields: Any, traits: Traits, wanted: Any, losses: Any) -> None:
    body, lost = to_openai(fields, traits)

    assert without_none(body) == without_none(
        {"model": "m", "messages": [USER], "max_completion_tokens": 9, "store": None, **wanted}
    )
    assert lost == losses


def without_none(value: Any) -> Any:
    if isinstance(value, list):
        return [without_none(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: without_none(each) for name, each in value.items() if each is not None}


LOST_BLOCKS = {
    "a file of Anthropic's": {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    "a document by link": {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
    "a document of blocks": {"type": "document", "source": {"type": "content", "content": [text("a")]}},
    "what was found": {"type": "search_result", "source": "s", "title": "t", "content": [text("a")]},
}


@mark.parametrize("block", LOST_BLOCKS.values(), ids=LOST_BLOCKS)
def test_blocks_without_an_equivalent_are_named_as_the_client_wrote_them(block: Any) -> None:
    body, lost = to_openai({"system": "S", "messages": [{"role": "user", "content": [text("See"), block]}]})

    assert body["messages"][1]["content"] == [text("See")]
    assert lost == ["messages[0].content[1]"]


def test_a_result_that_only_anthropic_can_read_is_named() -> None:
    found = {"type": "search_result", "source": "s", "title": "t", "content": [text("a")]}
    turns = [USER, {"role": "assistant", "content": [use("t")]}, {"role": "user", "content": [result("t", [found])]}]
    body, lost = to_openai({"messages": turns})

    assert body["messages"][2] == {"role": "tool", "tool_call_id": "t", "content": ""}
    assert lost == ["messages[2]"]


def test_an_assistant_of_openai_shows_no_pictures() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    messages = [USER, {"role": "assistant", "content": [text("See"), image]}, USER]
    body, lost = to_openai({"messages": messages})

    assert body["messages"][1] == {"role": "assistant", "content": "See"}
    assert lost == ["messages[1].content[1]"]


def test_citations_that_were_asked_for_are_named() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}
    _, lost = to_openai({"messages": [{"role": "user", "content": [document]}]})

    assert lost == ["messages[0].content[0].citations"]


def test_prefill_has_no_equivalent() -> None:
    assert to_openai({"messages": PREFILL})[1] == ["messages[1]"]


def test_an_api_that_knows_no_more_sampling_is_not_sent_it() -> None:
    """OpenAI itself refuses `top_k`, which vLLM and others take."""
    body, lost = to_openai({"messages": [USER], "top_k": 3}, Traits(takes_more_sampling=False))
    assert "top_k" not in body
    assert lost == ["top_k"]
