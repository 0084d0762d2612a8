"""What OpenAI's chat refuses of a client, and what is written for a provider of the same API."""

from typing import Any

from pytest import mark, raises

from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest
from data_plane.llm.content import Audio, FileId, Inline, Link, Message, Opaque, Role, Text, ToolCall, ToolResult
from data_plane.llm.request import OutputMode, Reasoning, ToolChoice, ToolMode
from data_plane.llm.traits import ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, encode
from tests.fakes.sdk_parse import parse_openai_request
from tests.fakes.translation import JSON_SCHEMA, OTHER_TOOL, PNG, SCHEMA, TOOL, USER, call, text

OPENAI = CODECS["openai-chat"]


def request(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [USER], **fields}


def said(**fields: Any) -> dict[str, Any]:
    return request(messages=[USER, fields])


def part(**fields: Any) -> dict[str, Any]:
    return request(messages=[{"role": "user", "content": [fields]}])


# What a client sends; what the refusal names.
REFUSED: dict[str, tuple[Any, str]] = {
    "no messages": ({"model": "m"}, "`messages` is required"),
    "empty messages": (request(messages=[]), "`messages` must not be empty"),
    "a message of another type": (request(messages=[1]), r"`messages\[0\]` must be an object"),
    "no role": (said(content="Hi"), r"`messages\[1\].role` is required"),
    "another role": (said(role="model", content="Hi"), r"`messages\[1\].role` must be one of"),
    "a function's role": (said(role="function", name="f", content="1"), "functions are out of use"),
    "content of another type": (said(role="user", content=1), r"`messages\[1\].content` must be"),
    "content in pieces": (said(role="user", content=["Hi"]), r"`messages\[1\].content\[0\]` must be an object"),
    "a part without a type": (part(text="Hi"), r"`messages\[0\].content\[0\].type` is required"),
    "text of another type": (part(type="text", text=1), r"`messages\[0\].content\[0\].text` must be a string"),
    "an image without one": (part(type="image_url"), r"content\[0\].image_url` is required"),
    "an image by text alone": (part(type="image_url", image_url="https://e.com"), "image_url` must be an object"),
    "a file without data": (part(type="file", file={"filename": "a"}), "file.file_data` is required"),
    "a result without its call": (said(role="tool", content="1"), r"`messages\[1\].tool_call_id` is required"),
    "a call without an id": (
        said(role="assistant", tool_calls=[{"type": "function", "function": {"name": "f"}}]),
        r"`messages\[1\].tool_calls\[0\].id` is required",
    ),
    "a call without a function": (said(role="assistant", tool_calls=[{"id": "a"}]), r"function` is required"),
    "a tool without a type": (request(tools=[{"function": {"name": "f"}}]), r"`tools\[0\].type` is required"),
    "a tool without a name": (request(tools=[{"type": "function", "function": {}}]), "function.name` is required"),
    "another choice": (request(tool_choice="any"), "`tool_choice` must be one of auto, none, required"),
    "another kind of choice": (request(tool_choice={"type": "tool"}), "`tool_choice.type` must be one of"),
    "another format": (request(response_format={"type": "xml"}), "`response_format.type` must be one of"),
    "a format without a type": (request(response_format={}), "`response_format.type` is required"),
    "a schema without a name": (
        request(response_format={"type": "json_schema", "json_schema": {"schema": SCHEMA}}),
        "`response_format.json_schema.name` is required",
    ),
    "another effort": (request(reasoning_effort="huge"), "`reasoning_effort` must be one of"),
    "stops of another type": (request(stop=[1]), r"`stop\[0\]` must be a string"),
    "a number by words": (request(temperature="hot"), "`temperature` must be a number"),
    "bias of another type": (request(logit_bias=[1]), "`logit_bias` must be an object of numbers"),
    "metadata of another type": (request(metadata={"a": 1}), "`metadata` must be an object of strings"),
    "a flag by words": (request(stream="yes"), "`stream` must be true or false"),
}


@mark.parametrize(("body", "names"), REFUSED.values(), ids=REFUSED)
def test_what_the_api_would_refuse_is_refused_by_name(body: Any, names: str) -> None:
    with raises(BadRequest, match=names):
        decode(OPENAI, body)


