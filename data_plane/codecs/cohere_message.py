"""Messages of Cohere's chat, written for the provider. Source: docs.cohere.com/reference/chat (v2, 2026-11)."""

from base64 import b64decode
from collections.abc import Sequence

from data_plane.codecs.cohere_response import API
from data_plane.codecs.data_url import data_url
from data_plane.llm.content import (
    Document,
    Image,
    Inline,
    Link,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses, message_path
from data_plane.llm.request import GenerateRequest

Json = dict[str, object]

ROLES = {Role.SYSTEM: "system", Role.DEVELOPER: "system", Role.USER: "user", Role.TOOL: "user"}


class CohereMessages:
    """Of one request."""

    __slots__ = ("_losses", "_request")

    def __init__(self, request: GenerateRequest, losses: Losses) -> None:
        self._request = request
        self._losses = losses

    def messages(self) -> list[Json]:
        """All of them. Results of tools are messages of their own, whatever message they came in."""
        encoded: list[Json] = []
        for index, message in enumerate(self._request.messages):
            path = message_path(self._request, index)
            if message.name and message.role is not Role.TOOL:
                self._losses.drop(f"{path}.name")
            self._losses.drop_all(message.extras, f"{path}.")
            if message.role is Role.ASSISTANT:
                self._add_answer(encoded, message, path)
            else:
                self._add_said(encoded, message, path)
        return encoded

    def _add_said(self, encoded: list[Json], message: Message, path: str) -> None:
        """What is shown of results stands behind all of them: their messages have text only."""
        blocks: list[Json] = []
        is_said = message.role in (Role.USER, Role.TOOL)
        for place, part in enumerate(message.parts):
            where = f"{path}.content[{place}]"
            if isinstance(part, ToolResult):
                shown = [each for each in part.content if isinstance(each, Image | Document)]
                encoded.append(self._result(part, where))
                blocks += self._shown(part, shown, where)
            else:
                block = self._block(part, where, takes_images=is_said)
                if block is not None:
                    blocks.append(block)
        if blocks:
            encoded.append({"role": ROLES[message.role], "content": _plain(blocks)})

    def _add_answer(self, encoded: list[Json], message: Message, path: str) -> None:
        """A thought before calls is a plan for them. Thoughts of other providers mean nothing here."""
        calls: list[Json] = []
        blocks: list[Json] = []
        for place, part in enumerate(message.parts):
            where = f"{path}.content[{place}]"
            if isinstance(part, ToolCall):
                calls += self._call(part, where)
            elif not isinstance(part, Thought):
                block = self._block(part, where, takes_images=False)
                blocks += [] if block is None else [block]
        thought = "".join(part.text for part in message.parts if isinstance(part, Thought) and part.api == API)
        if thought and not calls:
            blocks = [{"type": "thinking", "thinking": thought}, *blocks]
        known: Json = {
            "tool_calls": calls,
            "tool_plan": thought if calls else "",
            "content": _plain(blocks) if blocks else None,
        }
        if calls or blocks:
            encoded.append({"role": "assistant", **{name: value for name, value in known.items() if value}})

    def _call(self, call: ToolCall, path: str) -> list[Json]:
        if call.is_custom:
            self._losses.drop(path)
            return []
        function = {"name": call.name, "arguments": call.arguments}
        return [{"id": call.id, "type": "function", "function": function}]

    def _result(self, result: ToolResult, path: str) -> Json:
        """There is no word for an error: the model reads it in the text."""
        texts = [each.text for each in result.content if isinstance(each, Text)]
        if any(not isinstance(each, Text | Image | Document) for each in result.content):
            self._losses.drop(path)
        if result.is_error:
            texts = ["error:", *texts]
        content: object = texts[0] if len(texts) == 1 else [{"type": "text", "text": each} for each in texts]
        return {"role": "tool", "tool_call_id": result.call_id, "content": content or ""}

    def _shown(self, result: ToolResult, shown: Sequence[Image | Document], path: str) -> list[Json]:
        blocks = [self._block(each, path, takes_images=True) for each in shown]
        kept = [block for block in blocks if block is not None]
        return [{"type": "text", "text": f"What the tool returned for call {result.call_id}:"}, *kept] if kept else []

    def _block(self, part: Part, path: str, *, takes_images: bool) -> Json | None:
        """Text, and pictures in what a user says; a file of text is text."""
        block: Json | None = None
        if isinstance(part, Text):
            return {"type": "text", "text": part.text} if part.text else None
        if isinstance(part, Refusal):
            return {"type": "text", "text": part.text}
        if isinstance(part, Image | Document):
            self._losses.drop_all(part.extras, f"{path}.")
        if isinstance(part, Image) and takes_images:
            block = _image(part)
        elif isinstance(part, Document):
            block = _text_file(part)
        if block is None:
            self._losses.drop(path)
        return block


def _image(image: Image) -> Json | None:
    source = image.source
    if isinstance(source, Inline):
        url = data_url(source)
    elif isinstance(source, Link):
        url = source.url
    else:
        return None
    return {"type": "image_url", "image_url": {"url": url, **({"detail": image.detail} if image.detail else {})}}


def _text_file(document: Document) -> Json | None:
    source = document.source
    if not isinstance(source, Inline) or not source.media_type.startswith("text/"):
        return None
    try:
        text = b64decode(source.data, validate=True).decode()
    except ValueError:
        return None
    return {"type": "text", "text": f"{document.name}\n\n{text}" if document.name else text}


def _plain(blocks: list[Json]) -> object:
    """One text stands alone, as most write it."""
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks
