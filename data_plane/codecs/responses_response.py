"""Answers of OpenAI Responses, whole. Source: platform.openai.com/docs/api-reference/responses/object (2026-11)."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs import openai_responses
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.responses_item import API, decode_item, decode_logprobs
from data_plane.codecs.responses_item_encode import COMPLETED, AnswerItems, Ids, Json, encode_logprobs
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Part, Refusal, Text, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop, TokenLogprob
from data_plane.usage import Usage

INCOMPLETE, FAILED = "incomplete", "failed"
UNFINISHED = frozenset(("queued", "in_progress"))  # it goes on in the background
BROKEN = frozenset((FAILED, "cancelled"))
STOPS: Mapping[str, Stop] = {"max_output_tokens": Stop.LENGTH, "content_filter": Stop.REFUSAL}
# Why an answer is incomplete: the SDKs know these words and few others. What else ends an answer makes it complete.
REASONS: Mapping[Stop, str] = {
    Stop.LENGTH: "max_output_tokens",
    Stop.CONTEXT_FULL: "max_output_tokens",
    Stop.PAUSE: "max_output_tokens",  # more is to come; `in_progress` would have clients ask for it by id
    Stop.REFUSAL: "content_filter",
    Stop.RECITATION: "content_filter",
}
OWN_REASONS = frozenset(("max_output_tokens", "content_filter", "max_messages", "steered"))
FAILURES: Mapping[Stop, str] = {
    Stop.MALFORMED_TOOL: "the model called a tool as it cannot be called; try again",
    Stop.OTHER: "the model ended its answer for a reason that is not known",
}
TIERS: Mapping[str, str] = {
    **{word: word for word in ("auto", "default", "fast", "flex", "priority", "scale", "ultrafast")},
    "standard": "default",
}

_encode = msgspec.json.Encoder().encode


def decode_response(body: bytes) -> GenerateResponse:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or says that it has failed.
    """
    try:
        return _decode(JsonReader.of(body))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _decode(reader: JsonReader) -> GenerateResponse:
    status = reader.text("status")
    if status in UNFINISHED:
        raise InvalidUpstreamResponse("the upstream's answer is not finished, and goes on in the background")
    error = reader.object("error")
    if error is not None or status in BROKEN:
        message = error.text("message") if error is not None else ""
        raise InvalidUpstreamResponse(f"the upstream has failed: {message or status}")
    if not reader.has("output"):
        raise Unreadable("`output` is required")
    parts: list[Part] = []
    for index, raw in enumerate(reader.array("output")):
        item = JsonReader.of(raw, f"output[{index}]")
        decode_item(item.required_text("type"), item, raw, parts)
    details = reader.object("incomplete_details")
    reason = details.text("reason") if details is not None else ""
    raw_usage = reader.raw("usage")
    reader.raw("object")
    stop = stop_of(
        status,
        reason,
        calls=any(isinstance(part, ToolCall) for part in parts),
        refuses=any(isinstance(part, Refusal) for part in parts),
    )
    return GenerateResponse(
        api=API,
        id=reader.text("id"),
        model=reader.text("model"),
        candidates=[Candidate(parts, stop, native_stop=reason or status, logprobs=_logprobs_of(parts))],
        usage=decode_usage(raw_usage) if raw_usage is not None else None,
        created=int(reader.number("created_at") or 0),
        service_tier=reader.text("service_tier"),
        extras=reader.rest(),
    )


def stop_of(status: str, reason: str, *, calls: bool, refuses: bool) -> Stop:
    """An answer that is complete does not say why: that follows from what is in it."""
    if status == INCOMPLETE:
        return STOPS.get(reason, Stop.OTHER)
    if status not in ("", COMPLETED):
        return Stop.OTHER
    if calls:
        return Stop.TOOL
    return Stop.REFUSAL if refuses else Stop.END


def decode_usage(raw: Raw) -> Usage:
    """In disjoint buckets.

    Raises:
        Unreadable: it is none.
    """
    try:
        return openai_responses.usage(None, bytes(raw))
    except UNREADABLE:
        raise Unreadable("`usage` must be an object of numbers") from None


def _logprobs_of(parts: list[Part]) -> list[TokenLogprob] | None:
    found: list[TokenLogprob] = []
    for part in parts:
        raw = part.extras.get("logprobs") if isinstance(part, Text) else None
        if raw is not None:
            found += decode_logprobs(JsonReader({"logprobs": raw}, "output"))
    return found or None


def encode_response(response: GenerateResponse) -> bytes:
    """The body for a client: of the first candidate, as there is one.

    Raises:
        InvalidUpstreamResponse: there is none.
    """
    if not response.candidates:
        raise InvalidUpstreamResponse("the upstream's answer has no candidate")
    candidate = response.candidates[0]
    is_own = response.api == API
    answer = AnswerItems(Ids(response.id), is_own=is_own)
    for part in candidate.parts:
        answer.add(part)
    if candidate.logprobs:
        _add_logprobs(answer.items, candidate.logprobs)
    refuses = any(isinstance(part, Refusal) for part in candidate.parts)
    outcome = encode_outcome(candidate.stop, candidate.native_stop if is_own else "", refuses=refuses)
    if not is_own and outcome["status"] == INCOMPLETE:
        mark_incomplete(answer.items)
    body: Json = {
        **encode_head(response.id, response.created, response.model),
        **outcome,
        "output": answer.items,
        "usage": encode_usage(response.usage) if response.usage is not None else None,
    }
    add_tier(body, response.service_tier, is_own=is_own)
    if is_own:
        body.update(response.extras)
    return _encode(body)


def encode_head(id: str, created: int, model: str) -> Json:
    """What the SDKs require of every answer; of what the client has asked for, no more than that."""
    return {
        "id": id,
        "object": "response",
        "created_at": created,
        "model": model,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
    }


def encode_outcome(stop: Stop, own_reason: str, *, refuses: bool) -> Json:
    """How the answer has ended, for this API's own reason if it has one. Else a refusal in words is complete."""
    reason: str | None = own_reason
    if own_reason not in OWN_REASONS:
        failure = FAILURES.get(stop)
        if failure is not None:
            error = {"code": "server_error", "message": failure}
            return {"status": FAILED, "error": error, "incomplete_details": None}
        reason = None if stop is Stop.REFUSAL and refuses else REASONS.get(stop)
    if reason is None:
        return {"status": COMPLETED, "error": None, "incomplete_details": None}
    return {"status": INCOMPLETE, "error": None, "incomplete_details": {"reason": reason}}


def add_tier(body: Json, tier: str, *, is_own: bool) -> None:
    """Of another API only what has a word here."""
    word = tier if is_own else TIERS.get(tier, "")
    if word:
        body["service_tier"] = word


def encode_usage(usage: Usage) -> Json:
    """Totals, of which details are part."""
    written = usage.cache_write_5m + usage.cache_write_1h
    given = usage.input_uncached + usage.cache_read + written + usage.input_audio + usage.input_image
    made = usage.reasoning + usage.output + usage.output_audio
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": given + made,
    }


def mark_incomplete(items: Sequence[object]) -> None:
    """The last item, if it says how far it got."""
    last = items[-1] if items else None
    if isinstance(last, dict) and "status" in last:
        last["status"] = INCOMPLETE


def _add_logprobs(items: Sequence[object], tokens: Sequence[TokenLogprob]) -> None:
    """All of them to the first text, unless texts have their own."""
    for item in items:
        content = item.get("content") if isinstance(item, dict) and item["type"] == "message" else None
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part["type"] == "output_text":
                part.setdefault("logprobs", encode_logprobs(tokens, is_whole=True))
                return
