"""Goldens of Bedrock's Converse, and requests of clients, for it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data_plane.codecs.aws_event_stream import MessageSplitter
from data_plane.codecs.table import CODECS
from data_plane.llm.events import Event
from data_plane.llm.traits import UNKNOWN, Traits
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


def from_openai(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[Any, list[str]]:
    """What is written of a request, which must be one that the provider takes; and what was lost."""
    user = {"role": "user", "content": "Hi"}
    encoded, lost = encode(BEDROCK, decode(OPENAI, {"model": CLAUDE, "messages": [user], **body}), traits)
    assert_accepted(encoded)
    return encoded, lost


def from_anthropic(body: dict[str, Any], traits: Traits = UNKNOWN) -> tuple[Any, list[str]]:
    """As `from_openai`."""
    user = {"role": "user", "content": "Hi"}
    whole = {"model": CLAUDE, "max_tokens": 2048, "messages": [user], **body}
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
