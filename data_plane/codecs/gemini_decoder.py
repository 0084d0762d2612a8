"""Streamed answers of Gemini's streamGenerateContent, read, as Server-Sent Events.

Source: ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (v1beta, 2026-11). Each chunk is an
answer with what is new; usage is all until now. Nothing ends the stream: what was last said of each candidate does.
"""

from collections.abc import Sequence

from msgspec import Raw

from data_plane.codecs.gemini_failure import WORDS, failure_of
from data_plane.codecs.gemini_fields import API, proto_reader
from data_plane.codecs.gemini_part import SIGNATURE, CallIds, decode_part
from data_plane.codecs.gemini_partial import PartialCall, is_piece
from data_plane.codecs.gemini_response import (
    FEEDBACK,
    UNSPECIFIED,
    USAGE,
    blocked,
    decode_logprobs,
    decode_time,
    decode_usage,
    index_of,
    stop_of,
)
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.sse_data import data_of
from data_plane.llm.content import Audio, Document, Image, Opaque, Part, Refusal, Text, Thought, ToolCall
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
from data_plane.llm.response import TokenLogprob
from data_plane.usage import Usage

MAX_CANDIDATES = 128
MAX_PARTS = 100_000


class _Candidate:
    """One under way: `kind` is that of the part that is open, `part` the number of the last one."""

    __slots__ = ("extras", "has_calls", "ids", "kind", "part", "partial", "word")

    def __init__(self, seed: str) -> None:
        self.ids = CallIds(seed)
        self.part = -1
        self.kind: PartKind | None = None
        self.has_calls = False
        self.partial: PartialCall | None = None
        self.word = ""
        self.extras: dict[str, Raw] = {}


class GeminiDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = ("_candidates", "_feedback", "_id", "_is_over", "_is_started", "_usage")

    def __init__(self) -> None:
        self._candidates: dict[int, _Candidate] = {}
        self._feedback: Raw | None = None
        self._id = ""
        self._is_started = False
        self._is_over = False
        self._usage: Usage | None = None

    def feed(self, frames: Sequence[bytes]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self._is_over:
                break
            # An error of the front ends may come as such, in no event.
            data = frame.strip() if frame[:1] in (b"{", b"[") else data_of(frame)
            if not data:
                continue
            try:
                self._read(data, events)
            except Unreadable as error:
                self._fail(Failed(502, "invalid_upstream_response", f"the upstream's stream: {error}"), events)
        return events

    def close(self) -> list[Event]:
        """It was whole if each candidate has said why it ended, or the prompt was refused."""
        if self._is_over:
            return []
        self._is_over = True
        events: list[Event] = []
        if not self._candidates and self._feedback is not None:
            self._refuse(self._feedback, events)
        elif not self._candidates or not all(each.word for each in self._candidates.values()):
            return [Failed(502, "upstream_cut_short", "the upstream ended the stream before its end")]
        for number, state in self._candidates.items():
            _end_call(number, state, events)
            _close(number, state, events)
            stop = stop_of(state.word, has_calls=state.has_calls)
            events.append(CandidateEnded(number, stop, native_stop=state.word, extras=state.extras))
        return [*events, Ended()]

    def _read(self, data: bytes, events: list[Event]) -> None:
        if data[:1] == b"[":
            self._error(data, events)
            return
        chunk = proto_reader(data, "")
        if chunk.has("error"):
            self._error(data, events)
            return
        candidates = chunk.array("candidates")
        feedback, usage = chunk.raw(FEEDBACK), chunk.raw(USAGE)
        if not self._is_started:
            self._start(chunk, feedback, events)
        for raw in candidates:
            self._read_candidate(JsonReader.of(raw, "candidates"), events)
        counted = decode_usage(usage) if usage is not None else None
        if counted is not None and counted != self._usage:
            self._usage = counted
            events.append(UsageKnown(counted))

    def _start(self, chunk: JsonReader, feedback: Raw | None, events: list[Event]) -> None:
        self._is_started = True
        self._id = chunk.text("responseId")
        self._feedback = feedback
        model, time = chunk.text("modelVersion"), chunk.raw("createTime")
        created = decode_time(time) if time is not None else 0
        extras = chunk.rest()
        if feedback is not None:
            extras[FEEDBACK] = feedback
        events.append(Started(self._id, model, created, extras=extras, api=API))

    def _error(self, data: bytes, events: list[Event]) -> None:
        failure = failure_of(0, data)
        code = failure.code or WORDS.get(failure.status, "INTERNAL")
        self._fail(Failed(failure.status, code, failure.message), events)

    def _fail(self, failed: Failed, events: list[Event]) -> None:
        self._is_over = True
        events.append(failed)

    def _refuse(self, feedback: Raw, events: list[Event]) -> None:
        try:
            refusal = blocked(feedback)
        except Unreadable:
            refusal = blocked(None)
        for number, part in enumerate(refusal.parts):
            if isinstance(part, Refusal):
                events += [PartStarted(0, number, PartKind.REFUSAL), Delta(0, number, part.text), PartEnded(0, number)]
        events.append(CandidateEnded(0, refusal.stop, native_stop=refusal.native_stop))

    def _read_candidate(self, reader: JsonReader, events: list[Event]) -> None:
        number = index_of(reader)
        if not 0 <= number < MAX_CANDIDATES:
            raise Unreadable("`candidates.index` is out of range")
        reader.raw("index")
        state = self._candidates.get(number)
        if state is None:
            state = self._candidates[number] = _Candidate(f"{self._id}.{number}")
        content, logprobs = reader.object("content"), reader.object("logprobsResult")
        tokens = decode_logprobs(logprobs) if logprobs is not None else None
        if content is not None:
            for raw in content.array("parts"):
                tokens = _read_part(number, state, raw, tokens, events)
        if tokens:
            _write(number, state, PartKind.TEXT, "", tokens, events)
        word = reader.text("finishReason")
        if word != UNSPECIFIED:
            state.word = word or state.word
        state.extras.update(reader.rest())


def _read_part(
    number: int, state: _Candidate, raw: Raw, tokens: list[TokenLogprob] | None, events: list[Event]
) -> list[TokenLogprob] | None:
    """Gives back the tokens that the part did not take: the first text has all of a chunk."""
    if state.part > MAX_PARTS:
        raise Unreadable("`candidates.content.parts` are too many")
    reader = proto_reader(raw, "candidates.content.parts")
    if is_piece(raw, is_open=state.partial is not None):
        _read_piece(number, state, reader, events)
        return tokens
    part = decode_part(reader, raw, state.ids)
    if isinstance(part, Text):
        _write(number, state, PartKind.TEXT, part.text, tokens, events)
        _seal(number, state, JsonReader(part.extras).text(SIGNATURE), events)
        return None
    if isinstance(part, Thought):
        _write(number, state, PartKind.THOUGHT, part.text, None, events)
        _seal(number, state, part.signature, events)
    elif isinstance(part, ToolCall):
        _call(number, state, part, events)
    elif part is not None:
        _whole(number, state, part, raw, events)
    return tokens


def _write(
    number: int,
    state: _Candidate,
    kind: PartKind,
    text: str,
    tokens: list[TokenLogprob] | None,
    events: list[Event],
) -> None:
    if state.kind is not kind:
        _close(number, state, events)
        state.part += 1
        state.kind = kind
        events.append(PartStarted(number, state.part, kind, is_summary=kind is PartKind.THOUGHT))
    if text or tokens:
        events.append(Delta(number, state.part, text, tokens))


def _seal(number: int, state: _Candidate, signature: str, events: list[Event]) -> None:
    """What comes after a signature is another part: it was not signed with this one."""
    if signature:
        events.append(Sealed(number, state.part, signature))
        _close(number, state, events)


def _call(number: int, state: _Candidate, call: ToolCall, events: list[Event]) -> None:
    _close(number, state, events)
    state.part += 1
    state.has_calls = True
    events.append(PartStarted(number, state.part, PartKind.TOOL_CALL, call.id, call.name))
    events.append(Delta(number, state.part, call.arguments))
    if call.signature:
        events.append(Sealed(number, state.part, call.signature))
    events.append(PartEnded(number, state.part))


def _whole(number: int, state: _Candidate, part: Part, raw: Raw, events: list[Event]) -> None:
    """What does not come in pieces."""
    kind = {Image: "image", Audio: "audio", Document: "document"}.get(type(part), "part")
    opaque = part if isinstance(part, Opaque) else Opaque(API, kind, raw)
    _close(number, state, events)
    state.part += 1
    events.append(PartStarted(number, state.part, PartKind.OPAQUE, opaque=opaque))
    events.append(PartEnded(number, state.part))


def _read_piece(number: int, state: _Candidate, reader: JsonReader, events: list[Event]) -> None:
    if state.partial is None:
        state.partial = PartialCall()
    if not state.partial.feed(reader):
        _end_call(number, state, events)


def _end_call(number: int, state: _Candidate, events: list[Event]) -> None:
    """A call that came in pieces is told whole."""
    if state.partial is not None:
        _call(number, state, state.partial.call(state.ids), events)
        state.partial = None


def _close(number: int, state: _Candidate, events: list[Event]) -> None:
    if state.kind is not None:
        state.kind = None
        events.append(PartEnded(number, state.part))
