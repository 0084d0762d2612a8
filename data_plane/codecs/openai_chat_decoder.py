"""Streamed answers of OpenAI Chat Completions, read.

Source: platform.openai.com/docs/api-reference/chat-streaming (2026-11). Chunks say only what is new; where a part
begins and ends follows from what comes next.
"""

from collections.abc import Sequence

from msgspec import Raw

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.openai_chat_content import read_pieces, read_text
from data_plane.codecs.openai_chat_request import API
from data_plane.codecs.openai_chat_response import decode_logprobs, decode_usage, stop_of
from data_plane.codecs.openai_failure import failure_of
from data_plane.codecs.openai_reasoning import decode_details, decode_signature, has_state
from data_plane.codecs.sse_data import data_of
from data_plane.llm.content import Opaque, Text, Thought
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
from data_plane.llm.response import Stop, TokenLogprob

DONE = b"[DONE]"
ANNOTATION, AUDIO = "annotation", "audio"  # what opaque pieces are called, here and in the encoder
RARE = frozenset(("annotations", "audio"))
MAX_CANDIDATES = 128
MAX_CALLS = 1024


class _Choice:
    """One candidate under way: `kind` is that of the part that is open, `part` its number."""

    __slots__ = ("calls", "ended", "has_input", "is_open", "key", "part")

    def __init__(self) -> None:
        self.part = -1
        self.is_open = False
        self.key: tuple[PartKind, int] | None = None
        self.calls = 0
        self.has_input = False  # of the call that is open
        self.ended = False


class OpenAIChatDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = ("_choices", "_is_over", "_is_started")

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
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
            if data == DONE:
                self._end(events)
                break
            try:
                self._read(JsonReader.of(data), events)
            except Unreadable as error:
                self._fail(Failed(502, "invalid_upstream_response", f"the upstream's stream: {error}"), events)
        return events

    def close(self) -> list[Event]:
        """Some servers leave out `[DONE]`; a finish reason of every candidate says as much."""
        events: list[Event] = []
        if not self._is_over:
            if self._choices and all(each.ended for each in self._choices.values()):
                self._end(events)
            else:
                self._fail(Failed(502, "upstream_cut_short", "the upstream ended the stream before its end"), events)
        return events

    def _end(self, events: list[Event]) -> None:
        """What has no candidate is no answer."""
        if not self._choices:
            failed = Failed(502, "invalid_upstream_response", "the upstream's stream has no answer in it")
            self._fail(failed, events)
            return
        self._is_over = True
        for number, choice in self._choices.items():
            if not choice.ended:
                _end(number, choice, Stop.OTHER, "", events)
        events.append(Ended())

    def _read(self, chunk: JsonReader, events: list[Event]) -> None:
        if chunk.has("error"):
            failure = failure_of(502, chunk)
            self._fail(Failed(failure.status, failure.code or failure.kind.value, failure.message), events)
            return
        choices = chunk.array("choices")
        counted = chunk.raw("usage")
        if not self._is_started and (choices or counted is not None):  # Azure's first chunk tells of filters alone
            self._is_started = True
            created, tier = chunk.integer("created") or 0, chunk.text("service_tier")
            events.append(Started(chunk.text("id"), chunk.text("model"), created, service_tier=tier, api=API))
        for raw in choices:
            self._read_choice(JsonReader.of(raw, "choices"), events)
        if counted is not None:
            events.append(UsageKnown(decode_usage(counted)))

    def _read_choice(self, choice: JsonReader, events: list[Event]) -> None:
        number = choice.integer("index") or 0
        if not 0 <= number < MAX_CANDIDATES:
            raise Unreadable("`choices.index` is out of range")
        state = self._choices.get(number)
        if state is None:
            state = self._choices[number] = _Choice()
        logprobs = choice.object("logprobs")
        tokens = decode_logprobs(logprobs) if logprobs is not None else None
        delta = choice.object("delta")
        if delta is not None and not state.ended:
            _read_delta(number, state, delta, tokens, events)
        word = choice.text("finish_reason")
        if word and not state.ended:
            _end(number, state, stop_of(word, has_calls=state.calls > 0), word, events)

    def _fail(self, failed: Failed, events: list[Event]) -> None:
        self._is_over = True
        events.append(failed)


def _read_delta(
    number: int, state: _Choice, delta: JsonReader, tokens: list[TokenLogprob] | None, events: list[Event]
) -> None:
    thought = delta.text("reasoning_content") or delta.text("reasoning")
    if thought:
        _write(number, state, (PartKind.THOUGHT, 0), thought, events)
    for detail in decode_details(delta):  # their text has come beside them
        if has_state(detail):
            _seal(number, state, detail, events)
    content = delta.raw("content")
    if content is not None or tokens:
        _read_content(number, state, content, tokens, events)
    refusal = delta.text("refusal")
    if refusal:
        _write(number, state, (PartKind.REFUSAL, 0), refusal, events)
    if delta.has_any(RARE):
        _read_rare(number, state, delta, events)
    for raw in delta.array("tool_calls"):
        _read_call(number, state, JsonReader.of(raw, "tool_calls"), events)


