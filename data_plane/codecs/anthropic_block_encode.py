"""Content blocks of Anthropic Messages, written for a provider.

Source: docs.anthropic.com/en/api/messages (2026-11).
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from zlib import crc32

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_block import API
from data_plane.llm.content import (
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Link,
    Opaque,
    Part,
    Refusal,
    Source,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses

Json = dict[str, object]

ID = re.compile(r"[a-zA-Z0-9_-]+")
NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")
IMAGE_TYPES = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
DOCUMENT_TYPES = frozenset(("application/pdf",))
FULL_DETAIL = frozenset(("", "auto", "high"))  # how pictures are seen here
EMPTY_OBJECT = Raw(b"{}")

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


class BlockEncoder:
    """Of one request. `is_own`: it came by this API, so that what only it understands stays."""

    __slots__ = ("_is_own", "_losses")

    def __init__(self, is_own: bool, losses: Losses) -> None:
        self._is_own = is_own
        self._losses = losses

    def blocks(self, parts: Sequence[Part], path: str) -> list[Json]:
        """Without empty text, which is refused; blank text may only stand beside other text."""
        has_text = False
        for part in parts:
            if isinstance(part, Text) and part.text.strip():
                has_text = True
        encoded: list[Json] = []
        for index, part in enumerate(parts):
            if isinstance(part, Text) and (not part.text or not (has_text or part.text.strip())):
                continue
            block = self._block(part, path, index)
            if block is not None:
                encoded.append(block)
        return encoded

    def _block(self, part: Part, path: str, index: int) -> Json | None:
        if isinstance(part, Text):
            return self._text(part)
        if isinstance(part, ToolCall):
            return self._tool_use(part)
        if isinstance(part, ToolResult):
            return self._tool_result(part, path)
        if isinstance(part, Thought):
            return encode_thought(part)
        if isinstance(part, Refusal):
            return {"type": "text", "text": part.text} if part.text else None
        return self._media(part, f"{path}.content[{index}]")

    def _media(self, part: Part, where: str) -> Json | None:
        encoded: Json | None = None
        if isinstance(part, Image):
            encoded = self._image(part, where)
        elif isinstance(part, Document):
            encoded = self._document(part, where)
        elif isinstance(part, Opaque) and part.api == API:
            return {**_object(part.raw), "type": part.kind}
        if encoded is None:
            self._losses.drop(where)
        return encoded

    def _text(self, part: Text) -> Json:
        block: Json = {"type": "text", "text": part.text}
        if part.citations is not None and self._is_own:
            block["citations"] = part.citations
        return _marked(block, part.cache)

    def _tool_use(self, call: ToolCall) -> Json:
        block: Json = {"type": "tool_use", "id": tool_id(call.id), "name": call.name, "input": encode_input(call)}
        return self._with(block, call.cache, call.extras)

    def _tool_result(self, result: ToolResult, path: str) -> Json:
        block: Json = {"type": "tool_result", "tool_use_id": tool_id(result.call_id)}
        blocks = self.blocks(result.content, path)
        if blocks:
            block["content"] = content_of(blocks)
        if result.is_error:
            block["is_error"] = True
        return self._with(block, result.cache, result.extras)

    def _image(self, image: Image, where: str) -> Json | None:
        source = self._source(image.source, IMAGE_TYPES)
        if source is None:
            return None
        if image.detail not in FULL_DETAIL:
            self._losses.drop(f"{where}.detail")
        if not self._is_own:
            self._losses.drop_all(image.extras, f"{where}.")
        return self._with({"type": "image", "source": source}, image.cache, image.extras)

    def _document(self, document: Document, where: str) -> Json | None:
        inline = document.source
        source = _plain_text(inline) if isinstance(inline, Inline) and inline.media_type.startswith("text/") else None
        source = source or self._source(inline, DOCUMENT_TYPES)
        if source is None:
            return None
        if not self._is_own:
            self._losses.drop_all(document.extras, f"{where}.")
        block: Json = {"type": "document", "source": source}
        if document.name:
            block["title"] = document.name
        return self._with(block, document.cache, document.extras)

    def _source(self, source: Source, types: frozenset[str]) -> Json | None:
        """What the API does not take is not sent; its own clients may know better."""
        if isinstance(source, Inline) and (self._is_own or source.media_type in types):
            return {"type": "base64", "media_type": source.media_type, "data": source.data}
        if isinstance(source, Link) and (self._is_own or source.url.startswith(("https://", "http://"))):
            return {"type": "url", "url": source.url}
        if isinstance(source, FileId) and source.api == API:
            return {"type": "file", "file_id": source.id}
        return None

    def _with(self, block: Json, cache: CacheMark | None, extras: dict[str, Raw]) -> Json:
        if extras and self._is_own:
            block.update(extras)
        return _marked(block, cache)


def content_of(blocks: list[Json]) -> object:
    """Text alone is written as such."""
    if len(blocks) == 1 and len(blocks[0]) == 2 and blocks[0]["type"] == "text":
        return blocks[0]["text"]
    return blocks


def encode_thought(thought: Thought) -> Json | None:
    """None: the API would refuse what it has not signed, and needs no other's thoughts."""
    if thought.api != API:
        return None
    if thought.sealed:
        return {"type": "redacted_thinking", "data": thought.sealed}
    if not thought.signature:
        return None
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


def encode_cache(cache: CacheMark) -> Json:
    return {"type": "ephemeral", "ttl": "1h"} if cache.seconds > 300 else {"type": "ephemeral"}


def encode_input(call: ToolCall) -> Raw | Json:
    """Arguments as they were written, where they are an object; what is none is put into one."""
    if call.is_custom:
        return {"input": call.arguments}
    if call.arguments == "{}":
        return EMPTY_OBJECT
    data = call.arguments.encode(errors="replace")
    try:
        _object(data)
    except (msgspec.DecodeError, RecursionError):
        return {"arguments": call.arguments}
    return Raw(data)


def tool_id(id: str) -> str:
    """As it is, if the API takes it; else one that is always made of the same, and of no other."""
    if ID.fullmatch(id):
        return id
    return f"{NOT_IN_ID.sub('_', id)}_{crc32(id.encode(errors='replace')):08x}"


def _marked(block: Json, cache: CacheMark | None) -> Json:
    if cache is not None:
        block["cache_control"] = encode_cache(cache)
    return block


def _plain_text(inline: Inline) -> Json | None:
    try:
        text = b64decode(inline.data, validate=True).decode()
    except ValueError:
        return None
    return {"type": "text", "media_type": "text/plain", "data": text}
