"""Streamed answers of Gemini's streamGenerateContent, as its SDKs expect them: events, or one JSON array for a client
that does not ask for `alt=sse`.

Source: ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (v1beta, 2026-11). Each chunk is an
answer with what is new. Calls of functions come whole, reasons to end and usage in the last chunk.
"""

from collections.abc import Sequence

import msgspec

from data_plane.codecs.gemini_failure import WORDS
from data_plane.codecs.gemini_fields import API
from data_plane.codecs.gemini_part import SIGNATURE
from data_plane.codecs.gemini_part_encode import Json, call_signature, encode_call, encode_part, thought_signature
from data_plane.codecs.gemini_response import FEEDBACK, USAGE, encode_logprobs, encode_usage, finish_reason
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
from data_plane.llm.response import TokenLogprob
from data_plane.usage import Usage

# An empty event, or white space of an array. The SDKs cannot read comments.
ALIVE = b"\n"

_encode = msgspec.json.Encoder().encode


class _Part:
    """One that is open. `text`: arguments of a call so far."""

    __slots__ = ("is_custom", "kind", "id", "is_summary", "name", "signature", "text")

    def __init__(self, started: PartStarted) -> None:
        self.kind = started.kind
        self.id = started.id
        self.name = started.name
        self.is_custom = started.is_custom
        self.is_summary = started.is_summary
        self.signature = ""
        self.text: list[str] = []


class GeminiEncoder:
    """Of one answer to a request. Implements `StreamEncoder`."""

    __slots__ = ("_api", "_ends", "_extras", "_frame", "_is_array", "_is_begun", "_parts", "_usage")

    def __init__(self, request: GenerateRequest) -> None:
        self._is_array = request.wants_array
        self._is_begun = False
        self._api = ""
        self._frame: Json = {}  # what every chunk has
        self._extras: Json = {}  # what the first chunk has
        self._parts: dict[tuple[int, int], _Part] = {}
        self._ends: list[Json] = []  # candidates that have ended: told at the end, with usage
        self._usage: Usage | None = None

    def feed(self, events: Sequence[Event]) -> list[bytes]:
        frames: list[bytes] = []
        for event in events:
            if isinstance(event, Delta):
                self._delta(event, frames)
            elif isinstance(event, UsageKnown):
                self._usage = event.usage
            else:
                self._other(event, frames)
        return frames

    def _other(self, event: Event, frames: list[bytes]) -> None:
        match event:
            case Started():
                self._start(event)
            case PartStarted():
                self._part(event, frames)
            case Sealed(candidate, part):
                self._seal(event, self._parts[candidate, part], frames)
            case PartEnded(candidate, part):
                self._part_end(candidate, self._parts.pop((candidate, part)), frames)
            case CandidateEnded():
                self._candidate_end(event)
            case Alive():
                frames.append(ALIVE)
            case _:
                self._end(event, frames)

    def _start(self, started: Started) -> None:
        self._api = started.api
        self._usage = started.usage
        self._frame = {"modelVersion": started.model, "responseId": started.id}
        if started.api == API:
            self._extras = dict(started.extras)

    def _part(self, event: PartStarted, frames: list[bytes]) -> None:
        self._parts[event.candidate, event.part] = _Part(event)
        if event.opaque is not None:
            encoded = encode_part(event.opaque, is_own=self._api == API)
            if encoded is not None:
                self._say(event.candidate, encoded, frames)

    def _delta(self, event: Delta, frames: list[bytes]) -> None:
        part = self._parts[event.candidate, event.part]
        if part.kind is PartKind.TOOL_CALL:
            part.text.append(event.text)
        elif part.kind is PartKind.THOUGHT:
            self._say(event.candidate, {"text": event.text, "thought": True}, frames)
        elif part.kind in (PartKind.TEXT, PartKind.REFUSAL) and (event.text or event.logprobs):
            self._say(event.candidate, {"text": event.text}, frames, event.logprobs)

    def _seal(self, sealed: Sealed, part: _Part, frames: list[bytes]) -> None:
        """What is signed may be told after its text, in a part without any."""
        if part.kind is PartKind.TOOL_CALL:
            part.signature = call_signature(part.id, sealed.signature, is_own=self._api == API)
        elif part.kind is PartKind.THOUGHT:
            thought = Thought("", self._api, sealed.signature, sealed.sealed, part.id, part.is_summary)
            signature = thought_signature(thought)
            if signature:
                self._say(sealed.candidate, {"text": "", "thought": True, SIGNATURE: signature}, frames)
        elif self._api == API and sealed.signature:
            self._say(sealed.candidate, {"text": "", SIGNATURE: sealed.signature}, frames)

    def _part_end(self, candidate: int, part: _Part, frames: list[bytes]) -> None:
        if part.kind is PartKind.TOOL_CALL:
            call = ToolCall(part.id, part.name, "".join(part.text) or "{}", part.is_custom, part.signature)
            self._say(candidate, encode_call(call, is_own=False), frames)

    def _candidate_end(self, event: CandidateEnded) -> None:
        is_own = self._api == API
        end: Json = {
            "finishReason": finish_reason(event.stop, event.native_stop, is_own=is_own),
            "index": event.candidate,
        }
        self._ends.append({**end, **event.extras} if is_own else end)

    def _say(
        self, candidate: int, part: object, frames: list[bytes], logprobs: list[TokenLogprob] | None = None
    ) -> None:
        said: Json = {"content": {"role": "model", "parts": [part]}, "index": candidate}
        if logprobs is not None:
            said["logprobsResult"] = encode_logprobs(logprobs)
        self._chunk({"candidates": [said]}, frames)

    def _end(self, event: Event, frames: list[bytes]) -> None:
        match event:
            case Failed(status, code, message):
                word = code if code in WORDS.values() else WORDS.get(status, "INTERNAL")
                self._write(_encode({"error": {"code": status, "message": message, "status": word}}), frames)
            case Ended():
                # A prompt that was refused has no candidates.
                is_refused = b'"blockReason"' in _encode(self._extras.get(FEEDBACK))
                self._chunk({} if is_refused else {"candidates": self._ends}, frames)
        if self._is_array:
            frames.append(b"\n]\n")

    def _chunk(self, chunk: Json, frames: list[bytes]) -> None:
        if self._usage is not None:
            chunk[USAGE] = encode_usage(self._usage)
        extras, self._extras = self._extras, {}
        self._write(_encode({**chunk, **self._frame, **extras}), frames)

    def _write(self, data: bytes, frames: list[bytes]) -> None:
        if self._is_array:
            frames.append((b",\n" if self._is_begun else b"[\n") + data)
            self._is_begun = True
        else:
            frames.append(b"data: %b\n\n" % data)
