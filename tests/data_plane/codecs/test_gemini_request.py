"""Requests of Gemini's SDKs and of those who write them by hand, read."""

import json
from typing import Any

import msgspec
from google.genai import types
from pytest import mark, raises

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest
from data_plane.llm.content import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    Link,
    Message,
    Opaque,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses
from data_plane.llm.request import (
    Effort,
    FunctionTool,
    GenerateRequest,
    OutputMode,
    Reasoning,
    ToolChoice,
    ToolMode,
)
from data_plane.llm.traits import UNKNOWN
from tests.fakes.codec_golden import encode
from tests.fakes.gemini_sdk import request_of

GEMINI = CODECS["gemini"]
CALL = Call("gemini", "generate_content", b"/models/m:generateContent", model="m")
HI: dict[str, Any] = {"role": "user", "parts": [{"text": "Hi"}]}


def read(body: Any, **fields: Any) -> GenerateRequest:
    return GEMINI.decode_request(json.dumps({"contents": [HI], **body, **fields}).encode(), CALL)


def turns(*contents: Any) -> list[Message]:
    return read({"contents": list(contents)}).messages


def user(*parts: Any) -> Any:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> Any:
    return {"role": "model", "parts": list(parts)}


def call(name: str, args: Any = None, **fields: Any) -> Any:
    return {"functionCall": {"name": name, **({"args": args} if args else {}), **fields}}


def answer(name: str, response: Any, **fields: Any) -> Any:
    return {"functionResponse": {"name": name, "response": response, **fields}}


def test_the_path_names_the_model_and_whether_it_streams() -> None:
    call = Call("gemini", "generate_content", b"/", model="gemini-3-pro", streams=True)
    request = GEMINI.decode_request(json.dumps({"contents": [HI], "model": "models/other"}).encode(), call)

    assert (request.model, request.stream) == ("gemini-3-pro", True)


def test_what_the_sdk_sends_is_read() -> None:
    def weather(city: str) -> str:
        """Tells the weather."""
        return city

    body = request_of(
        contents=[
            types.Content(role="user", parts=[types.Part.from_bytes(data=b"\xff\xfe\xfb\xff", mime_type="image/png")]),
            types.Content(
                role="model",
                parts=[
                    types.Part(
                        function_call=types.FunctionCall(name="weather", args={"city": "Bonn"}),
                        thought_signature=b"\xff\xfe",
                    )
                ],
            ),
            types.Content(
                role="user", parts=[types.Part.from_function_response(name="weather", response={"result": 3})]
            ),
        ],
        config=types.GenerateContentConfig(
            system_instruction="Be short.",
            temperature=0.5,
            top_k=40,
            max_output_tokens=9,
            stop_sequences=["E"],
            tools=[weather],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            tool_config=types.ToolConfig(
                function_calling_config=types.FunctionCallingConfig(
                    mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"]
                )
            ),
            thinking_config=types.ThinkingConfig(thinking_budget=512, include_thoughts=True),
            response_modalities=["TEXT"],
        ),
    )

    request = GEMINI.decode_request(body, CALL)

    system, first, called, result = request.messages
    assert system == Message(Role.SYSTEM, [Text("Be short.")], path="systemInstruction")
    assert first.parts == [Image(Inline("image/png", "//77/w=="))]
    part = called.parts[0]
    assert isinstance(part, ToolCall)
    assert (part.name, json.loads(part.arguments), part.signature) == ("weather", {"city": "Bonn"}, "__4=")
    assert isinstance(result.parts[0], ToolResult)
    assert result.parts[0].call_id == part.id
    assert (request.sampling.temperature, request.sampling.top_k) == (0.5, 40)
    assert (request.max_output_tokens, request.stop) == (9, ("E",))
    assert request.tool_choice == ToolChoice(ToolMode.REQUIRED, ("weather",))
    assert request.reasoning == Reasoning(budget_tokens=512, is_shown=True)
    (tool,) = request.tools
    assert isinstance(tool, FunctionTool)
    assert tool.parameters is not None
    assert json.loads(bytes(tool.parameters))["properties"] == {"city": {"type": "string"}}
    assert request.extras == {}


