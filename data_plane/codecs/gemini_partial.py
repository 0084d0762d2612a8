"""Calls of functions whose arguments come in pieces, as Vertex AI streams them to those who ask for it.

Source: cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling (2026-11).
"""

import re
from itertools import pairwise

import msgspec
from msgspec import Raw

from data_plane.codecs.gemini_fields import child, children, proto_reader, required_child
from data_plane.codecs.gemini_part import SIGNATURE, CallIds
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.llm.content import ToolCall

# A JSON Path of names and indexes. Source: RFC 9535.
STEP = re.compile(r"""\.([^.\[\]]+)|\[([0-9]{1,4})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]""")
MAX_STEPS = 64
EXACT = 2.0**53  # whole numbers of a float, below
MAX_CHARACTERS = 1024 * 1024

_encode = msgspec.json.Encoder().encode


def is_piece(part: Raw, *, is_open: bool) -> bool:
    """Whether a part is a piece of a call. The last one of an open call may be empty."""
    text = bytes(part)
    if not is_open and b'"willContinue"' not in text and b'"partialArgs"' not in text:
        return False
    call = child(proto_reader(part, "part"), "functionCall")
    if call is None:
        return False
    return call.has("willContinue") or call.has("partialArgs") or (is_open and not call.has("name"))


class PartialCall:
    """One call under way."""

    __slots__ = ("_arguments", "_id", "_name", "_signature", "_size")

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._signature = ""
        self._arguments: dict[str, object] = {}
        self._size = 0

    def feed(self, part: JsonReader) -> bool:
        """Whether more is to come."""
        call = required_child(part, "functionCall")
        self._id = call.text("id") or self._id
        self._name = call.text("name") or self._name
        self._signature = part.text(SIGNATURE) or self._signature
        for piece in children(call, "partialArgs"):
            self._place(piece)
        return call.flag("willContinue") or False

    def call(self, ids: CallIds) -> ToolCall:
        """All of it."""
        arguments = _encode(self._arguments).decode()
        return ToolCall(self._id or ids.make(self._name, arguments), self._name, arguments, signature=self._signature)

    def _place(self, piece: JsonReader) -> None:
        steps = _steps(piece)
        value = _value(piece)
        self._size += len(value) if isinstance(value, str) else 8
        if self._size > MAX_CHARACTERS:
            raise Unreadable(f"`{piece.path}` is too long")
        inner: object = self._arguments
        for step, following in pairwise(steps):
            inner = _child(inner, step, [] if isinstance(following, int) else {})
        last = steps[-1]
        earlier = _child(inner, last, value)
        if earlier is not value and isinstance(earlier, str) and isinstance(value, str):
            value = earlier + value
        if isinstance(inner, list) and isinstance(last, int):
            inner[last] = value
        if isinstance(inner, dict):
            inner[last] = value


def _steps(piece: JsonReader) -> list[str | int]:
    path = piece.required_text("jsonPath")
    steps: list[str | int] = []
    at = 1
    while path.startswith("$") and at < len(path) and len(steps) < MAX_STEPS:
        found = STEP.match(path, at)
        if found is None:
            break
        name, index, single, double = found.groups()
        steps.append(int(index) if index is not None else name or single or double or "")
        at = found.end()
    if not steps or at < len(path):
        raise Unreadable(f"`{piece.at('jsonPath')}` must be a path")
    return steps


def _value(piece: JsonReader) -> object:
    if piece.has("stringValue"):
        return piece.text("stringValue")
    flag = piece.flag("boolValue")
    if flag is not None:
        return flag
    number = piece.number("numberValue")
    if number is None:
        return None
    return int(number) if number.is_integer() and abs(number) < EXACT else number


def _child(inner: object, step: str | int, default: object) -> object:
    """What stands there, put there if nothing does."""
    if isinstance(inner, dict) and isinstance(step, str):
        return inner.setdefault(step, default)
    if isinstance(inner, list) and isinstance(step, int) and step <= len(inner):
        if step == len(inner):
            inner.append(default)
        return inner[step]
    raise Unreadable("`partialArgs.jsonPath` leads nowhere")
