"""Content blocks of Anthropic Messages, read: those of requests and of answers.

Source: docs.anthropic.com/en/api/messages (2026-11).
"""

from base64 import b64encode
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.foreign_state import unseal_call, unseal_thought
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.content import (
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Link,
    Opaque,
    Part,
    Source,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)

API = "anthropic-messages"
# A tool that stands for structured output, for models that know no other way: its input is the answer's text.
ANSWER_TOOL = "isthmus_answer"
NO_FIELDS: dict[str, Raw] = {}
HOUR = "1h"
TTLS = frozenset(("5m", HOUR))

_text = msgspec.json.Decoder(str).decode
_array = msgspec.json.Decoder(list[Raw]).decode


def decode_content(reader: JsonReader, name: str = "content") -> list[Part]:
    """A string, or blocks.

    Raises:
        Unreadable: it is something else, or missing.
    """
    raw = reader.raw(name)
    if raw is None:
        raise Unreadable(f"`{reader.at(name)}` is required")
    where = reader.at(name)
    try:
        if bytes(memoryview(raw)[:1]) == b'"':
            return [Text(_text(raw))]
        blocks = _array(raw)
    except UNREADABLE:
        raise Unreadable(f"`{where}` must be a string or an array") from None
    parts = [decode_block(each, where, index) for index, each in enumerate(blocks)]
    return _with_signatures(parts) if any(isinstance(part, Opaque) for part in parts) else parts


def decode_block(raw: Raw, place: str, index: int = -1) -> Part:
    """One block, as `JsonReader` has its place. What is not known here is opaque, and passes."""
    reader = JsonReader.of(raw, place, index)
    kind = reader.required_text("type")
    decode = BLOCKS.get(kind)
    part = decode(reader) if decode is not None else None
    return Opaque(API, kind, raw) if part is None else part


def decode_cache(reader: JsonReader) -> CacheMark | None:
    """The mark of a block or tool."""
    control = reader.object("cache_control")
    if control is None:
        return None
    return CacheMark(3600 if control.one_of("ttl", TTLS) == HOUR else 300)


def _with_signatures(parts: list[Part]) -> list[Part]:
    """State of calls that another API gave goes back to its calls, out of the blocks that carried it."""
    signatures: dict[str, str] = {}
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Opaque) and part.kind == "redacted_thinking":
            call = unseal_call(JsonReader.of(part.raw).text("data"))
            if call is not None:
                signatures[call[0]] = call[1]
                continue
        kept.append(part)
    for part in kept:
        if isinstance(part, ToolCall):
            part.signature = signatures.get(part.id, "")
    return kept


def _decode_text(reader: JsonReader) -> Part:
    return Text(reader.required_text("text"), decode_cache(reader), reader.raw("citations"))


def _decode_thinking(reader: JsonReader) -> Part:
    """Without a signature nobody vouches for it: it has no API that it could go back to."""
    text, signature = reader.required_text("thinking"), reader.text("signature")
    foreign = unseal_thought(signature, text)
    return Thought(text, API if signature else "", signature) if foreign is None else foreign


def _decode_redacted(reader: JsonReader) -> Part | None:
    data = reader.required_text("data")
    foreign = unseal_thought(data)
    if foreign is not None:
        return foreign
    return None if unseal_call(data) is not None else Thought(api=API, sealed=data)


def _decode_tool_use(reader: JsonReader) -> Part:
    id, name, input = reader.required_text("id"), reader.required_text("name"), reader.raw("input")
    cache = decode_cache(reader)
    arguments = "{}" if input is None else decode_utf8(input, reader.at("input"))
    return ToolCall(id, name, arguments, cache=cache, extras=reader.rest())


def _decode_tool_result(reader: JsonReader) -> Part:
    call_id = reader.required_text("tool_use_id")
    parts = decode_content(reader) if reader.has("content") else []
    content = [part for part in parts if isinstance(part, Text | Image | Document | Opaque)]
    is_error, cache = reader.flag("is_error") or False, decode_cache(reader)
    return ToolResult(call_id, content, is_error=is_error, cache=cache, extras=reader.rest())


def _decode_image(reader: JsonReader) -> Part | None:
    source = _decode_source(reader.required_object("source"))
    return None if source is None else Image(source, cache=decode_cache(reader), extras=reader.rest())


def _decode_document(reader: JsonReader) -> Part | None:
    """One whose content is blocks is opaque: no other API has it."""
    source = _decode_source(reader.required_object("source"))
    if source is None:
        return None
    return Document(source, reader.text("title"), decode_cache(reader), reader.rest())


def _decode_source(source: JsonReader) -> Source | None:
    kind = source.required_text("type")
    if kind == "base64":
        return Inline(source.required_text("media_type"), source.required_text("data"))
    if kind == "url":
        return Link(source.required_text("url"))
    if kind == "file":
        return FileId(API, source.required_text("file_id"))
    if kind == "text":
        data = b64encode(source.required_text("data").encode()).decode()
        return Inline(source.text("media_type") or "text/plain", data)
    return None


def decode_utf8(raw: Raw, where: str) -> str:
    """The JSON as it was written."""
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        raise Unreadable(f"`{where}` must be UTF-8") from None


BLOCKS: Mapping[str, Callable[[JsonReader], Part | None]] = {
    "text": _decode_text,
    "thinking": _decode_thinking,
    "redacted_thinking": _decode_redacted,
    "tool_use": _decode_tool_use,
    "tool_result": _decode_tool_result,
    "image": _decode_image,
    "document": _decode_document,
}
