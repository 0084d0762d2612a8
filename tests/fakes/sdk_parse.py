"""The official SDKs' own models as oracles: what they refuse, or do not know, is wrong."""

import json
from typing import Any

from anthropic import NOT_GIVEN
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.lib.streaming.chat._completions import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

_anthropic_event: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
_anthropic_request: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
_openai_request: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)


class StreamError(Exception):
    """As the SDK would raise; the text is the error's."""


def parse_anthropic_request(body: Any) -> None:
    """All of it: iterables are checked while they are read."""
    _read(_anthropic_request.validate_python({**body, "stream": False}))


def parse_openai_request(body: Any) -> None:
    _read(_openai_request.validate_python({**body, "stream": False}))


def _read(value: Any) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _read(each)
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for each in value:
            _read(each)


def parse_anthropic_answer(body: bytes) -> Message:
    return Message.model_validate_json(body)


def parse_openai_answer(body: bytes) -> ChatCompletion:
    return ChatCompletion.model_validate_json(body)


def accumulate_anthropic(stream: bytes) -> Message:
    """What the SDK makes of a stream, as it checks it.

    Raises:
        StreamError: the stream has an error in it.
    """
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    open_block: int | None = None
    blocks = 0
    last = ""
    for name, data in _events(stream):
        assert name == data["type"], "the event's name is its type"
        assert last != "message_stop", "nothing comes after the end"
        last = name
        if name == "ping":
            continue
        if name == "error":
            raise StreamError(data["error"]["message"])
        event = _anthropic_event.validate_python(data)
        if name == "content_block_start":
            assert open_block is None, "blocks follow one another"
            assert event.index == blocks, "blocks are numbered without a gap"
            open_block = event.index
            blocks += 1
        elif name in ("content_block_delta", "content_block_stop"):
            assert event.index == open_block, "the block is open"
            open_block = None if name == "content_block_stop" else open_block
        snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=buffers, output_format=NOT_GIVEN)
    assert last == "message_stop", "the stream is whole"
    assert open_block is None
    return Message.model_validate(snapshot.model_dump(mode="json", warnings=False))


def accumulate_openai(stream: bytes) -> ChatCompletion:
    """What the SDK makes of a stream.

    Raises:
        StreamError: the stream has an error in it.
    """
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    is_done = False
    for line in stream.decode().split("\n"):
        if not line.startswith("data: "):
            continue
        assert not is_done, "nothing comes after the end"
        if line == "data: [DONE]":
            is_done = True
            continue
        data = json.loads(line[6:])
        if "error" in data:
            raise StreamError(data["error"]["message"])
        state.handle_chunk(ChatCompletionChunk.model_validate(data))
    assert is_done, "the stream is whole"
    return ChatCompletion.model_validate(state.current_completion_snapshot.model_dump(mode="json", warnings=False))


def _events(stream: bytes) -> list[tuple[str, Any]]:
    events = []
    for block in stream.decode().split("\n\n"):
        if block:
            name, data = block.split("\n")
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events
