"""Streamed answers of OpenAI Responses, as the SDKs expect them.

Source: platform.openai.com/docs/api-reference/responses-streaming (2026-11). Every event is numbered; an item begins,
its parts begin, grow and end, and it ends with all of it said again, as does the answer.
"""

from collections.abc import Sequence

import msgspec

from data_plane.codecs.responses_item import API
from data_plane.codecs.responses_item_encode import (
    COMPLETED,
    IN_PROGRESS,
    Ids,
    Json,
    encode_call,
    encode_logprobs,
    sealed_of,
    signature_item,
)
from data_plane.codecs.responses_response import (
    FAILED,
    INCOMPLETE,
    add_tier,
    encode_head,
    encode_outcome,
    encode_usage,
)
from data_plane.llm.content import Thought, ToolCall
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
from data_plane.llm.response import Stop, TokenLogprob
from data_plane.usage import Usage

ALIVE = b": \n\n"
# Of a delta: event, event, number, where it belongs, and its text; then what else there is.
DELTA = b'event: %b.delta\ndata: {"type":"%b.delta","sequence_number":%d,%b,"delta":%b%b}\n\n'
TEXT, REFUSAL = b"response.output_text", b"response.refusal"
REASONING, SUMMARY = b"response.reasoning_text", b"response.reasoning_summary_text"
ARGUMENTS, INPUT = b"response.function_call_arguments", b"response.custom_tool_call_input"
NO_LOGPROBS = b',"logprobs":[]'
TOO_MANY_REQUESTS = 429
# Words that the SDKs know for why an answer has failed, beside those about pictures.
FAILURE_CODES = frozenset(("server_error", "rate_limit_exceeded", "invalid_prompt"))

_encode = msgspec.json.Encoder().encode


