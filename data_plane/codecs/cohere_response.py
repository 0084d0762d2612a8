"""Answers of Cohere's chat, whole. Source: docs.cohere.com/reference/chat (v2, 2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.cohere_event import ChatUsage, Logprobs, Tokens
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Part, Text, Thought, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop, TokenLogprob
from data_plane.usage import Usage

API = "cohere-chat"
STOPS: Mapping[str, Stop] = {
    "COMPLETE": Stop.END,
    "STOP_SEQUENCE": Stop.STOP_SEQUENCE,
    "MAX_TOKENS": Stop.LENGTH,
    "TOOL_CALL": Stop.TOOL,
    "ERROR_TOXIC": Stop.REFUSAL,
}
# Ends that are failures, with the status that an answer would have.
FAILED: Mapping[str, int] = {"ERROR": 500, "TIMEOUT": 504}

_usage = msgspec.json.Decoder(ChatUsage).decode
_logprobs = msgspec.json.Decoder(list[Logprobs]).decode


def decode_response(body: bytes) -> GenerateResponse:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or one that the model has broken off.
    """
    try:
        return _decode(JsonReader.of(body))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _decode(reader: JsonReader) -> GenerateResponse:
    message = reader.required_object("message")
    parts = _decode_parts(message)
    word = reader.text("finish_reason")
    if word in FAILED:
        raise Unreadable(f"the model has broken off: {word}")
    raw, probabilities = reader.raw("usage"), reader.raw("logprobs")
    candidate = Candidate(
        parts,
        stop_of(word, has_calls=any(isinstance(part, ToolCall) for part in parts)),
        native_stop=word,
        logprobs=None if probabilities is None else _decode_logprobs(probabilities),
    )
    id, usage = reader.text("id"), None if raw is None else _decode_usage(raw)
    return GenerateResponse(API, id, "", [candidate], usage, extras=reader.rest())


def stop_of(word: str, *, has_calls: bool) -> Stop:
    """Of a word that may not fit what came."""
    stop = STOPS.get(word, Stop.OTHER) if word else Stop.END
    return Stop.TOOL if stop is Stop.END and has_calls else stop


def usage_of(counted: ChatUsage) -> Usage:
    """In buckets: what is billed, else what was counted. Thought is part of the output, and nothing says how much."""
    tokens = counted.billed_units or counted.tokens or Tokens()
    if tokens.input_tokens is None and tokens.output_tokens is None and counted.tokens is not None:
        tokens = counted.tokens
    read = _count(tokens.input_tokens)
    cached = min(read, _count(counted.cached_tokens))
    return Usage(input_uncached=read - cached, cache_read=cached, output=_count(tokens.output_tokens))


def logprob_of(found: Logprobs) -> TokenLogprob | None:
    """Of a piece of text as if it were one token: how its tokens are spelled is not told."""
    if not found.logprobs:
        return None
    return TokenLogprob(found.text or "", sum(found.logprobs))


def _count(number: float | None) -> int:
    return 0 if number is None else max(0, round(number))


def _decode_usage(raw: Raw) -> Usage:
    try:
        return usage_of(_usage(raw))
    except UNREADABLE:
        raise Unreadable("`usage` must be an object of numbers") from None


def _decode_logprobs(raw: Raw) -> list[TokenLogprob]:
    try:
        found = _logprobs(raw)
    except UNREADABLE:
        raise Unreadable("`logprobs` must be an array of texts with numbers") from None
    return [each for each in map(logprob_of, found) if each is not None]


def _decode_parts(message: JsonReader) -> list[Part]:
    """A plan for tools is a thought, before all else."""
    plan = message.text("tool_plan")
    parts: list[Part] = [Thought(plan, API)] if plan else []
    citations = message.raw("citations")
    for block in message.objects("content"):
        part = _decode_block(block)
        if isinstance(part, Text):
            part.citations, citations = citations, None
        if part is not None:
            parts.append(part)
    parts += [_decode_call(each) for each in message.objects("tool_calls")]
    return parts


def _decode_block(block: JsonReader) -> Part | None:
    """None: it says nothing."""
    kind = block.text("type")
    if kind == "text":
        text = block.text("text")
        return Text(text) if text else None
    if kind == "thinking":
        thought = block.text("thinking")
        return Thought(thought, API) if thought else None
    return Opaque(API, kind, Raw(msgspec.json.encode(block.rest())))


def _decode_call(call: JsonReader) -> Part:
    function = call.required_object("function")
    arguments = function.text("arguments").strip() or "{}"
    return ToolCall(call.required_text("id"), function.required_text("name"), arguments)
