"""OpenAI's chat for a provider of Gemini's API, and Gemini's API for a provider of OpenAI's."""

import json
from typing import Any

from pytest import mark, param, raises

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.errors import InvalidUpstreamResponse, UnmappableFields
from data_plane.llm.events import CandidateEnded, Ended, Failed
from data_plane.llm.loss import Losses
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, documents, encode, events_of, frames_of, golden
from tests.fakes.event_law import assert_lawful
from tests.fakes.gemini_sdk import answer_of, chunks_of, parse_request
from tests.fakes.sdk_parse import accumulate_openai, parse_openai_answer, parse_openai_request

OPENAI, GEMINI = CODECS["openai-chat"], CODECS["gemini"]
CALL = Call("gemini", "generate_content", b"/models/m:generateContent", model="m")
OLD = Traits(takes_json_schema=False)
BUDGET = Traits(reasoning=ReasoningStyle.BUDGET)
USER = {"role": "user", "content": "Hi"}
HI = {"role": "user", "parts": [{"text": "Hi"}]}
SIGNATURE = "CiEBjz1rX0ilumvPg6k0sMMUtISoQCLJv2bPJ7Vv9r+Xw0o="
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "f", "description": "Does", "parameters": SCHEMA}}
STRICT = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
F = {"name": "f", "description": "Does", "parametersJsonSchema": SCHEMA}
CONFIG = "generationConfig"


def to_gemini(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    encoded, lost = encode(GEMINI, decode(OPENAI, {"model": "m", "messages": [USER], **body}), traits)
    parse_request(encoded)
    return encoded, lost


def to_openai(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    request = GEMINI.decode_request(json.dumps({"contents": [HI], **body}).encode(), CALL)
    encoded, lost = encode(OPENAI, request, traits)
    parse_openai_request(encoded)
    return encoded, lost


def call(id: str, arguments: str = "{}", name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}, **fields}


def calls(*each: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(each)}


def result(id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def text(words: str) -> dict[str, Any]:
    return {"text": words}


def called(name: str, args: Any, id: str) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, "id": id}}


def answered(name: str, response: Any, id: str) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response, "id": id}}


# Messages of OpenAI; instructions and contents of Gemini.
TURNS = {
    "instructions in order": (
        [{"role": "system", "content": "S"}, {"role": "developer", "content": "D"}, USER],
        [text("S"), text("D")],
        [HI],
    ),
    "later instructions are what the user says": (
        [USER, {"role": "assistant", "content": "A"}, {"role": "system", "content": "S"}, USER],
        None,
        [HI, model(text("A")), user(text("<system>\nS\n</system>"), text("Hi"))],
    ),
    "nothing but instructions": ([{"role": "system", "content": "S"}], None, [user(text("S"))]),
    "turns in a row are merged": (
        [USER, USER, {"role": "assistant", "content": "A"}, {"role": "assistant", "content": "B"}, USER],
        None,
        [user(text("Hi"), text("Hi")), model(text("A"), text("B")), HI],
    ),
    "nothing said is not said": (
        [USER, {"role": "assistant", "content": ""}, {"role": "user", "content": ""}, USER],
        None,
        [user(text("Hi"), text("Hi"))],
    ),
    "answers stand together, in the order of their calls": (
        [USER, calls(call("a", '{"n":1.0}'), call("b", "", "g")), result("b", "two"), result("a", '{"x": 1}'), USER],
        None,
        [
            HI,
            model(called("f", {"n": 1.0}, "a"), called("g", {}, "b")),
            user(answered("f", {"x": 1}, "a"), answered("g", {"output": "two"}, "b")),
            HI,
        ],
    ),
    "an answer in pieces": (
        [USER, calls(call("a")), result("a", [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}])],
        None,
        [HI, model(called("f", {}, "a")), user(answered("f", {"output": "1\n2"}, "a"))],
    ),
    "arguments that are no JSON": (
        [USER, calls(call("a", '{"n":')), result("a", "")],
        None,
        [HI, model(called("f", {"input": '{"n":'}, "a")), user(answered("f", {"output": ""}, "a"))],
    ),
    "what was refused": (
        [USER, {"role": "assistant", "content": None, "refusal": "No."}, USER],
        None,
        [HI, model(text("No.")), HI],
    ),
    "thoughts of others": (
        [USER, {"role": "assistant", "content": "A", "reasoning_content": "Hm"}, USER],
        None,
        [HI, model(text("A")), HI],
    ),
    "pictures and files": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.WEBP?x=1", "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a"}},
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    },
                    {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                ],
            }
        ],
        None,
        [
            user(
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                {"fileData": {"mimeType": "image/webp", "fileUri": "https://example.com/a.WEBP?x=1"}},
                {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a"}},
                {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
                {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}},
            )
        ],
    ),
}