def test_names_may_be_in_either_spelling() -> None:
    snake = read(
        {
            "system_instruction": {"parts": [{"text": "S"}]},
            "generation_config": {
                "max_output_tokens": "9",
                "top_k": 3.0,
                "thinking_config": {"thinking_level": "low"},
                "response_mime_type": "application/json",
                "response_json_schema": {"type": "object", "properties": {"snake_case": {"type": "string"}}},
            },
            "tools": [
                {"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT", "min_properties": 1}}]}
            ],
            "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
            "contents": [user({"inline_data": {"mime_type": "image/png", "data": "AA"}})],
            "cached_content": "c",
            "safety_settings": [],
        }
    )
    camel = read(
        {
            "systemInstruction": {"parts": [{"text": "S"}]},
            "generationConfig": {
                "maxOutputTokens": 9,
                "topK": 3,
                "thinkingConfig": {"thinkingLevel": "LOW"},
                "responseMimeType": "application/json",
                "responseJsonSchema": {"type": "object", "properties": {"snake_case": {"type": "string"}}},
            },
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "minProperties": 1}}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
            "contents": [user({"inlineData": {"mimeType": "image/png", "data": "AA=="}})],
            "cachedContent": "c",
            "safetySettings": [],
        }
    )

    assert snake == camel
    assert snake.max_output_tokens == 9


REFUSED = {
    "no contents": ({"contents": None}, "`contents` is required"),
    "empty contents": ({"contents": []}, "`contents` is required"),
    "no parts": ({"contents": [{"role": "user"}]}, r"`contents\[0\].parts` is required"),
    "another role": ({"contents": [{"role": "assistant", "parts": [{"text": ""}]}]}, r"`contents\[0\].role` must be"),
    "a part without data": ({"contents": [user({})]}, r"`contents\[0\].parts\[0\]` must have data"),
    "text that is none": ({"contents": [user({"text": 1})]}, r"`contents\[0\].parts\[0\].text` must be a string"),
    "arguments that are no object": (
        {"contents": [model({"functionCall": {"name": "f", "args": [1]}})]},
        r"`contents\[0\].parts\[0\].functionCall.args` must be an object",
    ),
    "an answer that is no object": (
        {"contents": [user(answer("f", "x"))]},
        "functionResponse.response` must be an obj",
    ),
    "an answer without a name": ({"contents": [user({"functionResponse": {}})]}, "functionResponse.name` is required"),
    "a picture in the instructions": (
        {"systemInstruction": {"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}},
        "`systemInstruction.parts` must be text",
    ),
    "both spellings": ({"systemInstruction": {}, "system_instruction": {}}, "`systemInstruction` stands twice"),
    "both spellings inside": (
        {"generationConfig": {"topK": 1, "top_k": 1}},
        "`generationConfig.topK` stands twice",
    ),
    "a mode nobody knows": (
        {"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}},
        "`toolConfig.functionCallingConfig.mode` must be one of ANY, AUTO, NONE, VALIDATED",
    ),
    "a level nobody knows": (
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "MUCH"}}},
        "`generationConfig.thinkingConfig.thinkingLevel` must be one of",
    ),
    "a budget below": ({"generationConfig": {"thinkingConfig": {"thinkingBudget": -2}}}, "thinkingBudget` must be"),
    "half a token": ({"generationConfig": {"maxOutputTokens": 1.5}}, "maxOutputTokens` must be an integer"),
    "two schemas of a tool": (
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {}, "parametersJsonSchema": {}}]}]},
        "exclude each other",
    ),
    "two schemas of the answer": (
        {"generationConfig": {"responseMimeType": "application/json", "responseSchema": {}, "responseJsonSchema": {}}},
        "exclude each other",
    ),
    "a schema without its type": ({"generationConfig": {"responseSchema": {}}}, "must be application/json"),
    "a schema that is none": (
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": 1}}]}]},
        r"`tools\[0\].functionDeclarations\[0\].parameters.type` must be a string",
    ),
    "a field of the schema that is none": (
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"properties": {"a": 1}}}]}]},
        r"parameters.properties.a` must be an object",
    ),
}


@mark.parametrize(("body", "text"), REFUSED.values(), ids=REFUSED)
def test_what_the_api_refuses_is_refused_by_its_path(body: Any, text: str) -> None:
    with raises(BadRequest, match=text):
        read(body)


def test_a_schema_without_bottom_is_refused() -> None:
    schema: Any = {}
    for _ in range(100):
        schema = {"items": schema}
    with raises(BadRequest, match="nested too deeply"):
        read({"tools": [{"functionDeclarations": [{"name": "f", "parameters": schema}]}]})