class ResponsesEncoder:
    """Of one answer to a request. Implements `StreamEncoder`."""

    __slots__ = (
        "_api",  # that of the provider
        "_head",  # what every form of the answer has
        "_ids",
        "_number",  # of the next event
        "_items",  # that have ended
        "_item",  # that is open
        "_item_id",  # the provider's id of it
        "_part",  # that is open
        "_event",  # by which its deltas go
        "_place",  # where they belong, encoded
        "_where",  # the same
        "_texts",  # of it, until now
        "_logprobs",
        "_citations",
        "_state",  # what is sealed of it
        "_usage",
        "_stop",
        "_has_refusal",
        "_is_over",
    )

    def __init__(self, request: GenerateRequest) -> None:
        self._api = ""
        self._head: Json = {}
        self._ids = Ids("")
        self._number = 0
        self._items: list[object] = []
        self._item: Json | None = None
        self._item_id = ""
        self._part = PartStarted(0, -1, PartKind.AUDIO)
        self._event = b""
        self._place = b""
        self._where: Json = {}
        self._texts: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._citations: list[object] = []
        self._state = Thought()
        self._usage: Usage | None = None
        self._stop: CandidateEnded | None = None
        self._has_refusal = False
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
            self._fail(event, frames)
        elif isinstance(event, Ended):
            self._end(frames)

    def _start(self, started: Started, frames: list[bytes]) -> None:
        self._api = started.api
        self._usage = started.usage
        self._ids = Ids(started.id)
        self._head = encode_head(started.id, started.created, started.model)
        add_tier(self._head, started.service_tier, is_own=started.api == API)
        outcome = encode_outcome(Stop.END, "", refuses=False)
        response = {**self._head, **outcome, "status": IN_PROGRESS, "output": [], "usage": None}
        self._send("response.created", {"response": response}, frames)
        self._send("response.in_progress", {"response": response}, frames)

    def _part_event(self, event: PartStarted | Sealed | PartEnded, frames: list[bytes]) -> None:
        if isinstance(event, Sealed):
            self._state.signature += event.signature
            self._state.sealed += event.sealed
        elif isinstance(event, PartEnded):
            self._end_part(frames)
        else:
            self._part = event
            self._event = b""
            self._texts = []
            self._logprobs = []
            self._citations = []
            self._begin_part(event, frames)

    def _begin_part(self, part: PartStarted, frames: list[bytes]) -> None:
        """A thought has no part before it is known whether there is text."""
        kind = part.kind
        self._state = Thought(api=self._api, id=part.id, is_summary=part.is_summary)
        if kind is PartKind.TEXT or kind is PartKind.REFUSAL:
            self._begin_content(part, frames)
        elif kind is PartKind.TOOL_CALL:
            call = ToolCall(self._ids.make_call(part.id), part.name, "", part.is_custom)
            item = encode_call(call, call.id)
            if not part.is_custom:
                item["status"] = IN_PROGRESS
            self._begin_item(item, "", frames)
            self._begin_deltas(INPUT if part.is_custom else ARGUMENTS, "", 0)
        elif kind is PartKind.THOUGHT:
            if not self._is_within("reasoning", part.id):
                self._begin_item({"type": "reasoning", "summary": []}, part.id if self._api == API else "", frames)
        elif part.opaque is not None and part.opaque.api == API:
            self._end_item(frames)
            whole = {"output_index": len(self._items), "item": part.opaque.raw}
            self._send("response.output_item.added", whole, frames)
            self._send("response.output_item.done", whole, frames)
            self._items.append(part.opaque.raw)

    def _is_within(self, kind: str, id: str) -> bool:
        """Whether a part belongs to the item that is open."""
        item = self._item
        if item is None or item["type"] != kind:
            return False
        return id == self._item_id if id else kind == "message"

    def _begin_item(self, item: Json, id: str, frames: list[bytes]) -> None:
        self._end_item(frames)
        item["id"] = self._ids.make(str(item["type"]), id)
        self._item = item
        self._item_id = id
        self._send("response.output_item.added", {"output_index": len(self._items), "item": item}, frames)

    def _begin_content(self, part: PartStarted, frames: list[bytes]) -> None:
        if not self._is_within("message", part.id):
            item: Json = {"type": "message", "status": IN_PROGRESS, "role": "assistant", "content": []}
            self._begin_item(item, part.id, frames)
        is_text = part.kind is PartKind.TEXT
        self._has_refusal = self._has_refusal or not is_text
        self._begin_deltas(TEXT if is_text else REFUSAL, "content_index", self._count("content"))
        self._send("response.content_part.added", {**self._where, "part": self._content("", is_new=True)}, frames)

    def _begin_thought(self, frames: list[bytes]) -> None:
        if self._part.is_summary:
            self._begin_deltas(SUMMARY, "summary_index", self._count("summary"))
            body = {**self._where, "part": {"type": "summary_text", "text": ""}}
            self._send("response.reasoning_summary_part.added", body, frames)
        else:
            self._begin_deltas(REASONING, "content_index", self._count("content"))
            body = {**self._where, "part": {"type": "reasoning_text", "text": ""}}
            self._send("response.content_part.added", body, frames)

    def _begin_deltas(self, event: bytes, counted: str, number: int) -> None:
        self._event = event
        item = self._item or {}
        self._where = {"item_id": item["id"], "output_index": len(self._items)}
        if counted:
            self._where[counted] = number
        self._place = _encode(self._where)[1:-1]

    def _delta(self, event: Delta, frames: list[bytes]) -> None:
        citation = event.citation
        if citation is not None:
            if citation.api == API and self._event == TEXT:
                body = {**self._where, "annotation_index": len(self._citations), "annotation": citation.raw}
                self._send("response.output_text.annotation.added", body, frames)
                self._citations.append(citation.raw)
            return
        if self._part.kind is PartKind.THOUGHT and not self._event and event.text:
            self._begin_thought(frames)
        if self._event:
            self._write(event.text, event.logprobs, frames)

    def _write(self, text: str, tokens: list[TokenLogprob] | None, frames: list[bytes]) -> None:
        event = self._event
        rest = b""
        if event == TEXT:
            rest = NO_LOGPROBS
            if tokens:
                self._logprobs += tokens
                rest = b',"logprobs":' + _encode(encode_logprobs(tokens, is_whole=False))
        elif not text:
            return
        self._texts.append(text)
        frames.append(DELTA % (event, event, self._number, self._place, _encode(text), rest))
        self._number += 1

    def _end_part(self, frames: list[bytes]) -> None:
        kind = self._part.kind
        if kind is PartKind.TEXT or kind is PartKind.REFUSAL:
            self._end_content(frames)
        elif kind is PartKind.THOUGHT:
            self._end_thought(frames)
        elif kind is PartKind.TOOL_CALL:
            self._end_call(frames)

    def _end_content(self, frames: list[bytes]) -> None:
        text = "".join(self._texts)
        if self._event == TEXT:
            tokens = encode_logprobs(self._logprobs, is_whole=False)
            self._send("response.output_text.done", {**self._where, "text": text, "logprobs": tokens}, frames)
        else:
            self._send("response.refusal.done", {**self._where, "refusal": text}, frames)
        part = self._content(text, is_new=False)
        self._send("response.content_part.done", {**self._where, "part": part}, frames)
        self._append("content", part)

    def _end_thought(self, frames: list[bytes]) -> None:
        """What is sealed ends its item."""
        if self._event:
            self._end_thought_text("".join(self._texts), frames)
        sealed = sealed_of(self._state)
        item = self._item
        if sealed and item is not None:
            item["encrypted_content"] = sealed
            self._end_item(frames)

    def _end_thought_text(self, text: str, frames: list[bytes]) -> None:
        is_summary = self._event == SUMMARY
        self._send(f"{self._event.decode()}.done", {**self._where, "text": text}, frames)
        part: Json = {"type": "summary_text" if is_summary else "reasoning_text", "text": text}
        name = "response.reasoning_summary_part.done" if is_summary else "response.content_part.done"
        self._send(name, {**self._where, "part": part}, frames)
        self._append("summary" if is_summary else "content", part)

    def _end_call(self, frames: list[bytes]) -> None:
        """No arguments at all are those of no parameters."""
        is_custom = self._part.is_custom
        field = "input" if is_custom else "arguments"
        if not self._texts and not is_custom:
            self._write("{}", None, frames)
        text = "".join(self._texts)
        self._send(f"{self._event.decode()}.done", {**self._where, field: text}, frames)
        item = self._item or {}
        item[field] = text
        call_id, signature = str(item["call_id"]), self._state.signature
        self._end_item(frames)
        if signature:
            self._begin_item(signature_item(call_id, signature), "", frames)
            self._end_item(frames)

    def _end_item(self, frames: list[bytes], status: str = COMPLETED) -> None:
        item = self._item
        if item is None:
            return
        self._item = None
        if "status" in item:
            item["status"] = status
        self._send("response.output_item.done", {"output_index": len(self._items), "item": item}, frames)
        self._items.append(item)

    def _content(self, text: str, *, is_new: bool) -> Json:
        """A part of a message."""
        if self._event == REFUSAL:
            return {"type": "refusal", "refusal": text}
        part: Json = {"type": "output_text", "text": text, "annotations": [] if is_new else self._citations}
        if self._logprobs:
            part["logprobs"] = encode_logprobs(self._logprobs, is_whole=True)
        return part

    def _count(self, name: str) -> int:
        parts = (self._item or {}).get(name)
        return len(parts) if isinstance(parts, list) else 0

    def _append(self, name: str, part: Json) -> None:
        item = self._item or {}
        parts = item.get(name)
        if isinstance(parts, list):
            parts.append(part)
        else:
            item[name] = [part]

    def _end(self, frames: list[bytes]) -> None:
        stop = self._stop or CandidateEnded(0, Stop.OTHER)
        reason = stop.native_stop if self._api == API else ""
        outcome = encode_outcome(stop.stop, reason, refuses=self._has_refusal)
        status = str(outcome["status"])
        self._end_item(frames, INCOMPLETE if status == INCOMPLETE else COMPLETED)
        self._finish(status, outcome, frames)

    def _fail(self, failed: Failed, frames: list[bytes]) -> None:
        """First the words of the provider, then those that the SDKs know: by `error` inside they raise."""
        error: Json = {"code": failed.code, "message": failed.message, "param": None}
        self._send("error", {**error, "error": error}, frames)
        if not self._head:
            self._is_over = True
            return
        code = failed.code
        if code not in FAILURE_CODES:
            code = "rate_limit_exceeded" if failed.status == TOO_MANY_REQUESTS else "server_error"
        outcome: Json = {"error": {"code": code, "message": failed.message}, "incomplete_details": None}
        self._finish(FAILED, outcome, frames)

    def _finish(self, status: str, outcome: Json, frames: list[bytes]) -> None:
        usage = self._usage
        response: Json = {**self._head, **outcome, "status": status, "output": self._items}
        response["usage"] = encode_usage(usage) if usage is not None else None
        self._send(f"response.{status}", {"response": response}, frames)
        self._is_over = True

    def _send(self, name: str, body: Json, frames: list[bytes]) -> None:
        data = _encode({"type": name, "sequence_number": self._number, **body})
        self._number += 1
        frames.append(b"event: %b\ndata: %b\n\n" % (name.encode(), data))
