"""Messages of OpenAI Chat Completions, written for a provider.

Source: platform.openai.com/docs/api-reference/chat/create (2026-11).
"""

from base64 import b64decode
from collections.abc import Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.data_url import data_url
from data_plane.codecs.openai_chat_request import API
from data_plane.codecs.openai_chat_response import encode_call
from data_plane.llm.content import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    Link,
    Message,
    Opaque,
    Part,
    Refusal,
    Role,
    Source,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses, message_path
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import Traits

Json = dict[str, object]

_object = msgspec.json.Decoder(dict[str, Raw]).decode


class MessageEncoder:
    """Of one request."""

    __slots__ = ("_request", "_is_own", "_traits", "_losses")

    def __init__(self, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
        self._request = request
        self._is_own = request.api == API
        self._traits = traits
        self._losses = losses

    def messages(self) -> list[Json]:
        """All of them. Results of tools are messages of their own here, whatever message they came in."""
        encoded: list[Json] = []
        for index, message in enumerate(self._request.messages):
            parts: Sequence[Part] = message.parts
            if message.role is not Role.ASSISTANT and any(isinstance(part, ToolResult) for part in parts):
                parts = self._add_results(encoded, parts, message_path(self._request, index))
                if not parts:
                    continue
            encoded.append(self._message(message, parts, index))
        self._check_prefill()
        return encoded

    def _check_prefill(self) -> None:
        """Where other APIs go on with an answer that has begun, this one begins another."""
        last = self._request.messages[-1] if self._request.messages else None
        if not self._is_own and last is not None and last.role is Role.ASSISTANT:
            self._losses.drop(message_path(self._request, len(self._request.messages) - 1))

    def _message(self, message: Message, parts: Sequence[Part], index: int) -> Json:
        role = message.role
        if role is Role.DEVELOPER and not self._traits.takes_developer_role:
            role = Role.SYSTEM
        body: Json = {"role": "user" if role is Role.TOOL else role.value}
        if role is Role.ASSISTANT:
            self._add_answer(body, parts, index)
        else:
            body["content"] = self._content(parts, index)
        if message.name:
            body["name"] = message.name
        if self._is_own:
            body.update(message.extras)
        elif message.extras:
            self._losses.drop_all(message.extras, f"{message_path(self._request, index)}.")
        return body

    def _add_results(self, encoded: list[Json], parts: Sequence[Part], path: str) -> list[Part]:
        """What else the message says, with the pictures of results before it: a tool's message has text only."""
        shown: list[Part] = []
        others: list[Part] = []
        for part in parts:
            if not isinstance(part, ToolResult):
                others.append(part)
                continue
            texts: list[Part] = [each for each in part.content if isinstance(each, Text)]
            pictures: list[Part] = [each for each in part.content if isinstance(each, Image | Document)]
            if len(texts) + len(pictures) < len(part.content):
                self._losses.drop(path)
            if pictures:
                shown += [Text(f"What the tool returned for call {part.call_id}:"), *pictures]
            encoded.append(_encode_result(part, texts))
        return shown + others

    def _add_answer(self, body: Json, parts: Sequence[Part], index: int) -> None:
        """What the assistant said before: thoughts and calls have fields of their own. Beside them it has text only."""
        content: list[Part] = []
        calls = [self._call(part) for part in parts if isinstance(part, ToolCall)]
        thoughts: list[str] = []
        for place, part in enumerate(parts):
            if isinstance(part, Thought):
                thoughts.append(part.text if part.api == API else "")
            elif isinstance(part, Refusal):
                body["refusal"] = part.text
            elif isinstance(part, Text) or (isinstance(part, Opaque) and part.api == API):
                content.append(part)
            elif not isinstance(part, ToolCall):
                self._losses.drop(f"{message_path(self._request, index)}.content[{place}]")
        body["content"] = self._content(content, index) if content else None
        if any(thoughts):
            body["reasoning_content"] = "".join(thoughts)
        if calls:
            body["tool_calls"] = calls

    def _call(self, call: ToolCall) -> Json:
        """OpenAI refuses the field that a signature goes in: only models that want one back get it."""
        if call.signature and self._traits.takes_unsigned_calls:
            call = msgspec.structs.replace(call, signature="")
        return encode_call(call)

    def _content(self, parts: Sequence[Part], index: int) -> "str | list[Json]":
        if len(parts) == 1:
            part = parts[0]
            if isinstance(part, Text):
                return part.text
        path = message_path(self._request, index)
        encoded = (self._part(part, f"{path}.content[{place}]") for place, part in enumerate(parts))
        return [each for each in encoded if each is not None] or ""

    def _part(self, part: Part, path: str) -> Json | None:
        encoded: Json | None = None
        if isinstance(part, Text):
            return {"type": "text", "text": part.text}
        if isinstance(part, Image):
            encoded = self._image(part, path)
        elif isinstance(part, Document):
            encoded = self._document(part, path)
        elif isinstance(part, Audio):
            encoded = _encode_audio(part)
        elif isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        elif isinstance(part, Opaque) and part.api == API:
            return dict(_object(part.raw))
        if encoded is None:
            self._losses.drop(path)
        return encoded

    def _image(self, image: Image, path: str) -> Json | None:
        url = _url_of(image.source)
        if url is None or (isinstance(image.source, Link) and not self._traits.takes_links):
            return None
        if not self._is_own:
            self._losses.drop_all(image.extras, f"{path}.")
        return {"type": "image_url", "image_url": {"url": url, **({"detail": image.detail} if image.detail else {})}}

    def _document(self, document: Document, path: str) -> Json | None:
        """Plain text is no file here, but text."""
        source = document.source
        if not self._is_own:
            self._losses.drop_all(document.extras, f"{path}.")
        if isinstance(source, FileId) and source.api == API:
            named: Json = {"filename": document.name} if document.name else {}
            return {"type": "file", "file": {**named, "file_id": source.id}}
        if not isinstance(source, Inline):
            return None
        if source.media_type.startswith("text/") and not self._is_own:
            return _encode_plain_text(source, document.name)
        if not self._traits.takes_files:
            return None
        return {"type": "file", "file": {"filename": document.name or "file", "file_data": data_url(source)}}


def _encode_result(result: ToolResult, texts: Sequence[Part]) -> Json:
    """There is no word for an error here: the model reads it in the text."""
    words = [part.text for part in texts if isinstance(part, Text)]
    if result.is_error:
        words = ["error: " + "".join(words)] if len(words) < 2 else ["error:", *words]
    content = words[0] if len(words) == 1 else [{"type": "text", "text": each} for each in words]
    return {"role": "tool", "tool_call_id": result.call_id, "content": content or ""}


def _encode_audio(audio: Audio) -> Json | None:
    source = audio.source
    if not isinstance(source, Inline):
        return None
    format = source.media_type.removeprefix("audio/")
    return {"type": "input_audio", "input_audio": {"data": source.data, "format": format}}


def _encode_plain_text(source: Inline, name: str) -> Json | None:
    try:
        text = b64decode(source.data, validate=True).decode()
    except ValueError:
        return None
    return {"type": "text", "text": f"{name}\n\n{text}" if name else text}


def _url_of(source: Source) -> str | None:
    if isinstance(source, Inline):
        return data_url(source)
    return source.url if isinstance(source, Link) else None