@mark.parametrize(("messages", "system", "contents"), TURNS.values(), ids=TURNS)
def test_messages_become_contents(messages: Any, system: Any, contents: Any) -> None:
    body, lost = to_gemini({"messages": messages})

    assert body["contents"] == contents
    assert body.get("systemInstruction", {}).get("parts") == system
    assert lost == []


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


LOST_PARTS = {
    "a file of OpenAI's": {"type": "file", "file": {"file_id": "file-1"}},
    "a part nobody knows": {"type": "hologram", "hologram": {}},
}


@mark.parametrize("part", LOST_PARTS.values(), ids=LOST_PARTS)
def test_parts_without_an_equivalent_are_named(part: Any) -> None:
    words = {"type": "text", "text": "See"}
    body, lost = to_gemini({"messages": [{"role": "user", "content": [words, part], "name": "ann"}]})

    assert body["contents"] == [user(text("See"))]
    assert lost == ["messages[0].name", "messages[0].content[1]"]


def test_arguments_stay_byte_for_byte() -> None:
    arguments = '{ "n": 1.50, "s": "\\u00e9 \\"", "big": 12345678901234567890123 }'
    request = decode(OPENAI, {"model": "m", "messages": [USER, calls(call("a", arguments)), result("a", arguments)]})

    written = GEMINI.encode_request(request, UNKNOWN, Losses()).decode()

    assert f'"args":{arguments}' in written
    assert f'"response":{arguments}' in written


def test_calls_without_a_signature_are_excused_where_one_is_needed() -> None:
    needs = Traits(takes_unsigned_calls=False)
    signed = call("c", extra_content={"google": {"thought_signature": SIGNATURE}})
    messages = [USER, calls(call("a"), call("b")), result("a", "1"), result("b", "2"), calls(signed), result("c", "3")]

    body, _ = to_gemini({"messages": messages}, needs)

    signatures = [part.get("thoughtSignature") for each in body["contents"] for part in each["parts"]]
    assert signatures == [None, "skip_thought_signature_validator", None, None, None, SIGNATURE, None]
    assert "thoughtSignature" not in json.dumps(to_gemini({"messages": messages[:4]})[0])


def test_a_signed_call_comes_back_to_gemini_through_a_client_of_openai() -> None:
    said = json.loads(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "tools"))))
    streamed = accumulate_openai(_openai_stream("thinking-tools")).model_dump(exclude_none=True)
    for choice in (said["choices"][0], streamed["choices"][0]):
        assert choice["finish_reason"] == "tool_calls"
        message = choice["message"]
        results = [result(each["id"], json.dumps({"n": n})) for n, each in enumerate(message["tool_calls"])]

        body, lost = to_gemini({"messages": [USER, message, *reversed(results)]})

        parts = body["contents"][1]["parts"]
        first, second, third = [part for part in parts if "functionCall" in part]
        assert first["thoughtSignature"] == SIGNATURE
        assert "thoughtSignature" not in second
        assert ["id" in each["functionCall"] for each in (first, second, third)] == [False, False, True]
        responses = [part["functionResponse"] for part in body["contents"][2]["parts"]]
        assert [each["response"] for each in responses] == [{"n": 0}, {"n": 1}, {"n": 2}]
        assert [each.get("id") for each in responses] == [None, None, "own-1"]
        assert lost == []


def test_signed_thoughts_come_back_to_gemini_through_a_client_of_openai() -> None:
    said = json.loads(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "thinking"))))
    message = said["choices"][0]["message"]

    body, _ = to_gemini({"messages": [USER, message, USER]})

    assert message["reasoning_content"] == "Hmso"
    assert {"text": "so", "thought": True, "thoughtSignature": SIGNATURE} in body["contents"][1]["parts"]


STOPS = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    *((word, "content_filter") for word in ("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY")),
    *((word, "content_filter") for word in ("IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR", "RECITATION")),
    ("IMAGE_RECITATION", "content_filter"),
    *((word, "stop") for word in ("LANGUAGE", "OTHER", "NO_IMAGE", "IMAGE_OTHER", "ESCALATION", "SOMETHING_NEW")),
    ("FINISH_REASON_UNSPECIFIED", "stop"),
    ("", "stop"),
]


@mark.parametrize(("word", "wanted"), STOPS)
def test_reasons_to_end_are_those_that_openais_sdk_knows(word: str, wanted: str) -> None:
    answer = {"candidates": [{"content": {"parts": [{"text": "A"}]}, "finishReason": word}], "responseId": "r"}

    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(json.dumps(answer).encode())))

    assert said.choices[0].finish_reason == wanted