def _read_content(
    number: int, state: _Choice, content: Raw | None, tokens: list[TokenLogprob] | None, events: list[Event]
) -> None:
    text = "" if content is None else read_text(content)
    if text is None and content is not None:
        _read_pieces(number, state, content, events)
    if text or tokens:
        _write(number, state, (PartKind.TEXT, 0), text or "", events, tokens)


def _read_pieces(number: int, state: _Choice, content: Raw, events: list[Event]) -> None:
    """Of content that is an array. What is neither text nor thought is a source of the text."""
    for piece in read_pieces(content):
        if isinstance(piece, Text):
            if piece.text:
                _write(number, state, (PartKind.TEXT, 0), piece.text, events)
        elif isinstance(piece, Thought):
            if piece.text:
                _write(number, state, (PartKind.THOUGHT, 0), piece.text, events)
            if piece.signature:
                _seal(number, state, piece, events)
        else:
            _cite(number, state, piece, events)


def _read_rare(number: int, state: _Choice, delta: JsonReader, events: list[Event]) -> None:
    """Sources of the text, and pieces of sound, which only this API has."""
    for raw in delta.array("annotations"):
        _cite(number, state, Opaque(API, ANNOTATION, raw.copy()), events)
    audio = delta.raw("audio")
    if audio is not None:
        _close(number, state, events)
        state.part += 1
        state.key = None
        events.append(PartStarted(number, state.part, PartKind.OPAQUE, opaque=Opaque(API, AUDIO, audio.copy())))
        events.append(PartEnded(number, state.part))


def _cite(number: int, state: _Choice, source: Opaque, events: list[Event]) -> None:
    if state.key != (PartKind.TEXT, 0):
        _begin_part(number, state, (PartKind.TEXT, 0), events)
    events.append(Delta(number, state.part, "", citation=source))


def _read_call(number: int, state: _Choice, call: JsonReader, events: list[Event]) -> None:
    """Fragments of one call have its index; some servers send calls whole, without one."""
    index = call.integer("index")
    id = call.text("id")
    custom = call.object("custom")
    inner = custom or call.object("function") or JsonReader({})
    name, arguments = inner.text("name"), inner.text("input" if custom else "arguments")
    if index is None:
        index = state.calls if id else max(0, state.calls - 1)
    if not 0 <= index < MAX_CALLS:
        raise Unreadable("`tool_calls.index` is out of range")
    key = (PartKind.TOOL_CALL, index)
    if state.key != key:
        if index < state.calls:
            raise Unreadable("`tool_calls`: fragments of several calls are mixed")
        _close(number, state, events)
        state.part += 1
        state.calls = index + 1
        state.key, state.is_open, state.has_input = key, True, custom is not None
        started = PartStarted(number, state.part, PartKind.TOOL_CALL, id, name, is_custom=custom is not None)
        events.append(started)
    if arguments:
        state.has_input = True
        events.append(Delta(number, state.part, arguments))
    signature = decode_signature(call)
    if signature:
        events.append(Sealed(number, state.part, signature=signature))


def _seal(number: int, state: _Choice, detail: Thought, events: list[Event]) -> None:
    """State of the thought that is open, or of one without text."""
    key = (PartKind.THOUGHT, 0)
    if state.key != key:
        _close(number, state, events)
        state.part += 1
        state.key, state.is_open = key, True
        events.append(PartStarted(number, state.part, PartKind.THOUGHT, detail.id, is_summary=detail.is_summary))
    if detail.signature or detail.sealed:
        events.append(Sealed(number, state.part, detail.signature, detail.sealed))


def _write(
    number: int,
    state: _Choice,
    key: tuple[PartKind, int],
    text: str,
    events: list[Event],
    tokens: list[TokenLogprob] | None = None,
) -> None:
    if state.key != key:
        _begin_part(number, state, key, events)
    events.append(Delta(number, state.part, text, tokens))


def _begin_part(number: int, state: _Choice, key: tuple[PartKind, int], events: list[Event]) -> None:
    _close(number, state, events)
    state.part += 1
    state.key, state.is_open = key, True
    events.append(PartStarted(number, state.part, key[0]))


def _close(number: int, state: _Choice, events: list[Event]) -> None:
    if state.is_open:
        state.is_open = False
        if state.key is not None and state.key[0] is PartKind.TOOL_CALL and not state.has_input:
            events.append(Delta(number, state.part, "{}"))
        events.append(PartEnded(number, state.part))


def _end(number: int, state: _Choice, stop: Stop, word: str, events: list[Event]) -> None:
    _close(number, state, events)
    state.ended = True
    events.append(CandidateEnded(number, stop, native_stop=word))
