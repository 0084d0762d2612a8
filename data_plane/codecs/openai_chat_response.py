"""Answers of OpenAI Chat Completions, whole. Source: platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from collections.abc import Mapping

import msgspec

from data_plane.codecs import openai_chat
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_chat_request import API
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Part, Refusal, Text, Thought, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop, TokenLogprob
from data_plane.usage import Usage

Json = dict[str, object]

STOPS: Mapping[str, Stop] = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL,
    "function_call": Stop.TOOL,
    "content_filter": Stop.REFUSAL,
}
# The SDKs know these five words and no others.
FINISH_REASONS: Mapping[Stop, str] = {
    Stop.END: "stop",
    Stop.STOP_SEQUENCE: "stop",
    Stop.LENGTH: "length",
    Stop.CONTEXT_FULL: "length",
    Stop.TOOL: "tool_calls",
    Stop.PAUSE: "length",  # more is to come: `stop` would say that this is all
    Stop.REFUSAL: "content_filter",
    Stop.RECITATION: "content_filter",
    Stop.MALFORMED_TOOL: "stop",
    Stop.OTHER: "stop",
}

_encode = msgspec.json.Encoder().encode
_integers = msgspec.json.Decoder(list[int]).decode


def decode_response(body: bytes) -> GenerateResponse:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    try:
        return _decode(JsonReader.of(body), body)
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _decode(reader: JsonReader, body: bytes) -> GenerateResponse:
    choices = sorted(((_index(each), each) for each in reader.objects("choices")), key=lambda pair: pair[0])
    reader.raw("object")
    usage = openai_chat.usage_of_answer(body) if reader.raw("usage") is not None else None
    return GenerateResponse(
        api=API,
        id=reader.text("id"),
        model=reader.text("model"),
        candidates=[_decode_choice(each) for _, each in choices],
        usage=usage,
        created=reader.integer("created") or 0,
        service_tier=reader.text("service_tier"),
        extras=reader.rest(),
    )


def _index(reader: JsonReader) -> int:
    return reader.integer("index") or 0


def _decode_choice(reader: JsonReader) -> Candidate:
    word = reader.text("finish_reason")
    message = reader.required_object("message")
    logprobs = reader.object("logprobs")
    return Candidate(
        parts=_decode_parts(message),
        stop=STOPS.get(word, Stop.OTHER) if word else Stop.END,
        native_stop=word,
        logprobs=decode_logprobs(logprobs) if logprobs is not None else None,
    )


def _decode_parts(message: JsonReader) -> list[Part]:
    parts: list[Part] = []
    thought = message.text("reasoning_content") or message.text("reasoning")
    if thought:
        parts.append(Thought(thought, API))
    text = message.text("content")
    if text:
        citations = message.raw("annotations")
        parts.append(Text(text, citations=citations))
    refusal = message.text("refusal")
    if refusal:
        parts.append(Refusal(refusal))
    audio = message.raw("audio")
    if audio is not None:
        parts.append(Opaque(API, "audio", audio))
    parts += [decode_call(each) for each in message.objects("tool_calls")]
    return parts


def decode_call(reader: JsonReader) -> ToolCall:
    """A call of a tool. No arguments at all are `{}`."""
    id = reader.text("id")
    if reader.text("type") == "custom":
        custom = reader.required_object("custom")
        return ToolCall(id, custom.required_text("name"), custom.text("input"), is_custom=True)
    function = reader.required_object("function")
    return ToolCall(id, function.required_text("name"), function.text("arguments") or "{}")


def decode_logprobs(reader: JsonReader) -> list[TokenLogprob]:
    """Those of text, and of a refusal where there is no text."""
    return [_decode_logprob(each) for name in ("content", "refusal") for each in reader.objects(name)]


def _decode_logprob(reader: JsonReader) -> TokenLogprob:
    raw = reader.raw("bytes")
    try:
        utf8 = _integers(raw) if raw is not None else None
    except UNREADABLE:
        raise Unreadable(f"`{reader.at('bytes')}` must be an array of integers") from None
    top = [_decode_logprob(each) for each in reader.objects("top_logprobs")]
    return TokenLogprob(reader.text("token"), reader.number("logprob") or 0.0, utf8, top)


def encode_response(response: GenerateResponse) -> bytes:
    """The body for a client."""
    body: Json = {
        "id": response.id,
        "object": "chat.completion",
        "created": response.created,
        "model": response.model,
        "choices": [_encode_choice(index, each) for index, each in enumerate(response.candidates)],
    }
    if response.usage is not None:
        body["usage"] = encode_usage(response.usage)
    if response.service_tier:
        body["service_tier"] = response.service_tier
    if response.api == API:
        body.update(response.extras)
    return _encode(body)


def _encode_choice(index: int, candidate: Candidate) -> Json:
    logprobs = candidate.logprobs
    return {
        "index": index,
        "message": _encode_message(candidate.parts),
        "logprobs": None if logprobs is None else {"content": [encode_logprob(each) for each in logprobs]},
        "finish_reason": FINISH_REASONS[candidate.stop],
    }


def _encode_message(parts: list[Part]) -> Json:
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    texts = [part for part in parts if isinstance(part, Text)]
    if texts:
        message["content"] = "".join(part.text for part in texts)
        citations = [part.citations for part in texts if part.citations is not None]
        if citations:
            message["annotations"] = citations[-1]
    thought = "".join(part.text for part in parts if isinstance(part, Thought))
    if thought:
        message["reasoning_content"] = thought
    calls = [encode_call(part) for part in parts if isinstance(part, ToolCall)]
    if calls:
        message["tool_calls"] = calls
    for part in parts:
        if isinstance(part, Refusal):
            message["refusal"] = part.text
        elif isinstance(part, Opaque) and part.api == API and part.kind == "audio":
            message["audio"] = part.raw
    return message


def encode_call(call: ToolCall) -> Json:
    """A call as a message has it."""
    if call.is_custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def encode_logprob(token: TokenLogprob) -> Json:
    return {
        "token": token.token,
        "logprob": token.logprob,
        "bytes": token.utf8,
        "top_logprobs": [{"token": each.token, "logprob": each.logprob, "bytes": each.utf8} for each in token.top],
    }


def encode_usage(usage: Usage) -> Json:
    """Totals, of which details are part."""
    written = usage.cache_write_5m + usage.cache_write_1h
    prompt = usage.input_uncached + usage.cache_read + written + usage.input_audio + usage.input_image
    completion = usage.reasoning + usage.output + usage.output_audio
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "audio_tokens": usage.input_audio,
            **({"cache_write_tokens": written} if written else {}),
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.output_audio,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
