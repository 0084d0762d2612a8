"""Streamed answers of Cohere's chat, read.

Source: docs.cohere.com/docs/streaming, docs.cohere.com/docs/tool-use-streaming (v2, 2026-11).
Text, thoughts and calls say where they begin and end; a plan for tools only comes.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.cohere_event import Call, ChatEvent, Content, EventDelta
from data_plane.codecs.cohere_failure import kind
from data_plane.codecs.cohere_response import API, FAILED, logprob_of, stop_of, usage_of
from data_plane.codecs.json_reader import UNREADABLE, Unreadable
from data_plane.codecs.sse_data import data_of
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
    Started,
    UsageKnown,
)
from data_plane.llm.response import TokenLogprob

DONE = b"[DONE]"
UNREADABLE_CODE, CUT_SHORT = "invalid_upstream_response", "upstream_cut_short"

_decode = msgspec.json.Decoder(ChatEvent).decode
_citations = msgspec.json.Decoder(list[Raw]).decode


class CohereDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = ("_has_calls", "_has_input", "_is_over", "_is_started", "_kind", "_part")

    def __init__(self) -> None:
        self._part = -1
        self._kind: PartKind | None = None  # of the part that is open
        self._has_input = False  # of the call that is open
        self._has_calls = False
        self._is_started = False
        self._is_over = False

    def feed(self, frames: Sequence[bytes]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self._is_over:
                break
            data = data_of(frame)
            if not data or data == DONE:
                continue
            try:
                self._read(data, events)
            except Unreadable as error:
                self._fail(502, UNREADABLE_CODE, f"the upstream's stream: {error}", events)
        return events

    def close(self) -> list[Event]:
        if self._is_over:
            return []
        self._is_over = True
        return [Failed(502, CUT_SHORT, "the upstream ended the stream before its end")]

    def _read(self, data: bytes, events: list[Event]) -> None:
        try:
            event = _decode(data)
        except UNREADABLE:
            raise Unreadable("an event is malformed") from None
        name, delta = event.type, event.delta
        if not name and event.message is not None:
            self._fail(500, kind(500, event.message).value, event.message, events)
            return
        if not self._is_started:
            self._is_started = True
            events.append(Started(event.id or "", "", api=API))
        if delta is None:
            self._end_of(name, events)
        elif name == "content-delta":
            self._content(delta, event, events)
        elif name == "message-end":
            self._stop(delta, events)
        else:
            self._rare(name, delta, event, events)

    def _end_of(self, name: str, events: list[Event]) -> None:
        """Events without a delta: what ends a part, and what is not known here."""
        if name in ("content-end", "tool-call-end"):
            self._end_part(events)

    def _rare(self, name: str, delta: EventDelta, event: ChatEvent, events: list[Event]) -> None:
        """What comes once for each part. What is not known here is passed over."""
        message = delta.message
        if message is None:
            return
        if name == "content-start":
            self._end_part(events)
            self._content(delta, event, events)
        elif name == "tool-plan-delta":
            self._write(PartKind.THOUGHT, message.tool_plan or "", None, events)
        elif name in ("tool-call-start", "tool-call-delta"):
            call = message.tool_calls
            if not isinstance(call, Call):
                raise Unreadable("`tool_calls` must be an object")
            if name == "tool-call-start":
                self._start_call(call, events)
            self._input(call, events)
        elif name == "citation-start" and self._kind is PartKind.TEXT:
            self._cite(message.citations, events)

    def _content(self, delta: EventDelta, event: ChatEvent, events: list[Event]) -> None:
        content = None if delta.message is None else delta.message.content
        if not isinstance(content, Content):
            raise Unreadable("`content` must be an object")
        found = None if event.logprobs is None else logprob_of(event.logprobs)
        logprobs = None if found is None else [found]
        if content.thinking:
            self._write(PartKind.THOUGHT, content.thinking, logprobs, events)
        elif content.text or logprobs:
            self._write(PartKind.TEXT, content.text or "", logprobs, events)

    def _start_call(self, call: Call, events: list[Event]) -> None:
        function = call.function
        if not call.id or function is None or not function.name:
            raise Unreadable("the start of a call must have an id and a name")
        self._has_calls = True
        self._has_input = False
        self._begin(PartKind.TOOL_CALL, call.id, function.name, events)

    def _input(self, call: Call, events: list[Event]) -> None:
        if self._kind is not PartKind.TOOL_CALL:
            raise Unreadable("the arguments of a tool belong to no call")
        arguments = None if call.function is None else call.function.arguments
        if arguments:
            self._has_input = True
            events.append(Delta(0, self._part, arguments))

    def _cite(self, citations: Raw, events: list[Event]) -> None:
        """One or several; of text only."""
        if len(citations) <= 4:  # null, or nothing
            return
        try:
            several = _citations(citations) if bytes(citations)[:1] == b"[" else [citations]
        except UNREADABLE:
            raise Unreadable("`citations` is malformed") from None
        for each in several:
            events.append(Delta(0, self._part, "", citation=Opaque(API, "citation", each.copy())))

    def _write(self, kind: PartKind, text: str, logprobs: list[TokenLogprob] | None, events: list[Event]) -> None:
        if not text and not logprobs:
            return
        if self._kind is not kind:
            self._begin(kind, "", "", events)
        events.append(Delta(0, self._part, text, logprobs))

    def _begin(self, kind: PartKind, id: str, name: str, events: list[Event]) -> None:
        self._end_part(events)
        self._part += 1
        self._kind = kind
        events.append(PartStarted(0, self._part, kind, id, name))

    def _end_part(self, events: list[Event]) -> None:
        if self._kind is None:
            return
        if self._kind is PartKind.TOOL_CALL and not self._has_input:
            events.append(Delta(0, self._part, "{}"))
        self._kind = None
        events.append(PartEnded(0, self._part))

    def _stop(self, delta: EventDelta, events: list[Event]) -> None:
        word = delta.finish_reason or ""
        if delta.usage is not None:
            events.append(UsageKnown(usage_of(delta.usage)))
        if word in FAILED or delta.error:
            status = FAILED.get(word, 500)
            self._fail(status, kind(status, "").value, delta.error or f"the model has broken off: {word}", events)
            return
        self._end_part(events)
        events.append(CandidateEnded(0, stop_of(word, has_calls=self._has_calls), native_stop=word))
        events.append(Ended())
        self._is_over = True

    def _fail(self, status: int, code: str, message: str, events: list[Event]) -> None:
        self._is_over = True
        events.append(Failed(status, code, message))
