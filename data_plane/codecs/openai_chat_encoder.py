"""Streamed answers of OpenAI Chat Completions, as the SDKs expect them.

Source: platform.openai.com/docs/api-reference/chat-streaming (2026-11). The first chunk has the role, the last of a
candidate its finish reason; usage comes in a chunk without choices, where it was asked for; then `[DONE]`.
"""

from collections.abc import Sequence

import msgspec

from data_plane.codecs.openai_chat_decoder import ANNOTATION, AUDIO
from data_plane.codecs.openai_chat_request import API
from data_plane.codecs.openai_chat_response import (
    FINISH_REASONS,
    MALFORMED_TOOL,
    TIERS,
    encode_logprob,
    encode_usage,
)
from data_plane.codecs.openai_reasoning import DETAILS, encode_detail, encode_signature, has_state
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

Json = dict[str, object]

DONE = b"data: [DONE]\n\n"
ALIVE = b": \n\n"
FIELDS = {PartKind.TEXT: "content", PartKind.THOUGHT: "reasoning_content", PartKind.REFUSAL: "refusal"}

_encode = msgspec.json.Encoder().encode


class OpenAIChatEncoder:
    """Of one answer to a request. Implements `StreamEncoder`."""

    __slots__ = (
        "_api",
        "_begun",
        "_calls",
        "_details",
        "_frame",
        "_is_over",
        "_parts",
        "_thoughts",
        "_usage",
        "_wants_usage",
    )

    def __init__(self, request: GenerateRequest) -> None:
        self._wants_usage = request.wants_usage
        self._frame: Json = {}  # what every chunk has
        self._begun: set[int] = set()  # candidates whose role was told
        self._calls: dict[int, int] = {}  # of each candidate, how many
        self._parts: dict[tuple[int, int], tuple[PartKind, int, bool]] = {}  # kind, index of the call, is custom
        self._thoughts: dict[int, Thought] = {}  # of each candidate, the one that is under way
        self._details: dict[int, int] = {}  # of each candidate, how many were told
        self._usage: Usage | None = None
        self._api = ""
        self._is_over = False

    def feed(self, events: Sequence[Event]) -> list[bytes]:
        frames: list[bytes] = []
        for event in events:
            if self._is_over:
                break
            if isinstance(event, Delta):
                self._delta(event, frames)
            elif isinstance(event, PartStarted):
                self._part(event, frames)
            elif isinstance(event, Sealed):
                self._seal(event, frames)
            elif isinstance(event, PartEnded):
                self._end_part(event, frames)
            else:
                self._frame_event(event, frames)
        return frames

    def _frame_event(self, event: Event, frames: list[bytes]) -> None:
        """What is about the answer, not its parts."""
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, CandidateEnded):
            self._end_candidate(event, frames)
        elif isinstance(event, UsageKnown):
            self._usage = event.usage
        elif isinstance(event, Ended):
            self._end(frames)
        elif isinstance(event, Failed):
            self._fail(event.code, event.message, frames)
        elif isinstance(event, Alive):
            frames.append(ALIVE)

    def _start(self, started: Started) -> None:
        self._frame = {
            "id": started.id,
            "object": "chat.completion.chunk",
            "created": started.created,
            "model": started.model,
        }
        self._usage = started.usage
        self._api = started.api
        tier = started.service_tier
        if tier and (started.api == API or tier in TIERS):
            self._frame["service_tier"] = tier if started.api == API else TIERS[tier]

    def _role(self, candidate: int, frames: list[bytes], *, is_call: bool = False) -> None:
        if candidate not in self._begun:
            self._begun.add(candidate)
            content = None if is_call else ""
            frames.append(self._chunk(candidate, {"role": "assistant", "content": content, "refusal": None}))

    def _part(self, event: PartStarted, frames: list[bytes]) -> None:
        self._role(event.candidate, frames, is_call=event.kind is PartKind.TOOL_CALL)
        index = 0
        if event.kind is PartKind.TOOL_CALL:
            index = self._calls.get(event.candidate, 0)
            self._calls[event.candidate] = index + 1
            call: Json = {"index": index, "id": event.id}
            if event.is_custom:
                call |= {"type": "custom", "custom": {"name": event.name, "input": ""}}
            else:
                call |= {"type": "function", "function": {"name": event.name, "arguments": ""}}
            frames.append(self._chunk(event.candidate, {"tool_calls": [call]}))
        elif event.kind is PartKind.OPAQUE:
            self._opaque(event, frames)
        elif event.kind is PartKind.THOUGHT:
            self._thoughts[event.candidate] = Thought("", self._api, id=event.id, is_summary=event.is_summary)
        self._parts[event.candidate, event.part] = (event.kind, index, event.is_custom)

    def _opaque(self, event: PartStarted, frames: list[bytes]) -> None:
        """Of this API alone, sound."""
        opaque = event.opaque
        if opaque is not None and opaque.api == API and opaque.kind == AUDIO:
            frames.append(self._chunk(event.candidate, {"audio": opaque.raw}))

    def _delta(self, event: Delta, frames: list[bytes]) -> None:
        citation = event.citation
        if citation is not None:
            if citation.api == API and citation.kind == ANNOTATION:
                frames.append(self._chunk(event.candidate, {"annotations": [citation.raw]}))
            return
        kind, index, is_custom = self._parts[event.candidate, event.part]
        if kind is PartKind.TOOL_CALL:
            inner = {"custom": {"input": event.text}} if is_custom else {"function": {"arguments": event.text}}
            frames.append(self._chunk(event.candidate, {"tool_calls": [{"index": index, **inner}]}))
            return
        field = FIELDS.get(kind)
        logprobs = event.logprobs
        if field is not None and (event.text or logprobs is not None):
            if kind is PartKind.THOUGHT:
                self._thoughts[event.candidate].text += event.text
            tokens = None if logprobs is None else {"content": [encode_logprob(each) for each in logprobs]}
            frames.append(self._chunk(event.candidate, {field: event.text}, logprobs=tokens))

    def _seal(self, event: Sealed, frames: list[bytes]) -> None:
        kind, index, is_custom = self._parts[event.candidate, event.part]
        if kind is PartKind.THOUGHT:
            thought = self._thoughts[event.candidate]
            thought.signature += event.signature
            thought.sealed += event.sealed
        elif kind is PartKind.TOOL_CALL and event.signature:
            nothing: Json = {"custom": {"input": ""}} if is_custom else {"function": {"arguments": ""}}  # SDKs want it
            call = {"index": index, **nothing, **encode_signature(event.signature)}
            frames.append(self._chunk(event.candidate, {"tool_calls": [call]}))

    def _end_part(self, event: PartEnded, frames: list[bytes]) -> None:
        """The state of a thought comes in one piece, with all its text."""
        if self._parts.pop((event.candidate, event.part))[0] is not PartKind.THOUGHT:
            return
        thought = self._thoughts.pop(event.candidate)
        if has_state(thought):
            index = self._details.get(event.candidate, 0)
            self._details[event.candidate] = index + 1
            frames.append(self._chunk(event.candidate, {DETAILS: [encode_detail(index, thought)]}))

    def _end_candidate(self, event: CandidateEnded, frames: list[bytes]) -> None:
        if event.stop is Stop.MALFORMED_TOOL:
            self._fail("malformed_tool_call", MALFORMED_TOOL, frames)
            return
        self._role(event.candidate, frames)
        frames.append(self._chunk(event.candidate, {}, FINISH_REASONS[event.stop]))

    def _fail(self, code: str, message: str, frames: list[bytes]) -> None:
        self._is_over = True
        error = {"message": message, "type": "upstream_error", "param": None, "code": code}
        frames.append(b"data: %b\n\n" % _encode({"error": error}))

    def _end(self, frames: list[bytes]) -> None:
        if self._wants_usage and self._usage is not None:
            body = {**self._frame, "choices": [], "usage": encode_usage(self._usage)}
            frames.append(b"data: %b\n\n" % _encode(body))
        frames.append(DONE)
        self._is_over = True

    def _chunk(self, candidate: int, delta: Json, reason: str | None = None, logprobs: object = None) -> bytes:
        choice: Json = {"index": candidate, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return b"data: %b\n\n" % _encode({**self._frame, "choices": [choice]})
