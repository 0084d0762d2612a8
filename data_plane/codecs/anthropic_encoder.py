"""Streamed answers of Anthropic Messages, as the SDKs expect them.

Source: docs.anthropic.com/en/build-with-claude/streaming (2026-11). Blocks follow one another, numbered without a gap.
What ends the answer waits for the last of usage, which others tell after it.
"""

from collections.abc import Sequence

import msgspec

from data_plane.codecs.anthropic_block import API
from data_plane.codecs.anthropic_block_encode import Json
from data_plane.codecs.anthropic_failure import type_of
from data_plane.codecs.anthropic_response import MALFORMED_TOOL, STOP_REASONS, encode_usage
from data_plane.codecs.foreign_state import seal_call, seal_thought
from data_plane.llm.content import Thought
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
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import Stop
from data_plane.usage import Usage

ALIVE = b'event: ping\ndata: {"type":"ping"}\n\n'
STOPPED = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
# Of a delta: index, type, field and value.
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
TEXT = (b"text_delta", b"text")
THINKING = (b"thinking_delta", b"thinking")
SIGNATURE = (b"signature_delta", b"signature")
INPUT = (b"input_json_delta", b"partial_json")
CITATION = (b"citations_delta", b"citation")

_encode = msgspec.json.Encoder().encode


