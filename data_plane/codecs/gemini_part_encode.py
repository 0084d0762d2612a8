"""Parts of Gemini's contents, written: those of requests and of answers. Source: ai.google.dev/api/caching#Part,
"Thought signatures" (2026-11).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Raw

from data_plane.codecs.foreign_state import seal_call, seal_thought
from data_plane.codecs.gemini_fields import API, wrap
from data_plane.codecs.gemini_history import is_object
from data_plane.codecs.gemini_part import MINTED, SIGNATURE
from data_plane.llm.content import (
    Audio,
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
)

Json = dict[str, object]

# The API wants to know the type of what it fetches, which other APIs do not say.
MEDIA_TYPES: Mapping[str, str] = {
    "gif": "image/gif",
    "heic": "image/heic",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "webp": "image/webp",
}
ANY_IMAGE = "image/jpeg"  # what most are; the bytes decide


def encode_part(part: Part, *, is_own: bool) -> object:
    """None: the API has no such part. `is_own`: it came by this API. What is opaque stays as it was written."""
    match part:
        case Text(text):
            return {"text": text, **_own(part.extras, is_own)}
        case Refusal(text):
            return {"text": text}
        case ToolCall():
            return encode_call(part, is_own=is_own)
        case Image(source):
            return _medium(source, ANY_IMAGE, "", _own(part.extras, is_own))
        case Document(source, name):
            # Of others it is a label that the API refuses.
            return _medium(source, "", name if is_own else "", _own(part.extras, is_own))
        case Audio(source):
            return _medium(source, "", "", _own(part.extras, is_own))
        case Opaque(api, _, raw) if api == API:
            return raw
    return None


def encode_call(call: ToolCall, *, is_own: bool) -> Json:
    """The id goes only where there was one. Text for a tool that takes no JSON is its `input`."""
    inner: Json = {"name": call.name, "args": _arguments(call)}
    if call.id and not call.id.startswith(MINTED):
        inner["id"] = call.id
    encoded: Json = {"functionCall": inner}
    if call.signature:
        encoded[SIGNATURE] = call.signature
    return {**encoded, **_own(call.extras, is_own)}


def encode_own_thought(thought: Thought) -> Json:
    """For the provider that it came from."""
    return _thought(thought.text, thought.signature)


def encode_any_thought(thought: Thought) -> Json:
    """For a client, who is to send it back: what another API gave, too."""
    return _thought(thought.text, thought_signature(thought))


def thought_signature(thought: Thought) -> str:
    """What of a thought is not its text; empty if nothing."""
    if thought.api == API:
        return thought.signature
    return wrap(seal_thought(thought)) if thought.signature or thought.sealed or thought.id else ""


def call_signature(id: str, signature: str, *, is_own: bool) -> str:
    """Of a call, for a client."""
    return signature if is_own or not signature else wrap(seal_call(id, signature))


def _thought(text: str, signature: str) -> Json:
    encoded: Json = {"text": text, "thought": True}
    if signature:
        encoded[SIGNATURE] = signature
    return encoded


def _arguments(call: ToolCall) -> object:
    """What is no JSON object is the text that the model wrote."""
    if not call.is_custom and is_object(call.arguments):
        return Raw(call.arguments.encode())
    return {"input": call.arguments}


def _own(extras: dict[str, Raw], is_own: bool) -> Mapping[str, object]:
    return extras if is_own else {}


def _medium(source: Source, default: str, name: str, extras: Mapping[str, object]) -> Json | None:
    """None: a file that was left with another provider."""
    named: Json = {"displayName": name} if name else {}
    match source:
        case Inline(media_type, data):
            return {"inlineData": {"mimeType": media_type, "data": data, **named}, **extras}
        case Link(url, media_type):
            known = media_type or _media_type(url) or default
            file: Json = {"fileUri": url, **({"mimeType": known} if known else {})}
            return {"fileData": {**file, **named}, **extras}
        case FileId(api, id) if api == API:
            beside = dict(extras)
            kind = beside.pop("mimeType", None)
            return {"fileData": {"fileUri": id, **({"mimeType": kind} if kind else {}), **named}, **beside}
    return None


def _media_type(url: str) -> str:
    """By its ending; empty where that says nothing."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "")
