"""The turns of a conversation in Gemini's requests, read: which call an answer of a function belongs to, by id or by
name and order.

Source: ai.google.dev/gemini-api/docs/function-calling (2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.gemini_fields import API, child, children, proto_reader, required_child
from data_plane.codecs.gemini_part import MINTED, CallIds, decode_part, is_of, media_of, utf8
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.content import (
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)

ROLES: Mapping[str, Role] = {"user": Role.USER, "model": Role.ASSISTANT, "function": Role.USER, "": Role.USER}
ROLE_WORDS = frozenset(word for word in ROLES if word)
NO_ANSWER = Raw(b"{}")

_object = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode


def decode_history(reader: JsonReader) -> list[Message]:
    """All messages, the system's first.

    Raises:
        Unreadable: the API would refuse it.
    """
    history = _History()
    system = child(reader, "systemInstruction")
    if system is not None:
        history.add_system(system)
    is_empty = True
    for content in children(reader, "contents"):
        history.add(content)
        is_empty = False
    if is_empty:
        raise Unreadable("`contents` is required, and must not be empty")
    return history.messages


def read_answer(response: Raw, where: str) -> tuple[str, bool]:
    """Text of a function's `response`, and whether it is an error: as it was written, unless `output` or `error` is all
    that it has, and a text that is no object itself.
    """
    try:
        fields = _object(response)
    except UNREADABLE:
        raise Unreadable(f"`{where}` must be an object") from None
    if len(fields) == 1:
        name, raw = next(iter(fields.items()))
        if name in ("output", "error"):
            text = _plain(raw)
            if text is not None:
                return text, name == "error"
            if name == "error" and bytes(raw)[:1] == b"{":
                return utf8(raw, where), True
    return utf8(response, where), False


def is_object(text: str) -> bool:
    """Whether a text is a JSON object, which goes into requests as it is."""
    if not text.startswith("{"):
        return False
    try:
        _object(text.encode(errors="replace"))
    except UNREADABLE:
        return False
    return True


def _plain(raw: Raw) -> str | None:
    try:
        text = _text(raw)
    except UNREADABLE:
        return None
    return None if is_object(text) else text


class _History:
    __slots__ = ("messages", "_ids", "_open")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._ids = CallIds()
        self._open: list[ToolCall] = []  # calls without an answer so far

    def add_system(self, content: JsonReader) -> None:
        parts = self._parts(content)
        if not all(isinstance(part, Text) for part in parts):
            raise Unreadable(f"`{content.at('parts')}` must be text")
        self.messages.append(Message(Role.SYSTEM, parts, path=content.path))

    def add(self, content: JsonReader) -> None:
        role = ROLES[content.one_of("role", ROLE_WORDS)]
        parts = self._parts(content)
        if parts:
            self.messages.append(Message(role, parts, extras=content.rest(), path=content.path))

    def _parts(self, content: JsonReader) -> list[Part]:
        parts: list[Part] = []
        raws = content.array("parts")
        if not raws:
            raise Unreadable(f"`{content.at('parts')}` is required, and must not be empty")
        for index, raw in enumerate(raws):
            reader = proto_reader(raw, f"{content.at('parts')}[{index}]")
            part = self._answer(reader) if reader.has("functionResponse") else decode_part(reader, raw, self._ids)
            if part is None:
                raise Unreadable(f"`{reader.path}` must have data")
            if isinstance(part, ToolCall):
                self._open.append(part)
            elif isinstance(part, Thought) and part.api != API:
                part.text = self._thought_before(parts) + part.text
            parts.append(part)
        return parts

    def _thought_before(self, parts: list[Part]) -> str:
        """The thought that a signature proves, where it came in pieces, whose last has the signature.

        Clients keep pieces of a stream as parts, or as turns.
        """
        text = _take_thought(parts)
        while not parts and self.messages and self.messages[-1].role is Role.ASSISTANT:
            earlier = self.messages[-1].parts
            text = _take_thought(earlier) + text
            if earlier:
                break
            self.messages.pop()
        return text

    def _answer(self, reader: JsonReader) -> ToolResult:
        answer = required_child(reader, "functionResponse")
        name, id = answer.required_text("name"), answer.text("id")
        text, is_error = read_answer(answer.raw("response") or NO_ANSWER, answer.at("response"))
        content: list[Text | Image | Document | Opaque] = [Text(text)]
        for index, raw in enumerate(answer.array("parts")):
            content.append(_decode_medium(raw, f"{answer.at('parts')}[{index}]"))
        goes_on = answer.flag("willContinue") or False
        call_id = self._call_of(id, name, goes_on=goes_on) or id or self._ids.make(name, "")
        extras = answer.rest()
        if goes_on:
            extras["willContinue"] = Raw(b"true")
        return ToolResult(call_id, content, name, is_error, extras=extras)

    def _call_of(self, id: str, name: str, *, goes_on: bool) -> str | None:
        """The first call that it can belong to. None: it was made before what is sent here."""
        named = [call for call in self._open if call.name == name]
        found = next((call for call in self._open if id and call.id == id), None)
        if found is None:
            found = next((call for call in named if not id or call.id.startswith(MINTED)), None)
        if found is None:
            return None
        if not goes_on:
            self._open.remove(found)
        return found.id


def _take_thought(parts: list[Part]) -> str:
    text = ""
    while parts:
        last = parts[-1]
        if not isinstance(last, Thought) or last.api != API or last.signature:
            break
        text = last.text + text
        parts.pop()
    return text


def _decode_medium(raw: Raw, where: str) -> Image | Document | Opaque:
    reader = proto_reader(raw, where)
    if not reader.has("inlineData") and not reader.has("fileData"):
        return Opaque(API, "part", raw)
    media_type, source, name = media_of(reader)
    if is_of(media_type, "image/"):
        return Image(source, extras=reader.rest())
    if is_of(media_type, "audio/") or is_of(media_type, "video/") or not media_type:
        return Opaque(API, media_type or "part", raw)
    return Document(source, name, extras=reader.rest())
