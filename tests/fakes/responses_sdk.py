"""OpenAI's SDK as oracle of the Responses API: what its models refuse, or its stream helper trips over, is wrong."""

import json
from typing import Any

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from tests.fakes.sdk_parse import StreamError

_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
_request: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)
ENDS = ("response.completed", "response.incomplete", "response.failed")


def parse_request(body: Any) -> None:
    """All of it: iterables are checked while they are read."""
    _read(_request.validate_python({**body, "stream": False}))


def _read(value: Any) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _read(each)
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for each in value:
            _read(each)


def parse_answer(body: bytes) -> Response:
    return Response.model_validate_json(body)


def accumulate(stream: bytes) -> Response:
    """What the SDK makes of a stream, as it checks it.

    Raises:
        StreamError: the stream has an error in it.
    """
    state: ResponseStreamState[None] = ResponseStreamState(input_tools=omit, text_format=omit)
    law = _Law()
    for name, data in _events(stream):
        law.check(name, data)
        event = _event.validate_python(data)
        if name == "error":
            raise StreamError(data["message"])
        state.handle_event(event)
        if name == "response.failed":
            raise StreamError(data["response"]["error"]["message"])
    assert law.last in ENDS, "the stream is whole"
    law.check_answer(data["response"])
    return Response.model_validate(data["response"])


class _Law:
    """What the SDK does not check: order, numbers, and that all is said twice alike."""

    def __init__(self) -> None:
        self.number = 0
        self.last = ""
        self.items: list[Any] = []
        self.open: dict[str, Any] | None = None
        self.part: tuple[str, int] | None = None
        self.text = ""

    def check(self, name: str, data: Any) -> None:
        assert name == data["type"], "the event's name is its type"
        assert data["sequence_number"] == self.number, "every event is numbered"
        assert self.last not in ENDS, "nothing comes after the end"
        assert (name == "response.created") == (self.number == 0) or name == "error"
        self.number += 1
        self.last = name
        if name == "response.output_item.added":
            assert self.open is None, "items follow one another"
            assert data["output_index"] == len(self.items), "items are numbered without a gap"
            self.open, self.text = data["item"], ""
        elif name == "response.output_item.done":
            assert self.part is None
            assert self.open is not None
            assert data["item"]["type"] == self.open["type"]
            assert data["item"].get("id") == self.open.get("id")
            self.items.append(data["item"])
            self.open = None
        elif "output_index" in data:
            assert self.open is not None, f"{name} belongs to no item"
            assert data["output_index"] == len(self.items)
            assert data["item_id"] == self.open["id"]
            self._check_part(name, data)

    def _check_part(self, name: str, data: Any) -> None:
        index = data.get("content_index", data.get("summary_index", 0))
        if name.endswith("part.added"):
            assert self.part is None, "parts follow one another"
            self.part, self.text = (data["part"]["type"], index), ""
        elif name.endswith("part.done"):
            assert self.part == (data["part"]["type"], index)
            assert data["part"].get("text", data["part"].get("refusal")) == self.text
            self.part = None
        elif name.endswith(".delta"):
            self.text += data["delta"]
        elif name.endswith(".done"):
            said = next(data[field] for field in ("text", "refusal", "arguments", "input") if field in data)
            assert said == self.text

    def check_answer(self, response: Any) -> None:
        assert self.open is None
        assert response["output"] == self.items
        assert "response." + response["status"] == self.last


def _events(stream: bytes) -> list[tuple[str, Any]]:
    events = []
    for block in stream.decode().split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events
