"""Requests in OpenAI's chat and Gemini's API, and the way from one to the other."""

import json
from typing import Any

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, encode
from tests.fakes.gemini_sdk import parse_request
from tests.fakes.sdk_parse import parse_openai_request

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
