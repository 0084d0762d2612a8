"""Content of an answer of OpenAI Chat Completions that is an array, as Mistral's thinking models write it.

Source: docs.mistral.ai/capabilities/reasoning (2026-11); `ContentChunk` and `ThinkChunk` of Mistral's SDK.
"""

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.content import Opaque, Text, Thought

API = "openai-chat"

_text = msgspec.json.Decoder(str).decode
_array = msgspec.json.Decoder(list[Raw]).decode

Piece = Text | Thought | Opaque


def read_text(raw: Raw) -> str | None:
    """Content that is a text; None: it is something else."""
    try:
        return _text(raw)
    except UNREADABLE:
        return None


def read_pieces(raw: Raw) -> list[Piece]:
    """Content that is an array.

    Raises:
        Unreadable: it is none, or its pieces are no objects with a type.
    """
    try:
        pieces = _array(raw)
    except UNREADABLE:
        raise Unreadable("`content` must be a text or an array") from None
    return [_read_piece(JsonReader.of(each, "content"), each) for each in pieces]


def _read_piece(piece: JsonReader, raw: Raw) -> Piece:
    kind = piece.required_text("type")
    if kind == "text":
        return Text(piece.text("text"))
    if kind == "thinking":
        thought = "".join(each.text("text") for each in piece.objects("thinking"))
        return Thought(thought, API, piece.text("signature"))
    return Opaque(API, kind, raw.copy())
