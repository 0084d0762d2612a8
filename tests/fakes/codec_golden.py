"""Goldens of codecs: what clients and providers send, as files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest import param

from data_plane.codecs.client_api import Call
from data_plane.codecs.codec import Codec
from data_plane.codecs.sse import EventSplitter
from data_plane.llm.events import Event
from data_plane.llm.loss import Losses
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import UNKNOWN, Traits

FOLDER = Path(__file__).parents[1] / "golden" / "codecs"
OPENAI_CALL = Call("openai", "chat", b"/chat/completions")
ANTHROPIC_CALL = Call("anthropic", "messages", b"/messages")
RESPONSES_CALL = Call("openai", "responses", b"/responses")
CALLS = {"openai-chat": OPENAI_CALL, "openai-responses": RESPONSES_CALL, "anthropic-messages": ANTHROPIC_CALL}


def cases(api: str, kind: str) -> list[Any]:
    """Parameters, one for each file. `kind`: requests, answers or streams."""
    paths = sorted((FOLDER / api / kind).iterdir())
    assert paths
    return [param(api, path, id=f"{api}-{path.stem}") for path in paths]


def golden(api: str, kind: str, name: str) -> bytes:
    return next((FOLDER / api / kind).glob(f"{name}.*")).read_bytes()


def decode(codec: Codec, body: object) -> GenerateRequest:
    """A request, as JSON or its bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return codec.decode_request(data, CALLS[codec.api])


def encode(codec: Codec, request: GenerateRequest, traits: Traits = UNKNOWN) -> tuple[Any, list[str]]:
    """The body, and what was lost."""
    losses = Losses()
    return json.loads(codec.encode_request(request, traits, losses)), losses.fields


def events_of(codec: Codec, body: bytes, size: int = 0) -> list[Event]:
    """Of a stream that comes in pieces of this size; whole if 0."""
    splitter, decoder = EventSplitter(), codec.stream_decoder()
    events: list[Event] = []
    for start in range(0, len(body), size or len(body)):
        for frame in splitter.feed(body[start : start + (size or len(body))]):
            events += decoder.feed((frame,))
    rest = splitter.close()
    return [*events, *decoder.feed(rest), *decoder.close()]


def frames_of(codec: Codec, events: Sequence[Event], request: GenerateRequest) -> bytes:
    """The stream for a client."""
    encoder = codec.stream_encoder(request)
    return b"".join(frame for event in events for frame in encoder.feed((event,)))


def documents(stream: bytes) -> list[Any]:
    """The data of each event."""
    lines = stream.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ") and line != "data: [DONE]"]