PARTS = {
    "thought": (
        {"text": "Hm", "thought": True, "thoughtSignature": "QQ=="},
        Thought("Hm", "gemini", "QQ==", is_summary=True),
    ),
    "signed text": (
        {"text": "A", "thoughtSignature": "QQ=="},
        Text("A", extras={"thoughtSignature": msgspec.Raw(b'"QQ=="')}),
    ),
    "signature alone": ({"thoughtSignature": "QQ=="}, Text("", extras={"thoughtSignature": msgspec.Raw(b'"QQ=="')})),
    "sound": ({"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}, Audio(Inline("audio/wav", "AAAA"))),
    "a document": (
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://a.b/c"}},
        Document(Link("https://a.b/c", "application/pdf")),
    ),
    "a file of Google's": (
        {"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b"}},
        Image(FileId("gemini", "gs://a/b"), extras={"mimeType": msgspec.Raw(b'"image/png"')}),
    ),
}


@mark.parametrize(("part", "wanted"), PARTS.values(), ids=PARTS)
def test_parts_are_understood(part: Any, wanted: Any) -> None:
    assert turns(user(part))[0].parts == [wanted]


@mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}},
        {"fileData": {"fileUri": "https://youtu.be/x"}},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"somethingNew": {"a": 1}, "thoughtSignature": "QQ=="},
    ],
)
def test_what_only_gemini_has_is_opaque(part: Any) -> None:
    (found,) = turns(user(part))[0].parts

    assert isinstance(found, Opaque)
    assert json.loads(bytes(found.raw)) == part


REASONING = {
    "level": ({"thinkingLevel": "HIGH"}, Reasoning(Effort.HIGH)),
    "newest level": ({"thinkingLevel": "XHIGH"}, Reasoning(Effort.XHIGH)),
    "no level": ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
    "budget": ({"thinkingBudget": 100}, Reasoning(budget_tokens=100)),
    "off": ({"thinkingBudget": 0}, Reasoning(Effort.NONE)),
    "as the model likes": ({"thinkingBudget": -1}, Reasoning(is_adaptive=True)),
    "shown": ({"includeThoughts": True}, Reasoning(is_shown=True)),
}


@mark.parametrize(("config", "wanted"), REASONING.values(), ids=REASONING)
def test_thinking_is_understood(config: Any, wanted: Any) -> None:
    request = read({"generationConfig": {"thinkingConfig": config}})

    assert request.reasoning == wanted
    if wanted is not None:
        assert encode(GEMINI, request)[0]["generationConfig"]["thinkingConfig"] == config


def test_what_only_gemini_knows_goes_by_its_path() -> None:
    request = read(
        {
            "generationConfig": {"speechConfig": {"a": 1}, "thinkingConfig": {"new": 1}},
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}, "retrievalConfig": {}},
            "cachedContent": "c",
        }
    )

    assert sorted(request.extras) == [
        "cachedContent",
        "generationConfig.speechConfig",
        "generationConfig.thinkingConfig.new",
        "toolConfig.functionCallingConfig.mode",
        "toolConfig.retrievalConfig",
    ]
    assert request.tool_choice == ToolChoice(ToolMode.AUTO)


def test_tokens_are_counted_of_a_request_inside() -> None:
    inner = {"model": "models/m", "contents": [HI], "generationConfig": {"speechConfig": {}}}
    counting = Call("gemini", "count_tokens", b"/models/m:countTokens", model="m")

    request = GEMINI.decode_request(json.dumps({"generateContentRequest": inner}).encode(), counting)

    assert request.messages == [Message(Role.USER, [Text("Hi")], path="contents[0]")]
    assert list(request.extras) == ["generationConfig.speechConfig"]


def test_a_format_is_understood() -> None:
    request = read({"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}}})

    assert request.output is not None
    assert request.output.mode is OutputMode.SCHEMA
    assert request.output.schema == msgspec.Raw(b'{"type":"string"}')


def test_what_is_opaque_stays_byte_for_byte() -> None:
    part = b'{ "toolCall": {"args": {"n": 1.50, "big": 12345678901234567890123, "s": "\\u00e9"}} }'
    tool = b'{ "n": 1.50, "big": 12345678901234567890123 }'
    body = b'{"contents":[{"role":"model","parts":[%b]}],"tools":[{"googleSearch":%b}]}' % (part, tool)

    written = GEMINI.encode_request(GEMINI.decode_request(body, CALL), UNKNOWN, Losses())

    assert part in written
    assert tool in written
