"""The conversations of the matrix of clients, providers and features: one row each."""

from collections.abc import Mapping
from dataclasses import replace

from tests.fakes.matrix_scenario import (
    Answer,
    Failure,
    Line,
    Media,
    Options,
    Scenario,
    Tokens,
    ToolSpec,
    ToolUse,
    Words,
)

OPENAI = frozenset(("openai-chat", "openai-responses"))
ANTHROPIC = frozenset(("anthropic-messages",))
NOT_GEMINI = OPENAI | ANTHROPIC
NOT_ANTHROPIC = OPENAI | {"gemini"}
NOT_RESPONSES = frozenset(("openai-chat", "anthropic-messages", "gemini"))
CHAT_AND_GEMINI = frozenset(("openai-chat", "gemini"))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDA+PgplbmRvYmoKJSVFT0YK"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOSED = {**CITY, "additionalProperties": False}
WEATHER = ToolSpec("get_weather", CITY, result="rain, 7 °C")
CLOCK = ToolSpec("now", {"type": "object", "properties": {}}, result="12:00")
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
NESTED = {
    "type": "object",
    "properties": {"trip": {"$ref": "#/$defs/trip"}, "mode": {"enum": ["train", "car"], "type": "string"}},
    "required": ["trip"],
    "$defs": {"trip": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}},
}
BONN = ToolUse("get_weather", {"city": "Bonn"})
ROME = ToolUse("get_weather", {"city": "Rome", "note": 'quote " and é'})
DONE = Answer("Take an umbrella.")
LONG_ID = "call_" + "a|b.c:" * 5  # as another provider may have made it
EFFORT = Options(effort="low", max_tokens=8192)
THOUGHT = Answer("It is 4.", thought="Two and two.", tokens=Tokens(100, 50, 0, 20))


def said(*lines: str) -> tuple[Line, ...]:
    """Messages in turn, the user's first."""
    return tuple(Line("assistant" if place % 2 else "user", (Words(text),)) for place, text in enumerate(lines))


def shown(*media: Media) -> tuple[Line, ...]:
    return (Line("user", (Words("What is this?"), *media)),)


def failing(name: str, status: int, kind: str, retry_after: int = 0) -> Scenario:
    return Scenario(name, (Answer(failure=Failure(status, kind, retry_after)),))


def asking(name: str, *answers: Answer, only: frozenset[str] = frozenset(), **options: object) -> Scenario:
    asked: Options = replace(Options(), **options)  # type: ignore[arg-type]
    return Scenario(name, answers or (Answer("Yes."),), options=asked, only=only)