class AnthropicEncoder:
    """Of one answer to a request. Implements `StreamEncoder`."""

    __slots__ = (
        "_api",  # that of the provider
        "_usage",
        "_index",  # of the block that is open, or was last
        "_part",  # that is open
        "_is_open",  # whether the client knows of its block
        "_field",  # in which its deltas go
        "_thought",  # what belongs to it, and has no field of its own here
        "_signature",  # of a call
        "_stop",
        "_is_refusal",
        "_is_over",
    )

    def __init__(self, request: GenerateRequest) -> None:
        self._api = ""
        self._usage = Usage()
        self._index = -1
        self._part = PartStarted(0, -1, PartKind.TEXT)
        self._is_open = False
        self._field = TEXT
        self._thought = Thought()
        self._signature = ""
        self._stop: CandidateEnded | None = None
        self._is_refusal = False
        self._is_over = False

    def feed(self, events: Sequence[Event]) -> list[bytes]:
        frames: list[bytes] = []
        for event in events:
            if self._is_over:
                break
            if isinstance(event, Delta):
                if event.candidate == 0:
                    self._delta(event, frames)
            elif isinstance(event, PartStarted | Sealed | PartEnded):
                if event.candidate == 0:
                    self._part_event(event, frames)
            else:
                self._frame_event(event, frames)
        return frames

    def _frame_event(self, event: Event, frames: list[bytes]) -> None:
        """What is about the answer, not its parts."""
        if isinstance(event, Started):
            self._start(event, frames)
        elif isinstance(event, UsageKnown):
            self._usage = event.usage
        elif isinstance(event, CandidateEnded):
            if event.candidate == 0:
                self._stop = event
        elif isinstance(event, Alive):
            frames.append(ALIVE)
        elif isinstance(event, Failed):
            self._fail(event.status, event.message, frames)
        elif isinstance(event, Ended):
            self._end(frames)

    def _start(self, started: Started, frames: list[bytes]) -> None:
        self._api = started.api
        self._usage = started.usage or self._usage
        message: Json = {
            "id": started.id,
            "type": "message",
            "role": "assistant",
            "model": started.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": encode_usage(self._usage, started.service_tier),
        }
        frames.append(_frame("message_start", {"message": message}))

    def _part_event(self, event: PartStarted | Sealed | PartEnded, frames: list[bytes]) -> None:
        if isinstance(event, PartStarted):
            self._part = event
            self._signature = ""
            self._open(event, frames)
        elif isinstance(event, Sealed):
            self._seal(event, frames)
        else:
            self._close(frames)

    def _open(self, part: PartStarted, frames: list[bytes]) -> None:
        """A thought is not opened before it is known whether there is text."""
        if part.kind is PartKind.TEXT or part.kind is PartKind.REFUSAL:
            self._is_refusal = self._is_refusal or part.kind is PartKind.REFUSAL
            self._begin({"type": "text", "text": ""}, TEXT, frames)
        elif part.kind is PartKind.TOOL_CALL:
            self._begin({"type": "tool_use", "id": part.id, "name": part.name, "input": {}}, INPUT, frames)
            if part.is_custom:  # free text is the one field of an object
                frames.append(DELTA % (self._index, *INPUT, _encode('{"input":"')))
        elif part.kind is PartKind.THOUGHT:
            self._thought = Thought(api=self._api, id=part.id, is_summary=part.is_summary)
        elif part.opaque is not None and part.opaque.api == API:
            self._index += 1
            self._is_open = True
            block = {"index": self._index, "content_block": part.opaque.raw}
            frames.append(_frame("content_block_start", block))

    def _begin(self, block: Json, field: tuple[bytes, bytes], frames: list[bytes]) -> None:
        self._index += 1
        self._is_open = True
        self._field = field
        frames.append(_frame("content_block_start", {"index": self._index, "content_block": block}))

    def _delta(self, event: Delta, frames: list[bytes]) -> None:
        kind = self._part.kind
        if kind is PartKind.THOUGHT and not self._is_open:
            self._begin({"type": "thinking", "thinking": "", "signature": ""}, THINKING, frames)
        if not self._is_open or kind is PartKind.OPAQUE:
            return
        citation = event.citation
        if citation is not None:
            if citation.api == API:
                frames.append(DELTA % (self._index, *CITATION, bytes(citation.raw)))
        elif event.text:
            value = _encode(event.text)
            if self._part.is_custom:
                value = _encode(value[1:-1].decode())
            type, name = self._field
            frames.append(DELTA % (self._index, type, name, value))

    def _seal(self, event: Sealed, frames: list[bytes]) -> None:
        if self._part.kind is PartKind.TOOL_CALL:
            self._signature += event.signature
        elif self._part.kind is PartKind.THOUGHT:
            self._thought.signature += event.signature
            self._thought.sealed += event.sealed

    def _close(self, frames: list[bytes]) -> None:
        if self._part.kind is PartKind.THOUGHT:
            self._close_thought(frames)
        elif self._part.is_custom and self._is_open:
            frames.append(DELTA % (self._index, *INPUT, _encode('"}')))
        self._stop_block(frames)
        if self._signature:
            data = seal_call(self._part.id, self._signature)
            self._begin({"type": "redacted_thinking", "data": data}, TEXT, frames)
            self._stop_block(frames)

    def _close_thought(self, frames: list[bytes]) -> None:
        """A signature comes last in its block."""
        thought = self._thought
        is_own = thought.api == API or not thought.api
        signature = thought.signature if is_own else seal_thought(thought)
        if self._is_open:
            if signature:
                frames.append(DELTA % (self._index, *SIGNATURE, _encode(signature)))
        elif thought.sealed or (thought.signature and not is_own):
            data = thought.sealed if is_own else signature
            self._begin({"type": "redacted_thinking", "data": data}, TEXT, frames)
        elif thought.signature:
            self._begin({"type": "thinking", "thinking": "", "signature": ""}, THINKING, frames)
            frames.append(DELTA % (self._index, *SIGNATURE, _encode(signature)))

    def _stop_block(self, frames: list[bytes]) -> None:
        if self._is_open:
            self._is_open = False
            frames.append(_frame("content_block_stop", {"index": self._index}))

    def _end(self, frames: list[bytes]) -> None:
        stop = self._stop or CandidateEnded(0, Stop.OTHER)
        if stop.stop is Stop.MALFORMED_TOOL:
            self._fail(502, MALFORMED_TOOL, frames)
            return
        reason = STOP_REASONS[Stop.REFUSAL if self._is_refusal else stop.stop]
        delta: Json = {"stop_reason": reason, "stop_sequence": stop.stop_sequence}
        if self._api == API:
            delta.update(stop.extras)
        usage = encode_usage(self._usage)
        usage.pop("cache_creation", None)  # told at the start only
        frames.append(_frame("message_delta", {"delta": delta, "usage": usage}))
        frames.append(STOPPED)
        self._is_over = True

    def _fail(self, status: int, message: str, frames: list[bytes]) -> None:
        self._is_over = True
        frames.append(_frame("error", {"error": {"type": type_of(status), "message": message}}))


def _frame(name: str, body: Json) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encode({"type": name, **body}))
