"""Streamed answers of Anthropic Messages, read.

Source: docs.anthropic.com/en/build-with-claude/streaming (2026-11). Blocks follow one another; the index of each is
told with everything that belongs to it. Usage of the input comes first, and again at the end if it has changed.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs import anthropic_messages
from data_plane.codecs.anthropic_block import ANSWER_TOOL, API
from data_plane.codecs.anthropic_event import EventDelta, StreamEvent
from data_plane.codecs.anthropic_failure import STATUSES, read_error
from data_plane.codecs.anthropic_response import STOPS, decode_usage
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.sse_data import data_of
from data_plane.llm.content import Opaque
from data_plane.llm.events import (
    Alive,
    CandidateEnded,
    Delta,
    Ended,
    Event,
    Failed,
    PartEnded,
    PartKind,
    PartStarted,
    Sealed,
    Started,
    UsageKnown,
)
from data_plane.llm.response import Stop

NO_BLOCK = -1
NO_DELTA = EventDelta()
NULL = b"null"

_decode = msgspec.json.Decoder(StreamEvent).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


class AnthropicDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = (
        "_block",  # index of the block that is open
        "_part",  # number of the part
        "_kind",
        "_opaque",  # the block that is open, if it is given on as it came, once its input is known
        "_input",  # pieces of the input of a call
        "_is_answer",  # what was called is the tool that stands for the answer
        "_usage",  # what was said first
        "_is_stopped",
        "_is_started",
        "_is_over",
    )

    def __init__(self) -> None:
        self._block = NO_BLOCK
        self._part = -1
        self._kind = PartKind.TEXT
        self._opaque: Opaque | None = None
        self._input: list[str] = []
        self._is_answer = False
        self._usage: bytes | None = None
        self._is_stopped = False
        self._is_started = False
        self._is_over = False

    def feed(self, frames: Sequence[bytes]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self._is_over:
                break
            data = data_of(frame)
            if not data:
                continue
            try:
                self._read(data, events)
            except Unreadable as error:
                self._fail(Failed(502, "invalid_upstream_response", f"the upstream's stream: {error}"), events)
        return events

    def close(self) -> list[Event]:
        if self._is_over:
            return []
        self._is_over = True
        return [Failed(502, "upstream_cut_short", "the upstream ended the stream before its end")]

    def _read(self, data: bytes, events: list[Event]) -> None:
        try:
            event = _decode(data)
        except UNREADABLE:
            raise Unreadable("an event is malformed") from None
        kind = event.type
        if kind == "content_block_delta":
            self._delta(event, events)
        elif kind == "error":
            word, message = read_error(JsonReader.of(data))
            self._fail(Failed(STATUSES.get(word, 500), word or "api_error", message), events)
        elif kind == "message_start":
            self._start(event, events)
        elif not self._is_started:
            if kind != "ping":
                raise Unreadable("`message_start` must come first")
        elif kind == "ping":
            events.append(Alive())
        else:
            self._frame_event(kind, event, events)

    def _frame_event(self, kind: str, event: StreamEvent, events: list[Event]) -> None:
        """What is not known here is passed over."""
        if kind == "content_block_start":
            self._start_block(event, events)
        elif kind == "content_block_stop":
            self._check_block(event.index)
            self._end_block(events)
        elif kind == "message_delta":
            self._message_delta(event, events)
        elif kind == "message_stop":
            self._stop("", NO_DELTA, events)
            self._is_over = True
            events.append(Ended())

    def _start(self, event: StreamEvent, events: list[Event]) -> None:
        if self._is_started or not _is_said(event.message):
            raise Unreadable("`message_start` must come once, with a message")
        self._is_started = True
        message = JsonReader.of(event.message, "message")
        raw = message.raw("usage")
        usage, tier = (None, "") if raw is None else decode_usage(raw)
        self._usage = None if raw is None else bytes(raw)
        id, model = message.text("id"), message.text("model")
        events.append(Started(id, model, usage=usage, service_tier=tier, api=API))

    def _start_block(self, event: StreamEvent, events: list[Event]) -> None:
        if not _is_said(event.content_block) or event.index is None or self._is_stopped:
            raise Unreadable("`content_block_start` must have a block and its index, and come before the stop")
        self._end_block(events)
        raw = event.content_block
        block = JsonReader.of(raw, "content_block")
        kind = block.required_text("type")
        self._block = event.index
        self._is_answer = False
        self._input = []
        if kind == "tool_use":
            self._start_call(block, events)
        elif kind in FIRST_TEXT:
            self._kind, field = FIRST_TEXT[kind]
            self._begin(PartStarted(0, self._part + 1, self._kind), events)
            self._write(block.text(field), events)
            signature = block.text("signature")
            if signature:
                events.append(Sealed(0, self._part, signature=signature))
        elif kind == "redacted_thinking":
            self._kind = PartKind.THOUGHT
            self._begin(PartStarted(0, self._part + 1, PartKind.THOUGHT), events)
            events.append(Sealed(0, self._part, sealed=block.text("data")))
        else:
            self._kind = PartKind.OPAQUE
            self._opaque = Opaque(API, kind, raw.copy())

    def _start_call(self, block: JsonReader, events: list[Event]) -> None:
        id, name, given = block.text("id"), block.text("name"), block.raw("input")
        self._kind = PartKind.TOOL_CALL
        self._is_answer = name == ANSWER_TOOL
        if self._is_answer:
            self._begin(PartStarted(0, self._part + 1, PartKind.TEXT), events)
        else:
            self._begin(PartStarted(0, self._part + 1, PartKind.TOOL_CALL, id, name), events)
        if given is not None and bytes(given) != b"{}":
            try:
                self._write(bytes(given).decode(), events)
            except UnicodeDecodeError:
                raise Unreadable("`content_block.input` must be UTF-8") from None

    def _begin(self, started: PartStarted, events: list[Event]) -> None:
        self._part = started.part
        events.append(started)

    def _write(self, text: str, events: list[Event]) -> None:
        if text:
            if self._kind is PartKind.TOOL_CALL:
                self._input.append(text)
            events.append(Delta(0, self._part, text))

    def _delta(self, event: StreamEvent, events: list[Event]) -> None:
        self._check_block(event.index)
        delta = event.delta
        if delta is None:
            raise Unreadable("`content_block_delta` must have a delta")
        if self._kind is PartKind.OPAQUE:
            self._input.append(delta.partial_json or "")
            return
        text = delta.text or delta.partial_json or delta.thinking
        if text:
            self._write(text, events)
        elif delta.signature:
            events.append(Sealed(0, self._part, signature=delta.signature))
        elif _is_said(delta.citation):
            citation = Opaque(API, "citation", delta.citation.copy())
            events.append(Delta(0, self._part, "", citation=citation))

    def _check_block(self, index: int | None) -> None:
        if index is None or index != self._block or self._block == NO_BLOCK:
            raise Unreadable("an event belongs to no block that is open")

    def _end_block(self, events: list[Event]) -> None:
        if self._block == NO_BLOCK:
            return
        self._block = NO_BLOCK
        opaque = self._opaque
        if opaque is not None:
            self._opaque = None
            whole = Opaque(API, opaque.kind, _with_input(opaque.raw, "".join(self._input)))
            self._begin(PartStarted(0, self._part + 1, PartKind.OPAQUE, opaque=whole), events)
        elif self._kind is PartKind.TOOL_CALL and not self._input:
            events.append(Delta(0, self._part, "{}"))
        events.append(PartEnded(0, self._part))

    def _message_delta(self, event: StreamEvent, events: list[Event]) -> None:
        delta = event.delta or NO_DELTA
        if delta.stop_reason:
            self._stop(delta.stop_reason, delta, events)
        raw = event.usage
        if _is_said(raw):
            try:
                events.append(UsageKnown(anthropic_messages.usage(self._usage, bytes(raw))))
            except UNREADABLE:
                raise Unreadable("`usage` must be an object of numbers") from None

    def _stop(self, word: str, delta: EventDelta, events: list[Event]) -> None:
        if self._is_stopped:
            return
        self._end_block(events)
        self._is_stopped = True
        stop = STOPS.get(word, Stop.OTHER)
        if stop is Stop.TOOL and self._is_answer:
            stop = Stop.END
        told = {"stop_details": delta.stop_details, "container": delta.container}
        extras = {name: raw.copy() for name, raw in told.items() if _is_said(raw)}
        events.append(CandidateEnded(0, stop, delta.stop_sequence or None, word, extras))

    def _fail(self, failed: Failed, events: list[Event]) -> None:
        self._is_over = True
        events.append(failed)


def _is_said(raw: Raw) -> bool:
    return len(raw) != 4 or bytes(raw) != NULL


def _with_input(block: Raw, given: str) -> Raw:
    """The block with the input that came after it."""
    if not given:
        return block
    try:
        return Raw(_encode({**_object(block), "input": Raw(_encode(msgspec.json.decode(given)))}))
    except UNREADABLE:
        raise Unreadable("the input of a block is malformed") from None


# Kind of the part, and which field of the block has its first text.
FIRST_TEXT: Mapping[str, tuple[PartKind, str]] = {
    "text": (PartKind.TEXT, "text"),
    "thinking": (PartKind.THOUGHT, "thinking"),
}