@mark.parametrize(
    "word",
    [
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
    ],
)
def test_a_call_that_cannot_be_made_is_no_clean_end(word: str) -> None:
    events = events_of(GEMINI, b'data: {"candidates": [{"finishReason": "%b"}]}\n\n' % word.encode())

    chunks = documents(frames_of(OPENAI, events, GenerateRequest("openai-chat", "m", [])))

    assert "error" in chunks[-1]


def test_a_refused_prompt_is_a_refusal() -> None:
    answer = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "blocked"))))
    streamed = accumulate_openai(_openai_stream("blocked"))

    for said in (answer, streamed):
        assert said.choices[0].finish_reason == "content_filter"


def test_an_error_in_what_should_be_an_answer_is_none() -> None:
    with raises(InvalidUpstreamResponse, match="`error` stands in an answer"):
        GEMINI.decode_response(b'{"error": {"code": 500, "message": "M", "status": "INTERNAL"}}')


def test_the_words_of_a_refusal_are_told() -> None:
    feedback = {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "Not this."}, "responseId": "r"}

    answer = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(json.dumps(feedback).encode())))

    assert answer.choices[0].message.refusal == "Not this."


def test_usage_is_counted_alike() -> None:
    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "thinking"))))

    usage = said.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (110, 35, 145)
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert (usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens_details.audio_tokens) == (40, 10)
    assert usage.completion_tokens_details.reasoning_tokens == 15


def test_logprobs_and_candidates_are_told() -> None:
    body = golden("gemini", "answers", "candidates-logprobs")
    said = parse_openai_answer(OPENAI.encode_response(GEMINI.decode_response(body)))

    assert [choice.message.content for choice in said.choices] == ["Yes", "No"]
    assert said.choices[0].logprobs is not None
    (token,) = said.choices[0].logprobs.content or []
    assert (token.token, token.logprob) == ("Yes", -0.5)
    assert [(each.token, each.logprob) for each in token.top_logprobs] == [("Yes", -0.5), ("No", -1.25)]


def _openai_stream(name: str) -> bytes:
    asked = GenerateRequest("openai-chat", "m", [], stream=True)
    return frames_of(OPENAI, events_of(GEMINI, golden("gemini", "streams", name)), asked)


def test_a_stream_of_geminis_is_one_of_openais() -> None:
    said = accumulate_openai(_openai_stream("thinking-tools"))

    message = said.choices[0].message
    assert message.content == "I look."
    assert [each.model_dump()["function"]["arguments"] for each in message.tool_calls or []] == [
        '{"city": "Bonn"}',
        '{"city": "Rome"}',
        "{}",
    ]
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (10, 9)


# From Gemini's clients to a provider of OpenAI's.
def test_a_conversation_of_geminis_is_one_of_openais() -> None:
    body, lost = to_openai(
        {
            "systemInstruction": {"parts": [text("S")]},
            "contents": [
                user(text("See"), {"inlineData": {"mimeType": "image/png", "data": "__77"}}),
                model(
                    text("I look."), {"functionCall": {"name": "f", "args": {"n": 1}}}, {"functionCall": {"name": "f"}}
                ),
                {
                    "role": "function",
                    "parts": [
                        {"functionResponse": {"name": "f", "response": {"output": "one"}}},
                        {"functionResponse": {"name": "f", "response": {"error": "none"}}},
                    ],
                },
            ],
        }
    )

    system, first, asked, one, none = body["messages"]
    assert system == {"role": "system", "content": "S"}
    assert first["content"][1]["image_url"]["url"] == "data:image/png;base64,//77"
    ids = [each["id"] for each in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert [each["function"]["arguments"] for each in asked["tool_calls"]] == ['{"n": 1}', "{}"]
    assert (one["tool_call_id"], one["content"]) == (ids[0], "one")
    assert (none["tool_call_id"], none["content"]) == (ids[1], "error: none")
    assert lost == []


OWN_OPTIONS = {
    "limits": (
        {CONFIG: {"maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["a"], "temperature": 0.5, "topP": 0.5}},
        {"max_completion_tokens": 9, "n": 2, "stop": ["a"], "temperature": 0.5, "top_p": 0.5},
        [],
    ),
    "any tool": (
        {"tools": [{"functionDeclarations": [F]}], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        {"tools": [TOOL], "tool_choice": "required"},
        [],
    ),
    "schemas in Gemini's words": (
        {
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {}}}]}],
            CONFIG: {"responseMimeType": "application/json", "responseSchema": {"type": "STRING", "nullable": True}},
        },
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": ["string", "null"]}},
            },
        },
        [],
    ),
    "thinking": ({CONFIG: {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, {"reasoning_effort": "high"}, []),
    "thinking off": ({CONFIG: {"thinkingConfig": {"thinkingBudget": 0}}}, {"reasoning_effort": "none"}, []),
    "text alone": ({CONFIG: {"responseModalities": ["TEXT"]}}, {}, []),
    "what has no equivalent": (
        {
            CONFIG: {"speechConfig": {}, "responseModalities": ["AUDIO"]},
            "tools": [{"googleSearch": {}}],
            "safetySettings": [{}],
            "cachedContent": "c",
        },
        {},
        [
            "tools[0]",
            "safetySettings",
            "cachedContent",
            "generationConfig.responseModalities",
            "generationConfig.speechConfig",
        ],
    ),
}


@mark.parametrize(("fields", "wanted", "lost"), OWN_OPTIONS.values(), ids=OWN_OPTIONS)
def test_options_are_worded_as_openai_does(fields: Any, wanted: Any, lost: list[str]) -> None:
    body, dropped = to_openai(fields)

    assert body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **wanted}
    assert sorted(dropped) == sorted(lost)


