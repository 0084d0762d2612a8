"""Answers of Gemini's generateContent, whole. Source: ai.google.dev/api/generate-content (v1beta, 2026-11)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Raw

from data_plane.codecs import gemini
from data_plane.codecs.gemini_fields import API, proto_reader
from data_plane.codecs.gemini_part import CallIds, decode_part
from data_plane.codecs.gemini_part_encode import Json, call_signature, encode_any_thought, encode_part
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Part, Refusal, Thought, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop, TokenLogprob
from data_plane.usage import Usage

STOPS: Mapping[str, Stop] = {
    "STOP": Stop.END,
    "MAX_TOKENS": Stop.LENGTH,
    "SAFETY": Stop.REFUSAL,
    "BLOCKLIST": Stop.REFUSAL,
    "PROHIBITED_CONTENT": Stop.REFUSAL,
    "SPII": Stop.REFUSAL,
    "IMAGE_SAFETY": Stop.REFUSAL,
    "IMAGE_PROHIBITED_CONTENT": Stop.REFUSAL,
    "MODEL_ARMOR": Stop.REFUSAL,
    "RECITATION": Stop.RECITATION,
    "IMAGE_RECITATION": Stop.RECITATION,
    "MALFORMED_FUNCTION_CALL": Stop.MALFORMED_TOOL,
    "UNEXPECTED_TOOL_CALL": Stop.MALFORMED_TOOL,
    "TOO_MANY_TOOL_CALLS": Stop.MALFORMED_TOOL,
    "MISSING_THOUGHT_SIGNATURE": Stop.MALFORMED_TOOL,
    "MALFORMED_RESPONSE": Stop.MALFORMED_TOOL,
    "CONTINUATION": Stop.PAUSE,
    "LANGUAGE": Stop.OTHER,
    "OTHER": Stop.OTHER,
    "NO_IMAGE": Stop.OTHER,
    "IMAGE_OTHER": Stop.OTHER,
    "ESCALATION": Stop.OTHER,
    "PUP_LIMITED_DISABLED": Stop.OTHER,
}
FINISH_REASONS: Mapping[Stop, str] = {
    Stop.END: "STOP",
    Stop.STOP_SEQUENCE: "STOP",
    Stop.LENGTH: "MAX_TOKENS",
    Stop.CONTEXT_FULL: "MAX_TOKENS",
    Stop.TOOL: "STOP",  # the calls themselves say it
    Stop.PAUSE: "CONTINUATION",
    Stop.REFUSAL: "SAFETY",
    Stop.RECITATION: "RECITATION",
    Stop.MALFORMED_TOOL: "MALFORMED_FUNCTION_CALL",
    Stop.OTHER: "OTHER",
}
UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
FEEDBACK, USAGE = "promptFeedback", "usageMetadata"

_encode = msgspec.json.Encoder().encode


def decode_response(body: bytes) -> GenerateResponse:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    try:
        return _decode(proto_reader(body, ""))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _decode(reader: JsonReader) -> GenerateResponse:
    if reader.has("error"):
        raise Unreadable("`error` stands in an answer that succeeded")
    id, model = reader.text("responseId"), reader.text("modelVersion")
    answers = sorted(((index_of(each), each) for each in reader.objects("candidates")), key=lambda pair: pair[0])
    candidates = [_decode_candidate(each, f"{id}.{index}") for index, each in answers]
    extras = reader.rest()
    usage, time = extras.get(USAGE), extras.get("createTime")
    return GenerateResponse(
        api=API,
        id=id,
        model=model,
        candidates=candidates or [blocked(extras.get(FEEDBACK))],
        usage=decode_usage(usage) if usage is not None else None,
        created=decode_time(time) if time is not None else 0,
        extras=extras,
    )


def index_of(candidate: JsonReader) -> int:
    return candidate.integer("index") or 0


def blocked(feedback: Raw | None) -> Candidate:
    """What the client is told where there is no candidate: that the prompt was refused, and why if that is said."""
    if feedback is None:
        return Candidate([], Stop.OTHER)
    reader = JsonReader.of(feedback, FEEDBACK)
    word, message = reader.text("blockReason"), reader.text("blockReasonMessage")
    parts: list[Part] = [Refusal(message)] if message else []
    return Candidate(parts, Stop.REFUSAL if word else Stop.OTHER, native_stop=word)


def stop_of(word: str, *, has_calls: bool) -> Stop:
    """The API has no word for that tools are called."""
    stop = STOPS.get(word, Stop.OTHER) if word and word != UNSPECIFIED else Stop.END
    return Stop.TOOL if stop is Stop.END and has_calls else stop


def decode_usage(raw: Raw) -> Usage | None:
    """None: it cannot be read, which is no reason to lose the answer."""
    try:
        return gemini.usage(None, bytes(raw))
    except UNREADABLE:
        return None


def decode_time(raw: Raw) -> int:
    """Seconds since 1970; 0 where it is no time."""
    try:
        return int(datetime.fromisoformat(bytes(raw).decode().strip('"')).timestamp())
    except (ValueError, OverflowError):
        return 0


def decode_logprobs(reader: JsonReader) -> list[TokenLogprob]:
    """Of each token, those that could have stood there."""
    tops = [[_logprob(each) for each in step.objects("candidates")] for step in reader.objects("topCandidates")]
    chosen = [_logprob(each) for each in reader.objects("chosenCandidates")]
    for token, top in zip(chosen, tops, strict=False):
        token.top = top
    return chosen


def _logprob(reader: JsonReader) -> TokenLogprob:
    return TokenLogprob(reader.text("token"), reader.number("logProbability") or 0.0)


def _decode_candidate(reader: JsonReader, seed: str) -> Candidate:
    word, ids = reader.text("finishReason"), CallIds(seed)
    reader.raw("index")
    content, logprobs = reader.object("content"), reader.object("logprobsResult")
    parts: list[Part] = []
    if content is not None:
        for index, raw in enumerate(content.array("parts")):
            part = decode_part(proto_reader(raw, f"{content.at('parts')}[{index}]"), raw, ids)
            if part is not None:
                parts.append(part)
    has_calls = any(isinstance(part, ToolCall) for part in parts)
    return Candidate(
        parts=parts,
        stop=stop_of(word, has_calls=has_calls),
        native_stop=word,
        logprobs=decode_logprobs(logprobs) if logprobs is not None else None,
        extras=reader.rest(),
    )


def encode_response(response: GenerateResponse) -> bytes:
    """The body for a client."""
    is_own = response.api == API
    body: Json = {}
    feedback = response.extras.get(FEEDBACK) if is_own else None
    if feedback is None or b'"blockReason"' not in bytes(feedback):
        candidates = enumerate(response.candidates)
        body["candidates"] = [_encode_candidate(index, each, is_own=is_own) for index, each in candidates]
    if response.usage is not None:
        body[USAGE] = encode_usage(response.usage)
    body["modelVersion"] = response.model
    body["responseId"] = response.id
    if is_own:
        body.update(response.extras)
    return _encode(body)


def _encode_candidate(index: int, candidate: Candidate, *, is_own: bool) -> Json:
    encoded: Json = {}
    parts = [each for part in candidate.parts if (each := _encode_part(part, is_own=is_own)) is not None]
    if parts:
        encoded["content"] = {"role": "model", "parts": parts}
    encoded["finishReason"] = finish_reason(candidate.stop, candidate.native_stop, is_own=is_own)
    encoded["index"] = index
    if candidate.logprobs is not None:
        encoded["logprobsResult"] = encode_logprobs(candidate.logprobs)
    if is_own:
        encoded.update(candidate.extras)
    return encoded


def _encode_part(part: Part, *, is_own: bool) -> object:
    if isinstance(part, Thought):
        return encode_any_thought(part)
    if isinstance(part, ToolCall) and part.signature and not is_own:
        part = msgspec.structs.replace(part, signature=call_signature(part.id, part.signature, is_own=False))
    return encode_part(part, is_own=is_own)


def finish_reason(stop: Stop, native: str, *, is_own: bool) -> str:
    """The provider's own word where it is one of this API's that the SDKs know."""
    return native if is_own and native in STOPS else FINISH_REASONS[stop]


def encode_logprobs(tokens: list[TokenLogprob]) -> Json:
    return {
        "chosenCandidates": [_token(each) for each in tokens],
        "topCandidates": [{"candidates": [_token(each) for each in token.top]} for token in tokens],
    }


def _token(token: TokenLogprob) -> Json:
    return {"token": token.token, "logProbability": token.logprob}


def encode_usage(usage: Usage) -> Json:
    """Candidates have no thoughts among their tokens; what was cached is part of the prompt."""
    written = usage.cache_write_5m + usage.cache_write_1h
    prompt = usage.input_uncached + usage.cache_read + written + usage.input_audio + usage.input_image
    candidates = usage.output + usage.output_audio
    encoded: Json = {
        "promptTokenCount": prompt,
        "totalTokenCount": prompt + candidates + usage.reasoning,
    }
    if candidates:
        encoded["candidatesTokenCount"] = candidates
    if usage.cache_read:
        encoded["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        encoded["thoughtsTokenCount"] = usage.reasoning
    inputs = {"AUDIO": usage.input_audio, "IMAGE": usage.input_image}
    if any(inputs.values()):
        encoded["promptTokensDetails"] = _details(prompt, inputs)
    if usage.output_audio:
        encoded["candidatesTokensDetails"] = _details(candidates, {"AUDIO": usage.output_audio})
    return encoded


def _details(total: int, others: Mapping[str, int]) -> list[Json]:
    counts = {"TEXT": total - sum(others.values()), **others}
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
