"""Goldens of Bedrock's Converse, and requests of clients, for it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data_plane.codecs.aws_event_stream import MessageSplitter
from data_plane.codecs.table import CODECS
from data_plane.llm.events import Event
from data_plane.llm.traits import UNKNOWN, ReasoningStyle, Traits
from tests.fakes.aws_event_stream import stream_of
from tests.fakes.bedrock_rules import assert_accepted
from tests.fakes.codec_golden import decode, encode
from tests.fakes.damage import variants

API = "bedrock-converse"
BEDROCK, OPENAI, ANTHROPIC = CODECS[API], CODECS["openai-chat"], CODECS["anthropic-messages"]
CLAUDE, NOVA, GPT, GPT_OSS = (
    "us.anthropic.claude-opus-5-v1:0",
    "amazon.nova-2-lite-v1:0",
    "openai.gpt-6",
    "openai.gpt-oss-120b-1:0",
)
LLAMA, MISTRAL, COHERE = "meta.llama4-maverick", "mistral.mistral-large-3", "cohere.command-r-plus-v1:0"
PROFILE = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab12cd34"

USER = {"role": "user", "content": "Hi"}
HI = {"role": "user", "content": [{"text": "Hi"}]}
PNG, PDF = "iVBORw0KGgo=", "JVBERi0="
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "description": "Does", "parameters": SCHEMA}}
OTHER_TOOL: dict[str, Any] = {"type": "function", "function": {"name": "g"}}
F: dict[str, Any] = {"toolSpec": {"name": "f", "description": "Does", "inputSchema": {"json": SCHEMA}}}
G = {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object"}}}}
BUDGET = Traits(reasoning=ReasoningStyle.BUDGET, max_output_tokens=64_000)
ADAPTIVE = Traits(reasoning=ReasoningStyle.ADAPTIVE)
NO_THOUGHT = Traits(reasoning=ReasoningStyle.NONE)
NO_SCHEMA = Traits(takes_json_schema=False)
NO_SAMPLING = Traits(takes_sampling=False)
FORMAT = {"type": "json_schema", "json_schema": {"name": "form", "schema": SCHEMA, "description": "A form"}}
ALL_MODELS = (CLAUDE, NOVA, GPT, GPT_OSS, LLAMA, MISTRAL, COHERE, PROFILE)


def from_openai(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[Any, list[str]]:
    """What is written of a request, which must be one that the provider takes; and what was lost."""
    encoded, lost = encode(BEDROCK, decode(OPENAI, {"model": CLAUDE, "messages": [USER], **body}), traits)
    assert_accepted(encoded)
    return encoded, lost


def from_anthropic(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[Any, list[str]]:
    """As `from_openai`."""
    whole = {"model": CLAUDE, "max_tokens": 2048, "messages": [USER], **body}
    encoded, lost = encode(BEDROCK, decode(ANTHROPIC, whole), traits)
    assert_accepted(encoded)
    return encoded, lost


def events_of(messages: Sequence[bytes], size: int = 0) -> list[Event]:
    """Of a stream that comes in pieces of this size; message by message if 0."""
    splitter, decoder = MessageSplitter(), BEDROCK.stream_decoder()
    body = b"".join(messages)
    pieces = [body[start : start + size] for start in range(0, len(body), size)] if size else messages
    events: list[Event] = []
    for piece in pieces:
        events += decoder.feed(splitter.feed(piece))
    return [*events, *decoder.feed(splitter.close()), *decoder.close()]


def events_of_golden(path: Path, size: int = 0) -> list[Event]:
    return events_of(stream_of(path.read_bytes()), size)


def damaged_streams(path: Path) -> Iterator[list[bytes]]:
    """The golden with each value of each event removed or replaced, and each event left out or told twice."""
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines):
        said = json.loads(line)
        yield stream_of(b"\n".join(lines[:number] + lines[number + 1 :]))
        yield stream_of(b"\n".join([*lines[: number + 1], *lines[number:]]))
        if "payload" in said:
            for payload in variants(said["payload"]):
                if isinstance(payload, dict):
                    damaged = json.dumps({**said, "payload": payload}).encode()
                    yield stream_of(b"\n".join([*lines[:number], damaged, *lines[number + 1 :]]))


def call(id: str, arguments: str = "{}", name: str = "f") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def use(id: str, input: Any = None, name: str = "f") -> dict[str, Any]:
    return {"toolUse": {"toolUseId": id, "name": name, "input": input or {}}}


def result(id: str, *content: Any, **fields: Any) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": id, "content": list(content), **fields}}


def says(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def answers(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def file(name: str, media_type: str = "application/pdf") -> dict[str, Any]:
    return {"type": "file", "file": {"filename": name, "file_data": f"data:{media_type};base64,{PDF}"}}


def document(name: str, format: str = "pdf") -> dict[str, Any]:
    return {"document": {"format": format, "name": name, "source": {"bytes": PDF}}}


def image(url: str, **fields: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **fields}}


CALLED = [
    USER,
    {"role": "assistant", "content": None, "tool_calls": [call("call_1"), call("call_2", name="g.h")]},
    {"role": "tool", "tool_call_id": "call_1", "content": "x"},
    {"role": "tool", "tool_call_id": "call_2", "content": "y"},
]