BASIC = (
    Scenario("text", (Answer("Grüße, Welt 😀"),)),
    Scenario("system prompt", (Answer("Aye."),), system="Talk like a pirate."),
    Scenario("developer prompt", (Answer("Aye."),), developer="Talk like a pirate.", only=OPENAI),
    Scenario("several turns", (Answer("One."), Answer("Two."), Answer("Three."))),
    Scenario("history", (Answer("Three."),), opening=said("One?", "One.", "Two?", "Two.", "Three?")),
    Scenario(
        "two user messages in a row", (Answer("Both."),), opening=(*said("First."), Line("user", (Words("Second."),)))
    ),
    Scenario("image", (Answer("A dot."),), opening=shown(Media("image/png", PNG))),
    Scenario("image by link", (Answer("A dot."),), opening=shown(Media("image/png", url="https://example.com/a.png"))),
    Scenario("two images", (Answer("Dots."),), opening=shown(Media("image/png", PNG), Media("image/png", PNG))),
    Scenario("PDF", (Answer("Empty."),), opening=shown(Media("application/pdf", PDF))),
    asking("temperature", temperature=0.5),
    asking("top_p", top_p=0.95),
    asking("temperature above 1", only=NOT_ANTHROPIC, temperature=1.5),
    asking("seed", only=CHAT_AND_GEMINI, seed=7),
    asking("end user's id", only=NOT_GEMINI, user="user-1"),
    asking("unknown field", extra={"x_future": 1}),
    Scenario(
        "prompt caching",
        (Answer("Aye.", tokens=Tokens(100, 5, 80)),),
        system="Talk. " * 9,
        options=Options(caches=True),
        only=ANTHROPIC,
    ),
)
STOPS = (
    asking("length", Answer("One two", stop="length"), max_tokens=16),
    asking("stop sequence", Answer("One two", stop="sequence", stop_sequence="END"), only=NOT_RESPONSES, stop=("END",)),
    Scenario("refusal", (Answer(refusal="I will not.", stop="refusal"),)),
    Scenario("content filter", (Answer("I", stop="filter"),)),
    Scenario("cached tokens", (Answer("Yes.", tokens=Tokens(1000, 20, 800)),)),
    asking("several candidates", only=CHAT_AND_GEMINI, candidates=2),
    asking("logprobs", only=NOT_ANTHROPIC, logprobs=True),
)
TOOLS = (
    asking("tool", Answer(calls=(BONN,), stop="tool"), DONE, tools=(WEATHER,)),
    asking("tool beside text", Answer("Looking.", calls=(BONN,), stop="tool"), DONE, tools=(WEATHER,)),
    asking("parallel tools", Answer(calls=(BONN, ROME), stop="tool"), DONE, tools=(WEATHER, CLOCK)),
    asking(
        "tools turn after turn",
        Answer(calls=(BONN,), stop="tool"),
        Answer(calls=(ROME,), stop="tool"),
        DONE,
        tools=(WEATHER,),
    ),
    asking("tool without arguments", Answer(calls=(ToolUse("now"),), stop="tool"), DONE, tools=(CLOCK,)),
    asking(
        "tool that fails",
        Answer(calls=(BONN,), stop="tool"),
        DONE,
        tools=(replace(WEATHER, result="no such city", fails=True),),
    ),
    asking("tool choice: required", Answer(calls=(BONN,), stop="tool"), tools=(WEATHER,), choice="required"),
    asking("tool choice: one", Answer(calls=(BONN,), stop="tool"), tools=(WEATHER, CLOCK), choice="get_weather"),
    asking("tool choice: none", tools=(WEATHER,), choice="none"),
    asking("one tool at a time", Answer(calls=(BONN,), stop="tool"), only=NOT_GEMINI, tools=(WEATHER,), parallel=False),
    asking(
        "strict tool",
        Answer(calls=(BONN,), stop="tool"),
        DONE,
        only=NOT_GEMINI,
        tools=(replace(WEATHER, parameters=CLOSED, strict=True),),
    ),
    asking(
        "tool with references",
        Answer(calls=(ToolUse("plan", {"trip": {"to": "Rome"}}),), stop="tool"),
        DONE,
        tools=(ToolSpec("plan", NESTED),),
    ),
    Scenario(
        "ids of another provider",
        (DONE,),
        opening=(
            Line("user", (Words("Weather?"),)),
            Line("assistant", (), calls=(ToolUse("get_weather", {"city": "Bonn"}, LONG_ID),)),
            Line("tool", (Words("rain"),), call_id=LONG_ID),
        ),
        options=Options(tools=(WEATHER,)),
        only=NOT_ANTHROPIC,
    ),
)
OUTPUT = (
    asking("JSON schema", Answer('{"name": "Ada", "age": 36}'), schema=PERSON),
    Scenario(
        "JSON mode",
        (Answer('{"name": "Ada"}'),),
        opening=said("Who was it? Answer in JSON."),
        options=Options(json_mode=True),
        only=NOT_ANTHROPIC,
    ),
)
REASONING = (
    Scenario("reasoning", (THOUGHT,), options=EFFORT, thinks=True),
    Scenario("reasoning in the next turn", (THOUGHT, Answer("It is 5.")), options=EFFORT, thinks=True),
    Scenario(
        "reasoning with tools",
        (Answer(thought="They want rain.", calls=(BONN,), stop="tool", tokens=Tokens(100, 50, 0, 20)), DONE),
        options=replace(EFFORT, tools=(WEATHER,)),
        thinks=True,
    ),
    Scenario(
        "reasoning with parallel tools",
        (Answer(thought="They want rain.", calls=(BONN, ROME), stop="tool", tokens=Tokens(100, 50, 0, 20)), DONE),
        options=replace(EFFORT, tools=(WEATHER,)),
        thinks=True,
    ),
)
BEGUN = Answer(thought="They want rain.", calls=(BONN,), stop="tool", tokens=Tokens(100, 50, 0, 20))
# What the first provider has sealed is nothing for the next.
CHANGES = tuple(
    Scenario(
        f"reasoning with tools, begun at {begins_at}",
        (BEGUN, DONE),
        options=replace(EFFORT, tools=(WEATHER,)),
        thinks=True,
        begins_at=begins_at,
    )
    for begins_at in ("Anthropic", "Gemini", "OpenAI Responses")
)
ERRORS = (
    failing("error 400", 400, "invalid"),
    failing("error: context length", 400, "context"),
    failing("error 401", 401, "auth"),
    failing("error 404", 404, "missing"),
    failing("error 429 with Retry-After", 429, "rate", 7),
    failing("error 500", 500, "server"),
    failing("error: overloaded", 503, "overloaded"),
)
WORDY = Answer("One two three four five.")
STREAM_ENDS = (
    Scenario("slow stream", (replace(WORDY, pause_seconds=0.2),), stream=True),
    Scenario("stream that fails", (replace(WORDY, breaks="error"),), stream=True),
    Scenario("stream cut short", (replace(WORDY, breaks="cut"),), stream=True),
    Scenario(
        "stream of a call cut short",
        (Answer(calls=(BONN,), stop="tool", breaks="cut"),),
        options=Options(tools=(WEATHER,)),
        stream=True,
    ),
)
# Beside their whole answers, these come as streams.
STREAMED = (*BASIC[:4], *STOPS, *TOOLS[:7], *OUTPUT, *REASONING, *ERRORS[4:5])
# Of providers that are like another one.
CORE = frozenset(
    (
        *("text", "text, streamed", "system prompt", "several turns", "image", "PDF", "temperature", "length"),
        *(
            "stop sequence",
            "stop sequence, streamed",
            "cached tokens",
            "parallel tools",
            "tool, streamed",
            "tool choice: one",
            "strict tool",
        ),
        *("ids of another provider", "JSON schema", "JSON mode", "reasoning", "reasoning with parallel tools"),
        *("reasoning with tools, streamed", "error 400", "error 401", "error: context length", "stream cut short"),
        *("error 429 with Retry-After", "stream that fails", "unknown field"),
    )
)
SCENARIOS: Mapping[str, Scenario] = {
    each.name: each
    for each in (
        *(*BASIC, *STOPS, *TOOLS, *OUTPUT, *REASONING, *CHANGES, *ERRORS),
        *(replace(each, name=f"{each.name}, streamed", stream=True) for each in STREAMED),
        *STREAM_ENDS,
    )
}
