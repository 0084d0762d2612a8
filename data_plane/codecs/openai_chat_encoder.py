"""Streamed answers of OpenAI Chat Completions, as the SDKs expect them.

Source: platform.openai.com/docs/api-reference/chat-streaming (2026-11). The first chunk has the role, the last of a
candidate its finish reason; usage comes in a chunk without choices, where it was asked for; then `[DONE]`.
"""

from collections.abc import Sequence

import msgspec

from data_plane.codecs.openai_chat_response import FINISH_REASONS, encode_logprob, encode_usage
from data_plane.llm.events import (
    Alive,
    CandidateEnded,
    Delta,
    Ended,
    Event,
    Failed,
    PartKind,
    PartStarted,
    Started,
    UsageKnown,
)
from data_plane.llm.request import GenerateRequest
from data_plane.usage import Usage

Json = dict[str, object]

DONE = b"data: [DONE]\n\n"
ALIVE = b": \n\n"
FIELDS = {PartKind.TEXT: "content", PartKind.THOUGHT: "reasoning_content", PartKind.REFUSAL: "refusal"}

_encode = msgspec.json.Encoder().encode


class OpenAIChatEncoder:
    """Of one answer to a request. Implements `StreamEncoder`."""

    __slots__ = ("_begun", "_calls", "_frame", "_parts", "_usage", "_wants_usage")

    def __init__(self, request: GenerateRequest) -> None:
        self._wants_usage = request.wants_usage
        self._frame: Json = {}  # what every chunk has
        self._begun: set[int] = set()  # candidates whose role was told
        self._calls: dict[int, int] = {}  # of each candidate, how many
        self._parts: dict[tuple[int, int], tuple[PartKind, int, bool]] = {}  # kind, index of the call, is custom
        self._usage: Usage | None = None

    def feed(self, events: Sequence[Event]) -> list[bytes]:
        frames: list[bytes] = []
        for event in events:
            if isinstance(event, Delta):
                self._delta(event, frames)
            elif isinstance(event, PartStarted):
                self._part(event, frames)
            else:
                self._frame_event(event, frames)
        return frames

    def _frame_event(self, event: Event, frames: list[bytes]) -> None:
        """What is about the answer, not its parts. Ends of parts and what is sealed have no word here."""
        match event:
            case Started():
                self._start(event)
            case CandidateEnded(candidate, stop):
                self._role(candidate, frames)
                frames.append(self._chunk(candidate, {}, FINISH_REASONS[stop]))
            case UsageKnown(usage):
                self._usage = usage
            case Ended():
                self._end(frames)
            case Failed(_, code, message):
                error = {"message": message, "type": "upstream_error", "param": None, "code": code}
                frames.append(b"data: %b\n\n" % _encode({"error": error}))
            case Alive():
                frames.append(ALIVE)

    def _start(self, started: Started) -> None:
        self._frame = {
            "id": started.id,
            "object": "chat.completion.chunk",
            "created": started.created,
            "model": started.model,
        }
        self._usage = started.usage

    def _role(self, candidate: int, frames: list[bytes]) -> None:
        if candidate not in self._begun:
            self._begun.add(candidate)
            frames.append(self._chunk(candidate, {"role": "assistant", "content": "", "refusal": None}))

    def _part(self, event: PartStarted, frames: list[bytes]) -> None:
        self._role(event.candidate, frames)
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
        self._parts[event.candidate, event.part] = (event.kind, index, event.is_custom)

    def _delta(self, event: Delta, frames: list[bytes]) -> None:
        kind, index, is_custom = self._parts[event.candidate, event.part]
        if kind is PartKind.TOOL_CALL:
            inner = {"custom": {"input": event.text}} if is_custom else {"function": {"arguments": event.text}}
            frames.append(self._chunk(event.candidate, {"tool_calls": [{"index": index, **inner}]}))
            return
        field = FIELDS.get(kind)
        if field is not None:
            logprobs = event.logprobs
            tokens = None if logprobs is None else {"content": [encode_logprob(each) for each in logprobs]}
            frames.append(self._chunk(event.candidate, {field: event.text}, logprobs=tokens))

    def _end(self, frames: list[bytes]) -> None:
        if self._wants_usage and self._usage is not None:
            body = {**self._frame, "choices": [], "usage": encode_usage(self._usage)}
            frames.append(b"data: %b\n\n" % _encode(body))
        frames.append(DONE)

    def _chunk(self, candidate: int, delta: Json, reason: str | None = None, logprobs: object = None) -> bytes:
        choice: Json = {"index": candidate, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return b"data: %b\n\n" % _encode({**self._frame, "choices": [choice]})
