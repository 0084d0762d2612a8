"""Answers of Anthropic Messages, whole. Source: docs.anthropic.com/en/api/messages (2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs import anthropic_messages
from data_plane.codecs.anthropic_block import ANSWER_TOOL, API, decode_content
from data_plane.codecs.anthropic_block_encode import Json, encode_input
from data_plane.codecs.foreign_state import seal_call, seal_thought
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Part, Refusal, Text, Thought, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop
from data_plane.usage import Usage

STOPS: Mapping[str, Stop] = {
    "end_turn": Stop.END,
    "max_tokens": Stop.LENGTH,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "tool_use": Stop.TOOL,
    "pause_turn": Stop.PAUSE,
    "refusal": Stop.REFUSAL,
    "model_context_window_exceeded": Stop.CONTEXT_FULL,
}
# The SDKs know these words and no others. A malformed call has none: it is an error.
STOP_REASONS: Mapping[Stop, str] = {
    **{stop: word for word, stop in STOPS.items()},
    Stop.RECITATION: "refusal",
    Stop.OTHER: "end_turn",
}
MALFORMED_TOOL = "the model called a tool as it cannot be called; try again"
TIERS: Mapping[str, str] = {"default": "standard", "standard": "standard", "priority": "priority", "batch": "batch"}

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


def decode_response(body: bytes) -> GenerateResponse:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    try:
        return _decode(JsonReader.of(body))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _decode(reader: JsonReader) -> GenerateResponse:
    parts = decode_content(reader)
    word, sequence = reader.text("stop_reason"), reader.text("stop_sequence")
    stop = STOPS.get(word, Stop.OTHER) if word else Stop.END
    for index, part in enumerate(parts):
        if isinstance(part, ToolCall) and part.name == ANSWER_TOOL:
            parts[index] = Text(part.arguments)
            stop = Stop.END if stop is Stop.TOOL else stop
    raw = reader.raw("usage")
    usage, tier = (None, "") if raw is None else decode_usage(raw)
    reader.raw("type")
    reader.raw("role")
    id, model = reader.text("id"), reader.text("model")
    extras = reader.rest()
    if raw is not None:
        extras["usage"] = raw  # has more than tokens
    candidate = Candidate(parts, stop, sequence or None, word)
    return GenerateResponse(API, id, model, [candidate], usage, service_tier=tier, extras=extras)


def decode_usage(raw: Raw) -> tuple[Usage, str]:
    """Beside it, the service tier."""
    try:
        return anthropic_messages.usage_of_answer(bytes(raw))
    except UNREADABLE:
        raise Unreadable("`usage` must be an object of numbers") from None


def encode_response(response: GenerateResponse) -> bytes:
    """The body for a client: of the first candidate, as there is one.

    Raises:
        InvalidUpstreamResponse: its stop has no word here.
    """
    if not response.candidates:
        raise InvalidUpstreamResponse("the upstream's answer has no candidate")
    candidate = response.candidates[0]
    is_own = response.api == API
    body: Json = {
        "id": response.id,
        "type": "message",
        "role": "assistant",
        "model": response.model,
        "content": _encode_parts(candidate.parts, is_own=is_own),
        "stop_reason": _stop_reason(candidate),
        "stop_sequence": candidate.stop_sequence,
    }
    usage = encode_usage(response.usage or Usage(), response.service_tier)
    body["usage"] = usage
    if is_own:
        for name, raw in response.extras.items():
            body[name] = {**_object(raw), **usage} if name == "usage" else raw
    return _encode(body)


def _stop_reason(candidate: Candidate) -> str:
    if candidate.stop is Stop.MALFORMED_TOOL:
        raise InvalidUpstreamResponse(MALFORMED_TOOL)
    for part in candidate.parts:
        if isinstance(part, Refusal):
            return STOP_REASONS[Stop.REFUSAL]
    return STOP_REASONS[candidate.stop]


def encode_usage(usage: Usage, tier: str = "") -> Json:
    """Input excludes what the cache gave or took; output includes thought."""
    encoded: Json = {
        "input_tokens": usage.input_uncached + usage.input_audio + usage.input_image,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output + usage.reasoning + usage.output_audio,
    }
    if usage.cache_write_5m or usage.cache_write_1h:
        encoded["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning:
        encoded["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    word = TIERS.get(tier)
    if word is not None:
        encoded["service_tier"] = word
    return encoded


def _encode_parts(parts: list[Part], *, is_own: bool) -> list[object]:
    encoded: list[object] = []
    for part in parts:
        if isinstance(part, ToolCall):
            call: Json = {"type": "tool_use", "id": part.id, "name": part.name, "input": encode_input(part)}
            encoded.append({**call, **part.extras} if is_own else call)
            if part.signature:
                encoded.append({"type": "redacted_thinking", "data": seal_call(part.id, part.signature)})
        else:
            block = _encode_part(part, is_own=is_own)
            if block is not None:
                encoded.append(block)
    return encoded


def _encode_part(part: Part, *, is_own: bool) -> object:
    """None: sound and pictures have no block in an answer, nor has text that is empty."""
    if isinstance(part, Text):
        return _encode_text(part, is_own=is_own) if part.text else None
    if isinstance(part, Thought):
        return _encode_thought(part)
    if isinstance(part, Refusal):
        return {"type": "text", "text": part.text}
    if isinstance(part, Opaque) and part.api == API:
        return part.raw
    return None


def _encode_text(text: Text, *, is_own: bool) -> Json:
    if is_own and text.citations is not None:
        return {"type": "text", "text": text.text, "citations": text.citations}
    return {"type": "text", "text": text.text}


def _encode_thought(thought: Thought) -> Json:
    """Of another API: with all that it wants back, where the client hands it back unread."""
    is_own = thought.api == API
    signature = thought.signature if is_own or not thought.api else seal_thought(thought)
    if thought.sealed and is_own:
        return {"type": "redacted_thinking", "data": thought.sealed}
    if not thought.text and not is_own:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}
