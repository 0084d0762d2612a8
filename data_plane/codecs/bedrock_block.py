"""Content blocks of Bedrock's Converse, written for a provider.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (2026-11).
"""

import re
from collections.abc import Mapping, Sequence
from zlib import crc32

from data_plane.codecs import anthropic_block
from data_plane.codecs.anthropic_block_encode import FULL_DETAIL, encode_input
from data_plane.codecs.bedrock_model import Family
from data_plane.codecs.bedrock_options import Json
from data_plane.codecs.bedrock_response import API
from data_plane.llm.content import (
    Audio,
    CacheMark,
    Document,
    Image,
    Inline,
    Part,
    Refusal,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses

MAX_ID = 64
ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_.:-]")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # of a tool
NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_-]")
NOT_IN_TITLE = re.compile(r"[^a-zA-Z0-9\s()\[\]-]")  # the letters that names of documents may have
SPACES = re.compile(r"\s+")
MAX_TITLE = 190  # of 200, so that there is room to tell two apart
DEFAULT_TITLE = "document"
IMAGE_FORMATS: Mapping[str, str] = {
    "image/gif": "gif",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
}
DOCUMENT_FORMATS: Mapping[str, str] = {
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
EXTENSIONS = frozenset(DOCUMENT_FORMATS.values())
AUDIO_FORMATS = frozenset(
    ("aac", "flac", "m4a", "mka", "mkv", "mp3", "mp4", "mpeg", "ogg", "opus", "pcm", "wav", "webm")
)


class BlockEncoder:
    """Of one request. `takes_cache`: the model knows cache points."""

    __slots__ = ("_family", "_losses", "_takes_cache", "_titles", "called")

    def __init__(self, family: Family, losses: Losses, *, takes_cache: bool) -> None:
        self._family = family
        self._losses = losses
        self._takes_cache = takes_cache
        self._titles: set[str] = set()
        self.called: dict[str, None] = {}  # names of tools that were called, in order

    def blocks(self, parts: Sequence[Part], path: str, *, is_answer: bool = False) -> list[Json]:
        """Without blank text, which is refused. `is_answer`: of the assistant, who shows no pictures or files."""
        encoded: list[Json] = []
        for index, part in enumerate(parts):
            encoded += self._blocks(part, path, index, is_answer=is_answer)
        return encoded

    def cache_point(self, cache: CacheMark | None) -> list[Json]:
        """The block behind what is to be kept; none without a mark, or where nobody would understand it."""
        if cache is None or not self._takes_cache:
            return []
        ttl: Json = {"ttl": "1h"} if cache.seconds > 300 else {}
        return [{"cachePoint": {"type": "default", **ttl}}]

    def _blocks(self, part: Part, path: str, index: int, *, is_answer: bool) -> list[Json]:
        if isinstance(part, Text):
            return [{"text": part.text}, *self.cache_point(part.cache)] if part.text.strip() else []
        if isinstance(part, ToolCall):
            return [self._call(part), *self.cache_point(part.cache)]
        if isinstance(part, ToolResult):
            return [self._result(part, path), *self.cache_point(_mark_of(part))]
        if isinstance(part, Thought):
            thought = encode_thought(part, self._family) if is_answer else None
            return [] if thought is None else [thought]
        if isinstance(part, Refusal):
            return [{"text": part.text}] if part.text.strip() else []
        where = f"{path}.content[{index}]"
        block = None if is_answer else self._media(part, where)
        if block is None:
            self._losses.drop(where)
            return []
        return [block, *self.cache_point(part.cache if isinstance(part, Image | Document) else None)]

    def _media(self, part: Part, where: str) -> Json | None:
        """Links are none of AWS's, which takes only its own S3."""
        if isinstance(part, Image):
            return self._image(part, where)
        if isinstance(part, Document):
            return self._document(part, where)
        source = part.source if isinstance(part, Audio) else None
        if not isinstance(source, Inline):
            return None
        format = source.media_type.removeprefix("audio/")
        return {"audio": {"format": format, "source": {"bytes": source.data}}} if format in AUDIO_FORMATS else None

    def _image(self, image: Image, where: str) -> Json | None:
        source = image.source
        format = IMAGE_FORMATS.get(source.media_type) if isinstance(source, Inline) else None
        if format is None or not isinstance(source, Inline):
            return None
        if image.detail not in FULL_DETAIL:
            self._losses.drop(f"{where}.detail")
        self._losses.drop_all(image.extras, f"{where}.")
        return {"image": {"format": format, "source": {"bytes": source.data}}}

    def _document(self, document: Document, where: str) -> Json | None:
        source = document.source
        if not isinstance(source, Inline):
            return None
        stem, _, extension = document.name.rpartition(".")
        if extension.lower() not in EXTENSIONS:
            stem, extension = document.name, ""
        format = _document_format(source.media_type, extension.lower())
        if format is None:
            return None
        self._losses.drop_all(document.extras, f"{where}.")
        return {"document": {"format": format, "name": self._title(stem), "source": {"bytes": source.data}}}

    def _title(self, name: str) -> str:
        """Two documents of one name are refused."""
        title = SPACES.sub(" ", NOT_IN_TITLE.sub("-", name)).strip()[:MAX_TITLE].strip() or DEFAULT_TITLE
        number = 1
        unique = title
        while unique in self._titles:
            number += 1
            unique = f"{title} ({number})"
        self._titles.add(unique)
        return unique

    def _call(self, call: ToolCall) -> Json:
        name = tool_name(call.name)
        self.called[name] = None
        return {"toolUse": {"toolUseId": tool_id(call.id), "name": name, "input": encode_input(call)}}

    def _result(self, result: ToolResult, path: str) -> Json:
        """There may be no content at all, but no blank text. Marks inside are one behind it."""
        content = [block for block in self.blocks(result.content, path) if "cachePoint" not in block]
        encoded: Json = {"toolUseId": tool_id(result.call_id), "content": content}
        if result.is_error:
            encoded["status"] = "error"
        return {"toolResult": encoded}


def encode_thought(thought: Thought, family: Family) -> Json | None:
    """None: the model would refuse what it has not signed, and needs no other's thoughts.

    What Claude has signed elsewhere, it takes here, too: signatures are compatible across platforms, says
    docs.anthropic.com/en/build-with-claude/extended-thinking.
    """
    is_own = thought.api == API
    if is_own and thought.sealed:
        return {"reasoningContent": {"redactedContent": thought.sealed}}
    if not thought.signature or not (is_own or (family is Family.CLAUDE and thought.api == anthropic_block.API)):
        return None
    return {"reasoningContent": {"reasoningText": {"text": thought.text, "signature": thought.signature}}}


def tool_id(id: str) -> str:
    """As it is, if the API takes it; else one that is always made of the same, and of no other."""
    if ID.fullmatch(id):
        return id
    return f"{NOT_IN_ID.sub('_', id)[: MAX_ID - 9]}_{crc32(id.encode(errors='replace')):08x}"


def tool_name(name: str) -> str:
    """Of a call that was made: what another API allows in names, may not stand here."""
    return name if NAME.fullmatch(name) else NOT_IN_NAME.sub("_", name)[:64] or "_"


def _mark_of(result: ToolResult) -> CacheMark | None:
    inside = [part.cache for part in result.content if isinstance(part, Text | Image | Document) and part.cache]
    return result.cache or (inside[-1] if inside else None)


def _document_format(media_type: str, extension: str) -> str | None:
    """By the media type; by the name's ending, where the type says too little."""
    known = DOCUMENT_FORMATS.get(media_type)
    if known is not None and known != "txt":
        return known
    if extension and (known or not media_type or media_type == "application/octet-stream"):
        return extension
    return "txt" if media_type.startswith("text/") else None
