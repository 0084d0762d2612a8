"""Streamed answers of Bedrock's Converse, read.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (2026-11). Frames are messages
of AWS's event stream. A block begins with its first delta, only that of a tool's call is announced. What was used
comes last, after the stop.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence

import msgspec

from data_plane.codecs.anthropic_block import ANSWER_TOOL
from data_plane.codecs.aws_event_stream import EventMessage, read_message
from data_plane.codecs.bedrock_event import BlockDelta, ReasoningDelta, StreamEvent, ToolUse
from data_plane.codecs.bedrock_failure import STATUSES, bare_name, kind, read_message_of
from data_plane.codecs.bedrock_response import API, SERVER_TOOL, read_stop_sequence, stop_of, usage_of
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import BadGateway
from data_plane.llm.content import Opaque
from data_plane.llm.events import (
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

NO_BLOCK = -1
MAX_SEALED_PIECES = 1024

_decode = msgspec.json.Decoder(StreamEvent).decode


class BedrockDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = (
        "_block",  # index of the block that is open
        "_skipped",  # index of one that no API of clients has a word for
        "_part",  # number of the part
        "_kind",
        "_has_input",
        "_sealed",  # pieces of what replaces a thought
        "_has_calls",
        "_is_answer",  # the tool that stands for the answer was called
        "_is_started",
        "_is_stopped",
        "_is_over",
    )

    def __init__(self) -> None:
        self._block = NO_BLOCK
        self._skipped = NO_BLOCK
        self._part = -1
        self._kind = PartKind.TEXT
        self._has_input = False
        self._sealed: list[str] = []
        self._has_calls = False
        self._is_answer = False
        self._is_started = False
        self._is_stopped = False
        self._is_over = False

    def feed(self, frames: Sequence[bytes]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self._is_over:
                break
            try:
                self._read(read_message(frame), events)
            except BadGateway as error:
                self._fail(502, "invalid_upstream_response", error.message, events)
            except Unreadable as error:
                self._fail(502, "invalid_upstream_response", f"the upstream's stream: {error}", events)
        return events

    def close(self) -> list[Event]:
        """Without usage, an answer may be whole."""
        if self._is_over:
            return []
        self._is_over = True
        if self._is_stopped:
            return [Ended()]
        return [Failed(502, "upstream_cut_short", "the upstream ended the stream before its end")]

    def _read(self, message: EventMessage, events: list[Event]) -> None:
        headers = message.headers
        if headers.get(":message-type") != "event":
            self._refuse(message, events)
            return
        name = headers.get(":event-type")
        try:
            event = _decode(message.payload)
        except UNREADABLE:
            raise Unreadable("an event is malformed") from None
        if not self._is_started:
            self._is_started = True
            events.append(Started("", "", api=API))
        if name == "contentBlockDelta":
            self._read_delta(event, events)
        elif name == "metadata":
            self._end(event, events)
        else:
            self._frame_event(name, event, events)

    def _frame_event(self, name: object, event: StreamEvent, events: list[Event]) -> None:
        """What is not known here is passed over."""
        if name == "contentBlockStart":
            self._start_block(event, events)
        elif name == "contentBlockStop":
            self._skipped = NO_BLOCK
            self._end_block(events)
        elif name == "messageStop":
            self._stop(event, events)

    def _refuse(self, message: EventMessage, events: list[Event]) -> None:
        headers = message.headers
        name = bare_name(str(headers.get(":exception-type") or headers.get(":error-code") or ""))
        try:
            text = read_message_of(JsonReader.of(message.payload))
        except Unreadable:
            text = str(headers.get(":error-message") or "")
        self._fail(STATUSES.get(kind(500, name, text), 500), name or "error", text or "the model failed", events)

    def _start_block(self, event: StreamEvent, events: list[Event]) -> None:
        self._end_block(events)
        index = self._checked_index(event)
        start = event.start
        call = None if start is None else start.tool_use
        if call is None or call.type == SERVER_TOOL:
            self._skipped = index
            return
        self._skipped = NO_BLOCK
        self._start_call(index, call, events)

    def _start_call(self, index: int, call: ToolUse, events: list[Event]) -> None:
        id, name = call.tool_use_id or "", call.name or ""
        self._has_input = False
        if name == ANSWER_TOOL:
            self._is_answer = True
            self._begin(index, PartKind.TOOL_CALL, PartStarted(0, self._part + 1, PartKind.TEXT), events)
            return
        if not id or not name:
            raise Unreadable("the start of a tool's call must have an id and a name")
        self._has_calls = True
        started = PartStarted(0, self._part + 1, PartKind.TOOL_CALL, id, name)
        self._begin(index, PartKind.TOOL_CALL, started, events)

    def _read_delta(self, event: StreamEvent, events: list[Event]) -> None:
        index = self._checked_index(event)
        delta = event.delta
        if delta is None:
            raise Unreadable("`contentBlockDelta` must have a delta")
        if index == self._skipped:
            return
        if delta.text:
            self._ensure(index, PartKind.TEXT, events)
            events.append(Delta(0, self._part, delta.text))
        elif delta.tool_use is not None:
            if index != self._block or self._kind is not PartKind.TOOL_CALL:
                raise Unreadable("the input of a tool belongs to no call")
            self._has_input = self._has_input or bool(delta.tool_use.input)
            self._write(delta.tool_use.input or "", events)
        else:
            self._read_rare(index, delta, events)

    def _read_rare(self, index: int, delta: BlockDelta, events: list[Event]) -> None:
        thought = delta.reasoning_content
        if thought is not None:
            self._ensure(index, PartKind.THOUGHT, events)
            self._read_thought(thought, events)
        elif len(delta.citation) > 4:  # no null
            self._ensure(index, PartKind.TEXT, events)
            events.append(Delta(0, self._part, "", citation=Opaque(API, "citation", delta.citation.copy())))

    def _read_thought(self, thought: ReasoningDelta, events: list[Event]) -> None:
        if thought.text:
            self._write(thought.text, events)
        elif thought.signature:
            events.append(Sealed(0, self._part, signature=thought.signature))
        elif thought.redacted_content:
            if len(self._sealed) == MAX_SEALED_PIECES:
                raise Unreadable("a thought is in too many pieces")
            self._sealed.append(thought.redacted_content)

    def _ensure(self, index: int, kind: PartKind, events: list[Event]) -> None:
        """Blocks of text and of thought begin without a word."""
        if index == self._block and kind is self._kind:
            return
        self._end_block(events)
        self._begin(index, kind, PartStarted(0, self._part + 1, kind), events)

    def _begin(self, index: int, kind: PartKind, started: PartStarted, events: list[Event]) -> None:
        self._block, self._kind, self._part = index, kind, started.part
        events.append(started)

    def _write(self, text: str, events: list[Event]) -> None:
        if text:
            events.append(Delta(0, self._part, text))

    def _checked_index(self, event: StreamEvent) -> int:
        index = event.content_block_index
        if index is None or index < 0 or self._is_stopped:
            raise Unreadable("an event of a block must have its index, and come before the stop")
        return index

    def _end_block(self, events: list[Event]) -> None:
        if self._block == NO_BLOCK:
            return
        self._block = NO_BLOCK
        if self._sealed:
            events.append(Sealed(0, self._part, sealed=_joined(self._sealed)))
            self._sealed = []
        if self._kind is PartKind.TOOL_CALL and not self._has_input:
            events.append(Delta(0, self._part, "{}"))
        events.append(PartEnded(0, self._part))

    def _stop(self, event: StreamEvent, events: list[Event]) -> None:
        if self._is_stopped:
            raise Unreadable("`messageStop` must come once")
        self._end_block(events)
        self._is_stopped = True
        word = event.stop_reason or ""
        stop = stop_of(word, has_calls=self._has_calls, is_answer=self._is_answer)
        events.append(CandidateEnded(0, stop, read_stop_sequence(event.additional_model_response_fields), word))

    def _end(self, event: StreamEvent, events: list[Event]) -> None:
        if event.usage is not None:
            events.append(UsageKnown(usage_of(event.usage)))
        if self._is_stopped:
            self._is_over = True
            events.append(Ended())

    def _fail(self, status: int, code: str, message: str, events: list[Event]) -> None:
        self._is_over = True
        events.append(Failed(status, code, message))


def _joined(pieces: list[str]) -> str:
    """Each piece is base64 of its own."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
    except ValueError:
        raise Unreadable("`redactedContent` must be base64") from None