def test_parts_are_read() -> None:
    parts = [
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "image_url", "image_url": {"url": f"data:image/PNG;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "hologram"},
    ]
    found = decode(OPENAI, said(role="user", content=parts)).messages[1].parts

    assert found[0] == Audio(Inline("audio/wav", "UklG"))
    assert [getattr(each, "source", None) for each in found[1:4]] == [
        Inline("image/png", PNG),
        Link("https://example.com/a.png"),
        FileId("openai-chat", "file-1"),
    ]
    assert isinstance(found[4], Opaque)


def test_calls_and_results_are_read() -> None:
    messages = [
        USER,
        {"role": "assistant", "content": "", "tool_calls": [call("a", ""), call("b", '{"x": 1}')]},
        {"role": "tool", "tool_call_id": "a", "content": [text("1")]},
    ]
    found = decode(OPENAI, request(messages=messages)).messages

    assert found[1].parts == [ToolCall("a", "f", "{}"), ToolCall("b", "f", '{"x": 1}')]
    assert found[2] == Message(Role.TOOL, [ToolResult("a", [Text("1")])])


def test_the_format_is_read() -> None:
    output = decode(OPENAI, request(response_format=JSON_SCHEMA)).output

    assert output is not None
    assert (output.mode, output.name, output.strict) == (OutputMode.SCHEMA, "form", True)


def own(traits: Traits, **fields: Any) -> tuple[Any, list[str]]:
    body, lost = encode(OPENAI, decode(OPENAI, request(**fields)), traits)
    parse_openai_request(body)
    return body, lost


def test_an_older_server_gets_older_words() -> None:
    traits = Traits(takes_max_completion_tokens=False, takes_developer_role=False, takes_json_schema=False)
    developer = {"role": "developer", "content": "D"}
    body, lost = own(traits, messages=[developer, USER], max_completion_tokens=5, response_format=JSON_SCHEMA)

    assert body["messages"][0]["role"] == "system"
    assert body["max_tokens"] == 5
    assert body["response_format"] == {"type": "json_object"}
    assert lost == ["response_format"]


def test_a_model_that_refuses_sampling_is_not_told() -> None:
    body, lost = own(Traits(takes_sampling=False), temperature=0.5, seed=1)

    assert "temperature" not in body
    assert lost == ["temperature", "seed"]


@mark.parametrize(("effort", "lost"), [("none", []), ("low", ["reasoning_effort"])])
def test_a_model_that_cannot_think_is_not_told_to(effort: str, lost: list[str]) -> None:
    body, found = own(Traits(reasoning=ReasoningStyle.NONE), reasoning_effort=effort)

    assert "reasoning_effort" not in body
    assert found == lost


@mark.parametrize(("budget", "word"), [(0, "none"), (512, "low"), (8_192, "medium"), (100_000, "high")])
def test_a_budget_of_another_api_is_effort(budget: int, word: str) -> None:
    asked = decode(OPENAI, request())
    asked.api, asked.reasoning = "gemini", Reasoning(budget_tokens=budget)

    assert encode(OPENAI, asked)[0]["reasoning_effort"] == word


def test_no_tool_may_be_called_by_its_name() -> None:
    asked = decode(OPENAI, request(tools=[TOOL, OTHER_TOOL]))
    asked.tool_choice = ToolChoice(ToolMode.NONE, ("f",))

    assert encode(OPENAI, asked)[0]["tool_choice"] == "none"


def test_what_is_said_of_tools_goes_where_there_are_none() -> None:
    body, lost = own(Traits(), tool_choice="auto", parallel_tool_calls=True)

    assert body == {"model": "m", "messages": [USER]}
    assert lost == []


def test_usage_of_streams_is_always_asked_for() -> None:
    body, _ = own(Traits(), stream=True)
    assert body["stream_options"] == {"include_usage": True}


@mark.parametrize(
    ("options", "wants"), [({"include_usage": True}, True), ({"include_usage": False}, False), (None, False)]
)
def test_whether_the_client_wants_usage_is_known(options: Any, wants: bool) -> None:
    assert decode(OPENAI, request(stream=True, stream_options=options)).wants_usage == wants


@mark.parametrize(("prefix", "kept"), [(False, []), (True, ["prefix"])], ids=["as ever", "what begins the answer"])
def test_what_mistral_s_sdk_says_in_any_case_says_nothing(prefix: bool, kept: list[str]) -> None:
    said = {"role": "assistant", "content": "Hello", "prefix": prefix}
    request = decode(OPENAI, {"model": "m", "messages": [USER, said, USER]})
    assert list(request.messages[1].extras) == kept