@mark.parametrize("name", ["text", "tools", "reasoning", "refusal", "length", "candidates-logprobs", "filtered"])
def test_an_answer_of_openais_is_one_of_geminis(name: str) -> None:
    body = golden("openai-chat", "answers", name)
    given = json.loads(body)

    said = answer_of(GEMINI.encode_response(OPENAI.decode_response(body)))

    assert said.response_id == given["id"]
    assert said.model_version == given["model"]
    assert said.usage_metadata is not None
    assert said.usage_metadata.total_token_count == given["usage"]["total_tokens"]
    for choice, candidate in zip(given["choices"], said.candidates or [], strict=True):
        parts = (candidate.content.parts if candidate.content else None) or []
        words = [part.text for part in parts if part.text and not part.thought]
        assert words == [each for each in (choice["message"].get("content"), choice["message"].get("refusal")) if each]
        for part, call in zip(
            [part.function_call for part in parts if part.function_call],
            choice["message"].get("tool_calls") or [],
            strict=True,
        ):
            assert (part.id, part.name) == (call["id"], call[call["type"]]["name"])
            if call["type"] == "function":
                assert part.args == json.loads(call["function"]["arguments"] or "{}")
            else:
                assert part.args == {"input": call["custom"]["input"]}


@mark.parametrize("name", ["text", "tools", "reasoning", "refusal", "candidates"])
def test_a_stream_of_openais_is_one_of_geminis(name: str) -> None:
    stream = golden("openai-chat", "streams", name)
    events = events_of(OPENAI, stream)
    assert_lawful(events)

    chunks = chunks_of(frames_of(GEMINI, events, GenerateRequest("gemini", "m", [], stream=True)))

    wanted = accumulate_openai(stream)
    for choice in wanted.choices:
        parts = [
            part
            for chunk in chunks
            for each in chunk.candidates or []
            if each.index == choice.index and each.content
            for part in each.content.parts or []
        ]
        words = "".join(part.text or "" for part in parts if not part.thought)
        assert words == (choice.message.content or "") + (choice.message.refusal or "")
        made = [part.function_call for part in parts if part.function_call]
        assert [each.id for each in made] == [each.id for each in choice.message.tool_calls or []]
    assert [each.finish_reason for each in chunks[-1].candidates or []].count(None) == 0


def test_usage_that_comes_after_the_end_is_told_in_the_last_chunk() -> None:
    stream = golden("openai-chat", "streams", "text")

    chunks = chunks_of(frames_of(GEMINI, events_of(OPENAI, stream), GenerateRequest("gemini", "m", [])))

    usage, wanted = chunks[-1].usage_metadata, accumulate_openai(stream).usage
    assert usage is not None
    assert wanted is not None
    assert (usage.prompt_token_count, usage.total_token_count) == (wanted.prompt_tokens, wanted.total_tokens)


@mark.parametrize(
    ("name", "client"),
    [
        param(name, client, id=f"{name}-{client}")
        for name in ("error", "cut-short")
        for client in ("gemini", "openai-chat")
    ],
)
def test_a_broken_stream_is_visibly_broken(name: str, client: str) -> None:
    events = events_of(GEMINI, golden("gemini", "streams", name))

    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, Ended | CandidateEnded) for event in events)
    chunks = documents(frames_of(CODECS[client], events, GenerateRequest(client, "m", [])))
    assert "error" in chunks[-1]
