"""Counts are those that OpenAI's cookbook shows, and say when they are estimates."""

import json

from msgspec import Raw
from pytest import mark, param

from data_plane.llm.content import (
    Audio,
    Document,
    Image,
    Inline,
    Link,
    Message,
    Opaque,
    Part,
    Refusal,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.request import CustomTool, FunctionTool, GenerateRequest, OpaqueTool, OutputFormat, OutputMode, Tool
from data_plane.llm.token_estimate import bytes_of, count
from data_plane.llm.token_ratio import TokenRatios

# Messages and numbers of cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken: what the API has counted.
TURNS = (
    (
        "system",
        "",
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
    ),
    ("system", "example_user", "New synergies will help drive top-line growth."),
    ("system", "example_assistant", "Things working well together will increase revenue."),
    (
        "system",
        "example_user",
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    ),
    ("system", "example_assistant", "Let's talk later when we're less busy about how to do better."),
    ("user", "", "This late pivot means we don't have time to boil the ocean for the client deliverable."),
)
CITY = {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}
UNIT = {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]}
WEATHER = FunctionTool(
    "get_current_weather",
    "Get the current weather in a given location",
    Raw(
        json.dumps(
            {"type": "object", "properties": {"location": CITY, "unit": UNIT}, "required": ["location"]}
        ).encode()
    ),
)


def asking(*parts: Part, tools: tuple[Tool, ...] = (), output: OutputFormat | None = None) -> GenerateRequest:
    return GenerateRequest("openai-chat", "m", [Message(Role.USER, list(parts))], tools=list(tools), output=output)


@mark.parametrize(
    ("model", "tokens"), [("gpt-4o", 124), ("gpt-4o-mini", 124), ("gpt-4-0613", 129), ("gpt-3.5-turbo", 129)]
)
def test_messages_have_as_many_tokens_as_the_api_counts(model: str, tokens: int) -> None:
    messages = [Message(Role(role), [Text(text)], name=name) for role, name, text in TURNS]

    found = count(model, GenerateRequest("openai-chat", model, messages), TokenRatios())

    assert (found.tokens, found.is_estimate) == (tokens, False)


def test_tools_have_as_many_tokens_as_the_api_counts() -> None:
    words = "You are a helpful assistant that can answer to questions about the weather."
    messages = [
        Message(Role.SYSTEM, [Text(words)]),
        Message(Role.USER, [Text("What's the weather like in San Francisco?")]),
    ]

    found = count("gpt-4o", GenerateRequest("openai-chat", "m", messages, tools=[WEATHER]), TokenRatios())

    assert (found.tokens, found.is_estimate) == (101, True)


def test_other_models_are_estimated_by_what_is_known_of_them() -> None:
    ratios = TokenRatios()
    request = asking(Text("é" * 500))

    before = count("claude-x", request, ratios)
    for _ in range(100):
        ratios.settle_input("claude-x", 1000, 600)
    after = count("claude-x", request, ratios)

    assert before.is_estimate and after.is_estimate
    assert before.tokens == 6 + round(1004 * 0.3)
    assert 590 < after.tokens < 620


FUNCTION = FunctionTool("f", "does", Raw(b'{"properties":{"deep":{"type":"array","items":{"type":"string"}}}}'))


@mark.parametrize(
    ("request_", "least"),
    [
        param(asking(Image(Link("https://x/y.png"))), 765, id="image"),
        param(asking(Image(Link("https://x/y.png"), detail="low")), 85, id="image in low detail"),
        param(asking(Document(Inline("application/pdf", "A" * 200_000))), 4500, id="document"),
        param(asking(Document(Link("https://x/y.pdf"))), 1500, id="document by its address"),
        param(asking(Audio(Inline("audio/wav", "A" * 64_000))), 15, id="audio"),
        param(asking(Thought("I think that this is so")), 6, id="thought"),
        param(asking(ToolCall("1", "weather", '{"city":"Graz"}')), 6, id="call"),
        param(asking(ToolResult("1", [Image(Link("https://x/y.png"))])), 765, id="picture of a tool"),
        param(asking(Opaque("gemini", "x", Raw(b'{"executableCode":{"code":"print(1)"}}'))), 8, id="opaque"),
        param(asking(Text("hi"), tools=(FUNCTION,)), 30, id="function"),
        param(asking(Text("hi"), tools=(CustomTool("c", "free", Raw(b'{"type":"text"}')),)), 20, id="custom tool"),
        param(asking(Text("hi"), tools=(OpaqueTool("openai", "s", Raw(b'{"type":"web_search"}')),)), 20, id="own tool"),
        param(
            asking(Text("hi"), output=OutputFormat(OutputMode.SCHEMA, Raw(b'{"type":"object","properties":{}}'))),
            10,
            id="schema",
        ),
    ],
)
def test_what_is_no_text_is_guessed_and_said_to_be(request_: GenerateRequest, least: int) -> None:
    for model in ("gpt-4o", "claude-x"):
        found = count(model, request_, TokenRatios())

        assert found.is_estimate
        assert found.tokens > least


@mark.parametrize("part", [Text("hello world"), Refusal("hello world"), ToolResult("1", [Text("hello world")])])
def test_texts_are_counted_wherever_they_stand(part: Part) -> None:
    found = count("gpt-4o", asking(part), TokenRatios())

    assert (found.tokens, found.is_estimate) == (3 + 3 + 1 + 2, False)


def test_bytes_are_those_of_utf_8() -> None:
    assert bytes_of(("abc", "é", "狐", "\ud800")) == 3 + 2 + 3 + 1


@mark.parametrize("schema", [b"[]", b'{"properties":[]}', b'{"properties":{"a":1,"b":{"type":2,"enum":{}}}}', b"null"])
def test_a_schema_that_is_none_is_counted_all_the_same(schema: bytes) -> None:
    assert count("gpt-4o", asking(Text("hi"), tools=(FunctionTool("f", "", Raw(schema)),)), TokenRatios()).tokens > 15
