"""Streamed answers of OpenAI Responses, read.

Source: platform.openai.com/docs/api-reference/responses-streaming (2026-11). Each item begins, has parts that begin and
end, and ends with all of itself said once more; servers that leave events out are understood by those that come.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_failure import failure_of
from data_plane.codecs.responses_event import StreamEvent
from data_plane.codecs.responses_item import API, CALLS, decode_call, decode_item, decode_logprobs, read_text
from data_plane.codecs.responses_response import decode_usage, stop_of
from data_plane.codecs.sse_data import data_of
from data_plane.llm.content import Opaque, Part, Refusal, Text, Thought, ToolCall
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
from data_plane.llm.response import TokenLogprob

DONE = b"[DONE]"
NULL = b"null"
TEXT, REFUSAL, REASONING, SUMMARY = "output_text", "refusal", "reasoning_text", "reasoning_summary_text"
CALL = "call"
KINDS: Mapping[str, PartKind] = {
    TEXT: PartKind.TEXT,
    REFUSAL: PartKind.REFUSAL,
    REASONING: PartKind.THOUGHT,
    SUMMARY: PartKind.THOUGHT,
    CALL: PartKind.TOOL_CALL,
}
# What kind of part an event says more of.
DELTAS: Mapping[str, str] = {
    "response.output_text.delta": TEXT,
    "response.refusal.delta": REFUSAL,
    "response.reasoning_text.delta": REASONING,
    "response.reasoning_summary_text.delta": SUMMARY,
    "response.function_call_arguments.delta": CALL,
    "response.custom_tool_call_input.delta": CALL,
}
# What kind of part an event says all of. Of calls, their items say it.
DONES: Mapping[str, str] = {
    "response.output_text.done": TEXT,
    "response.refusal.done": REFUSAL,
    "response.reasoning_text.done": REASONING,
    "response.reasoning_summary_text.done": SUMMARY,
}
BEGINS = frozenset(("response.created", "response.queued", "response.in_progress"))
ENDS = frozenset(("response.completed", "response.incomplete", "response.failed"))
STATUSES: Mapping[str, int] = {
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "server_is_overloaded": 503,
}
BAD_GATEWAY = 502

_decode = msgspec.json.Decoder(StreamEvent).decode
Key = tuple[str, int, int]


class ResponsesDecoder:
    """Of one answer. Implements `StreamDecoder`."""

    __slots__ = (
        "_items",  # of which something was given on
        "_part",  # number of the part that is open, or was last
        "_key",  # of the part that is open
        "_seen",  # keys of all parts
        "_is_written",  # whether the part that is open has text
        "_has_call",
        "_has_refusal",
        "_is_started",
        "_is_over",
    )

    def __init__(self) -> None:
        self._items: set[int] = set()
        self._part = -1
        self._key: Key | None = None
        self._seen: set[Key] = set()
        self._is_written = False
        self._has_call = False
        self._has_refusal = False
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
                self._fail(Failed(BAD_GATEWAY, "invalid_upstream_response", f"the upstream's stream: {error}"), events)
        return events

    def close(self) -> list[Event]:
        if self._is_over:
            return []
        self._is_over = True
        return [Failed(BAD_GATEWAY, "upstream_cut_short", "the upstream ended the stream before its end")]

    def _read(self, data: bytes, events: list[Event]) -> None:
        try:
            event = _decode(data)
        except UNREADABLE:
            raise Unreadable("an event is malformed") from None
        kind = event.type
        word = DELTAS.get(kind)
        if word is not None:
            self._delta(word, event, events)
        elif kind == "error" or (not kind and is_said(event.error)):
            self._error(event, data, events)
        elif kind in BEGINS:
            self._start(event, events)
        elif kind in ENDS:
            self._end(event, events)
        elif kind == "keepalive":
            events.append(Alive())
        else:
            self._part_event(kind, event, events)

    def _part_event(self, kind: str, event: StreamEvent, events: list[Event]) -> None:
        """What is not known here is passed over."""
        word = DONES.get(kind)
        if word is not None:
            self._done(word, event, events)
        elif kind == "response.output_item.added":
            self._add_item(event, events)
        elif kind == "response.output_item.done":
            self._finish_item(event, events)
        elif kind == "response.content_part.added":
            part = JsonReader.of(event.part, "part").required_text("type")
            if part in KINDS:
                self._open(_key(part, event), _id_of(event), events)
        elif kind == "response.reasoning_summary_part.added":
            self._open(_key(SUMMARY, event), _id_of(event), events)
        elif kind == "response.output_text.annotation.added" and is_said(event.annotation):
            self._open(_key(TEXT, event), _id_of(event), events)
            events.append(Delta(0, self._part, "", citation=Opaque(API, "annotation", event.annotation)))

    def _start(self, event: StreamEvent, events: list[Event]) -> None:
        """It is said more than once."""
        if self._is_started:
            return
        self._is_started = True
        response = JsonReader.of(event.response, "response")
        id, model, tier = response.text("id"), response.text("model"), response.text("service_tier")
        created = int(response.number("created_at") or 0)
        events.append(Started(id, model, created, service_tier=tier, api=API))

    def _delta(self, word: str, event: StreamEvent, events: list[Event]) -> None:
        key = _key(word, event)
        if key != self._key:
            if word == CALL:
                raise Unreadable("arguments belong to no call that is open")
            self._open(key, _id_of(event), events)
        tokens: list[TokenLogprob] | None = None
        if len(event.logprobs) > 2 and is_said(event.logprobs):
            tokens = decode_logprobs(JsonReader({"logprobs": event.logprobs})) or None
        self._write(read_text(event.delta, "delta"), events, tokens)

    def _done(self, word: str, event: StreamEvent, events: list[Event]) -> None:
        """Only of use if the text has not come before."""
        key = _key(word, event)
        if key in self._seen and (key != self._key or self._is_written):
            return
        raw = event.refusal if word == REFUSAL else event.text
        self._open(key, _id_of(event), events)
        if is_said(raw):
            self._write(read_text(raw, REFUSAL if word == REFUSAL else "text"), events)

    def _open(self, key: Key, id: str, events: list[Event]) -> None:
        if key == self._key:
            return
        word = key[0]
        kind = KINDS[word]
        self._begin(PartStarted(0, 0, kind, id, is_summary=word == SUMMARY), key, events)

    def _begin(self, started: PartStarted, key: Key, events: list[Event]) -> None:
        self._close_part(events)
        if not self._is_started:
            self._is_started = True
            events.append(Started("", "", api=API))
        self._part += 1
        self._key = key
        self._seen.add(key)
        self._items.add(key[1])
        self._is_written = False
        self._has_call = self._has_call or started.kind is PartKind.TOOL_CALL
        self._has_refusal = self._has_refusal or started.kind is PartKind.REFUSAL
        started.part = self._part
        events.append(started)

    def _write(self, text: str, events: list[Event], tokens: list[TokenLogprob] | None = None) -> None:
        if text or tokens:
            self._is_written = True
            events.append(Delta(0, self._part, text, tokens))

    def _close_part(self, events: list[Event]) -> None:
        if self._key is not None:
            self._key = None
            events.append(PartEnded(0, self._part))

    def _add_item(self, event: StreamEvent, events: list[Event]) -> None:
        """Of calls the item says which it is; of others the parts that follow."""
        item = JsonReader.of(event.item, "item")
        kind = item.required_text("type")
        if kind in CALLS:
            call = decode_call(kind, item)
            started = PartStarted(0, 0, PartKind.TOOL_CALL, call.id, call.name, is_custom=call.is_custom)
            self._begin(started, _key(CALL, event), events)

    def _finish_item(self, event: StreamEvent, events: list[Event]) -> None:
        index = event.output_index or 0
        item = JsonReader.of(event.item, "item")
        kind = item.required_text("type")
        if index not in self._items:
            self._write_item(index, kind, item, event.item, events)
            return
        key = self._key
        is_open = key is not None and key[1] == index
        if kind == "reasoning":
            self._seal(index, item, events, is_open=is_open)
        elif kind in CALLS and is_open and not self._is_written:
            self._write(decode_call(kind, item).arguments, events)
        if is_open:
            self._close_part(events)

    def _seal(self, index: int, item: JsonReader, events: list[Event], *, is_open: bool) -> None:
        """What is sealed belongs to the last part of the item, or is one if another item has come between."""
        sealed = item.text("encrypted_content")
        if not sealed:
            return
        if not is_open:
            started = PartStarted(0, 0, PartKind.THOUGHT, item.text("id"), is_summary=True)
            self._begin(started, ("", index, 0), events)
        events.append(Sealed(0, self._part, sealed=sealed))
        if not is_open:
            self._close_part(events)

    def _write_item(self, index: int, kind: str, item: JsonReader, raw: Raw, events: list[Event]) -> None:
        """An item of which nothing has come before."""
        parts: list[Part] = []
        id = item.text("id") if kind == "message" else ""
        decode_item(kind, item, raw, parts)
        for number, part in enumerate(parts):
            key = ("", index, number)
            if isinstance(part, Text | Refusal):
                kind_of_part = PartKind.TEXT if isinstance(part, Text) else PartKind.REFUSAL
                self._begin(PartStarted(0, 0, kind_of_part, id), key, events)
                self._write(part.text, events)
            else:
                self._write_part(part, key, events)
        self._close_part(events)

    def _write_part(self, part: Part, key: Key, events: list[Event]) -> None:
        if isinstance(part, Opaque):
            self._begin(PartStarted(0, 0, PartKind.OPAQUE, opaque=part), key, events)
        elif isinstance(part, ToolCall):
            started = PartStarted(0, 0, PartKind.TOOL_CALL, part.id, part.name, is_custom=part.is_custom)
            self._begin(started, key, events)
            self._write(part.arguments, events)
        elif isinstance(part, Thought):
            self._begin(PartStarted(0, 0, PartKind.THOUGHT, part.id, is_summary=part.is_summary), key, events)
            self._write(part.text, events)
            if part.sealed or part.signature:
                events.append(Sealed(0, self._part, part.signature, part.sealed))

    def _end(self, event: StreamEvent, events: list[Event]) -> None:
        """Servers that stream no items say all of them here."""
        self._start(event, events)
        response = JsonReader.of(event.response, "response")
        status = response.text("status") or event.type.rpartition(".")[2]
        error = response.object("error")
        raw = response.raw("usage")
        usage = decode_usage(raw) if raw is not None else None
        if event.type == "response.failed" or error is not None:
            if usage is not None:
                events.append(UsageKnown(usage))
            code, message = _error_of(error if error is not None else JsonReader({}))
            self._fail(Failed(STATUSES.get(code, BAD_GATEWAY), code or "server_error", message), events)
            return
        if not self._items:
            for index, each in enumerate(response.array("output")):
                item = JsonReader.of(each, f"response.output[{index}]")
                self._write_item(index, item.required_text("type"), item, each, events)
        self._close_part(events)
        details = response.object("incomplete_details")
        reason = details.text("reason") if details is not None else ""
        stop = stop_of(status, reason, calls=self._has_call, refuses=self._has_refusal)
        events.append(CandidateEnded(0, stop, native_stop=reason or status))
        if usage is not None:
            events.append(UsageKnown(usage))
        events.append(Ended())
        self._is_over = True

    def _error(self, event: StreamEvent, data: bytes, events: list[Event]) -> None:
        """Some servers send errors as answers have them."""
        if is_said(event.error):
            failure = failure_of(BAD_GATEWAY, JsonReader.of(data))
            code, message = failure.code, failure.message
        else:
            code, message = _error_of(JsonReader.of(data))
        self._fail(Failed(STATUSES.get(code, BAD_GATEWAY), code or "server_error", message), events)

    def _fail(self, failed: Failed, events: list[Event]) -> None:
        self._is_over = True
        events.append(failed)


def is_said(raw: Raw) -> bool:
    """Whether a field is there, and is not null."""
    return len(raw) > 0 and not (len(raw) == 4 and bytes(raw) == NULL)


def _key(word: str, event: StreamEvent) -> Key:
    """Summaries are counted apart."""
    number = event.summary_index if word == SUMMARY else event.content_index
    return (word, event.output_index or 0, number or 0)


def _id_of(event: StreamEvent) -> str:
    return read_text(event.item_id, "item_id") if is_said(event.item_id) else ""


def _error_of(reader: JsonReader) -> tuple[str, str]:
    return reader.text("code"), reader.text("message")
