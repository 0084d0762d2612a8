"""Requests in OpenAI's chat and Anthropic's messages, and the way from one to the other."""

from typing import Any

from data_plane.codecs.table import CODECS
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, encode
from tests.fakes.sdk_parse import parse_anthropic_request, parse_openai_request

OPENAI, ANTHROPIC = CODECS["openai-chat"], CODECS["anthropic-messages"]
BUDGET = Traits(reasoning=ReasoningStyle.BUDGET, max_output_tokens=64_000)
ADAPTIVE = Traits(reasoning=ReasoningStyle.ADAPTIVE, max_output_tokens=64_000)
NO_THOUGHT = Traits(reasoning=ReasoningStyle.NONE)
NO_SCHEMA = Traits(takes_json_schema=False)
USER = {"role": "user", "content": "Hi"}
PNG = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "form", "strict": True, "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "f", "description": "Does", "parameters": SCHEMA, "strict": True}}
OTHER_TOOL = {"type": "function", "function": {"name": "g"}}
F = {"name": "f", "description": "Does", "input_schema": SCHEMA}
G = {"name": "g", "input_schema": {"type": "object"}}


def call(id: str, arguments: str = "{}", name: str = "f") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def use(id: str, input: Any = None, name: str = "f") -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": input or {}}


def result(id: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def to_anthropic(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    encoded, lost = encode(ANTHROPIC, decode(OPENAI, {"model": "m", "messages": [USER], **body}), traits)
    parse_anthropic_request(encoded)
    return encoded, lost


def to_openai(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[dict[str, Any], list[str]]:
    encoded, lost = encode(
        OPENAI, decode(ANTHROPIC, {"model": "m", "max_tokens": 9, "messages": [USER], **body}), traits
    )
    parse_openai_request(encoded)
    return encoded, lost


PREFILL = [USER, {"role": "assistant", "content": "The"}]
