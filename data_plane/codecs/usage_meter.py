"""Finds usage in a response that is relayed without decoding it: at its end, for some APIs also at its beginning.

Searching the end costs 1 us a response, decoding every event of a stream 0.65 us each. Content cannot fake the key:
quotes inside JSON strings are escaped, and where an answer may hold foreign objects, usage stands after them.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from data_plane.codecs import anthropic_messages, cohere_meta, gemini, openai_chat, openai_media, openai_responses
from data_plane.codecs.client_api import ANTHROPIC, COHERE, GEMINI, OPENAI
from data_plane.codecs.stream_form import StreamForm, is_whole, last_error, stream_form_of, text_bytes, text_of
from data_plane.errors import BadGateway, GatewayError, UpstreamCutShort
from data_plane.usage import Usage

TAIL_BYTES = 16 * 1024  # what may stand after usage: metadata and tools of a Responses answer
HEAD_BYTES = 8 * 1024
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MAX_BRACES = 32  # pairs in usage, its own among them: twice what any API has


@dataclass(frozen=True, slots=True)
class Wording:
    """How one wire API words usage. `decode` takes what was found: in the head, if wanted, and last in the tail.

    `may_lead`: usage may stand before all results; it is then what was found in the head that counts as the last.
    `answer` reads a whole answer that is no stream, where that is cheaper than to search it.
    """

    key: bytes
    decode: Callable[[bytes | None, bytes], Usage | None]
    in_head: bool = False
    may_lead: bool = False
    answer: Callable[[bytes], Usage | None] | None = None


OPENAI_CHAT = Wording(b'"usage"', openai_chat.usage, answer=openai_chat.usage_of_answer)
OPENAI_RESPONSES = Wording(b'"usage"', openai_responses.usage)
OPENAI_MEDIA = Wording(b'"usage"', openai_media.usage)
ANTHROPIC_MESSAGES = Wording(b'"usage"', anthropic_messages.usage, in_head=True)
JINA_RERANK = Wording(b'"usage"', openai_chat.usage, in_head=True, may_lead=True, answer=openai_chat.usage_of_answer)
COHERE_RERANK = Wording(b'"meta"', cohere_meta.usage, answer=cohere_meta.usage_of_answer)
GEMINI_CONTENT = Wording(b'"usageMetadata"', gemini.usage)
WORDINGS: Mapping[tuple[str, str], Wording] = {
    (OPENAI, "chat"): OPENAI_CHAT,
    (OPENAI, "completions"): OPENAI_CHAT,
    (OPENAI, "embeddings"): OPENAI_CHAT,
    (OPENAI, "responses"): OPENAI_RESPONSES,
    (OPENAI, "compact"): OPENAI_RESPONSES,
    (OPENAI, "images"): OPENAI_MEDIA,
    (OPENAI, "image_edits"): OPENAI_MEDIA,
    (OPENAI, "image_variations"): OPENAI_MEDIA,
    (OPENAI, "speech"): OPENAI_MEDIA,
    (OPENAI, "transcriptions"): OPENAI_MEDIA,
    (OPENAI, "translations"): OPENAI_MEDIA,
    (ANTHROPIC, "messages"): ANTHROPIC_MESSAGES,
    (GEMINI, "generate_content"): GEMINI_CONTENT,
    (GEMINI, "embed_content"): GEMINI_CONTENT,
    (OPENAI, "rerank"): JINA_RERANK,
    (COHERE, "rerank"): COHERE_RERANK,
}


def find_meter(api: str, operation: str) -> "UsageMeter | None":
    """A meter for one response, if what is asked for is billed by tokens."""
    wording = WORDINGS.get((api, operation))
    return UsageMeter(wording, stream_form_of(api, operation)) if wording is not None else None


class UsageMeter:
    """One response's."""

    __slots__ = ("_dropped_bytes", "_form", "_head", "_head_is_full", "_tail", "_tail_bytes", "_wording")

    def __init__(self, wording: Wording, form: StreamForm) -> None:
        self._wording = wording
        self._form = form
        self._head = b""
        self._head_is_full = not wording.in_head
        self._tail: deque[bytes] = deque()
        self._dropped_bytes = 0  # of the beginning of the body
        self._tail_bytes = 0

    def feed(self, data: bytes) -> None:
        if not self._head_is_full:
            self._head += data[: HEAD_BYTES - len(self._head)]
            self._head_is_full = len(self._head) >= HEAD_BYTES
        tail = self._tail
        tail.append(data)
        self._tail_bytes += len(data)
        while self._tail_bytes - len(tail[0]) >= TAIL_BYTES:
            dropped = len(tail.popleft())
            self._tail_bytes -= dropped
            self._dropped_bytes += dropped

    def fault(self) -> GatewayError | None:
        form, tail = self._form, self._tail
        while tail and not tail[-1]:  # the end came in a read of its own
            tail.pop()
        if tail and form.last and form.last in tail[-1][-form.last_bytes :]:  # nearly always
            return None
        data = b"".join(tail)
        if is_whole(data, self._dropped_bytes > 0, form):
            return None
        told = last_error(data)
        if told is not None:
            error = BadGateway(f"the upstream broke off: {told}" if told else "the upstream broke off")
            error.event = b"\n"  # a client that has had its first event has been told
            return error
        return UpstreamCutShort("the upstream ended the stream before its end")

    def is_final(self) -> bool:
        return not self._is_stream() or self.fault() is None

    def output_bytes(self) -> int:
        """Of what is no longer there, as much in proportion: off by some per cent where the stream is longer than the
        tail and its events are not alike.
        """
        data = b"".join(self._tail)
        written = text_bytes(data, self._form, is_stream=self._is_stream())
        return written + written * self._dropped_bytes // len(data) if data else 0

    def output_text(self) -> str:
        return text_of(b"".join(self._tail), self._form, is_stream=self._is_stream())

    def _is_stream(self) -> bool:
        return self._dropped_bytes > 0 or not self._tail or self._tail[0][:1] not in (b"{", b"[")

    def usage(self) -> Usage | None:
        wording, tail = self._wording, self._tail
        data = tail[0] if len(tail) == 1 else b"".join(tail)
        if wording.answer is not None and not self._dropped_bytes and data[:1] == b"{" and len(data) <= TAIL_BYTES:
            try:
                return wording.answer(data)
            except UNREADABLE:  # it was cut short, perhaps behind the usage
                return self._search(data)
        return self._search(data)

    def _search(self, data: bytes) -> Usage | None:
        wording = self._wording
        first = _first_object(self._head, wording.key) if wording.in_head else None
        last = _last_object(data[-TAIL_BYTES:], wording.key)
        if last is None and wording.may_lead:
            last = first
        if last is None:
            return None
        try:
            return wording.decode(first, last)
        except UNREADABLE:
            return None  # the upstream words it in a way that nobody knows


def _last_object(data: bytes, key: bytes) -> bytes | None:
    """The last object under the key; backwards, past any `"usage": null`."""
    start = data.rfind(key)
    while start >= 0:
        found = _object(data, start + len(key))
        if found is not None:
            return found
        start = data.rfind(key, 0, start)
    return None


def _first_object(data: bytes, key: bytes) -> bytes | None:
    start = data.find(key)
    while start >= 0:
        found = _object(data, start + len(key))
        if found is not None:
            return found
        start = data.find(key, start + 1)
    return None


def _object(data: bytes, start: int) -> bytes | None:
    """The object behind a key that ends at `start`, if one stands there whole. In usage, no string has braces."""
    opens = data.find(b"{", start)
    if opens < 0 or data[start:opens].strip() != b":":
        return None
    end = opens
    for pairs in range(1, MAX_BRACES + 1):
        end = data.find(b"}", end) + 1
        if not end:
            return None
        if data.count(b"{", opens, end) == pairs:
            return data[opens:end]
    return None
