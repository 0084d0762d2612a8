"""Parts of Gemini's contents, read: those of requests and of answers. Source: ai.google.dev/api/caching#Part,
"Thought signatures" (2026-11).
"""

from hashlib import blake2b

import msgspec
from msgspec import Raw

from data_plane.codecs.foreign_state import unseal_call, unseal_thought
from data_plane.codecs.gemini_fields import API, child, required_child, standard_base64, unwrap
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.llm.content import (
    Audio,
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
)

SIGNATURE = "thoughtSignature"
# Ids that are made here never go to the API: it finds calls again by name and order.
MINTED = "call_gemini_"
# Files that only Google's servers can read.
OWN_FILES = ("gs://", "https://generativelanguage.googleapis.com/")
# What a part may hold beside its data.
BESIDE = frozenset(("thought", SIGNATURE, "partMetadata", "videoMetadata", "mediaResolution"))

_encode = msgspec.json.Encoder().encode


class CallIds:
    """Makes the ids of calls that have none: of the same answer or conversation, always the same ones."""

    __slots__ = ("_made", "_seed")

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._made: dict[tuple[str, str], int] = {}

    def make(self, name: str, arguments: str) -> str:
        """Of the next call like this."""
        key = (name, arguments)
        count = self._made[key] = self._made.get(key, 0) + 1
        text = _encode([self._seed, name, arguments, count])
        return MINTED + blake2b(text, digest_size=10).hexdigest()


def decode_part(reader: JsonReader, raw: Raw, ids: CallIds) -> Part | None:
    """One part, but no answer of a function. What is not known here is opaque, and passes; None: it is empty."""
    if reader.has("functionCall"):
        return _decode_call(reader, ids)
    if reader.has("text"):
        if reader.flag("thought"):
            return _decode_thought(reader)
        return Text(reader.text("text"), extras=reader.rest())
    if reader.has("thought"):
        return Opaque(API, "thought", raw)  # a sketch
    if reader.has("inlineData"):
        return _decode_inline(reader, raw)
    if reader.has("fileData"):
        return _decode_file(reader, raw)
    names = reader.rest().keys()
    kind = next((name for name in names if name not in BESIDE), "")
    if kind:
        return Opaque(API, kind, raw)
    return Text("", extras=reader.rest()) if SIGNATURE in names else None


def media_of(reader: JsonReader) -> tuple[str, Source, str]:
    """Media type, source and name of `inlineData` or `fileData`.

    Raises:
        Unreadable: it is neither.
    """
    inline = child(reader, "inlineData")
    if inline is not None:
        media_type = inline.required_text("mimeType")
        data = standard_base64(inline.required_text("data"))
        return media_type, Inline(media_type, data), inline.text("displayName")
    file = required_child(reader, "fileData")
    url, media_type = file.required_text("fileUri"), file.text("mimeType")
    source: Source = FileId(API, url) if url.startswith(OWN_FILES) else Link(url, media_type)
    return media_type, source, file.text("displayName")


def is_of(media_type: str, kind: str) -> bool:
    """Whether it is a picture, `image/`, or another kind; letters may be large or small."""
    return media_type[: len(kind)].lower() == kind


def utf8(raw: Raw, where: str) -> str:
    """The JSON as it was written."""
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        raise Unreadable(f"`{where}` must be UTF-8") from None


def _decode_call(reader: JsonReader, ids: CallIds) -> ToolCall:
    call = required_child(reader, "functionCall")
    name, id, args = call.required_text("name"), call.text("id"), call.raw("args")
    arguments = "{}" if args is None else utf8(args, call.at("args"))
    if not arguments.startswith("{"):
        raise Unreadable(f"`{call.at('args')}` must be an object")
    signature = reader.text(SIGNATURE)
    state = unwrap(signature)
    foreign = unseal_call(state) if state is not None else None
    if foreign is not None:
        signature = foreign[1]
    return ToolCall(id or ids.make(name, arguments), name, arguments, signature=signature, extras=reader.rest())


def _decode_thought(reader: JsonReader) -> Thought:
    text, signature = reader.text("text"), reader.text(SIGNATURE)
    state = unwrap(signature)
    foreign = unseal_thought(state, text) if state is not None else None
    return foreign or Thought(text, API, signature, is_summary=True)


def _decode_inline(reader: JsonReader, raw: Raw) -> Part:
    media_type, source, name = media_of(reader)
    extras = reader.rest()
    if is_of(media_type, "audio/"):
        return Audio(source, extras)
    return _medium(media_type, source, name, extras) or Opaque(API, media_type, raw)


def _decode_file(reader: JsonReader, raw: Raw) -> Part:
    """A file of Google's has its media type beside it."""
    media_type, source, name = media_of(reader)
    extras = reader.rest()
    if isinstance(source, FileId) and media_type:
        extras["mimeType"] = Raw(_encode(media_type))
    if is_of(media_type, "audio/"):
        return Audio(source, extras)
    return _medium(media_type, source, name, extras) or Opaque(API, "fileData", raw)


def _medium(media_type: str, source: Source, name: str, extras: dict[str, Raw]) -> Image | Document | None:
    """None: no other API takes such."""
    if is_of(media_type, "image/"):
        return Image(source, extras=extras)
    if is_of(media_type, "video/") or not media_type:
        return None
    return Document(source, name, extras=extras)
