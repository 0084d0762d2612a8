"""Answers of OpenAI Chat Completions, whole. Source: platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs import openai_chat
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_chat_content import read_pieces, read_text
from data_plane.codecs.openai_chat_request import API, decode_call
from data_plane.codecs.openai_reasoning import decode_details, encode_details, encode_signature
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
# The SDKs know these five words and no others. A malformed call has none: it is an error.
FINISH_REASONS: Mapping[Stop, str] = {
    Stop.END: "stop",
    Stop.STOP_SEQUENCE: "stop",
    Stop.LENGTH: "length",
    Stop.CONTEXT_FULL: "length",
    Stop.TOOL: "tool_calls",
    Stop.PAUSE: "length",  # more is to come: `stop` would say that this is all
    Stop.REFUSAL: "content_filter",
    Stop.RECITATION: "content_filter",
    Stop.OTHER: "stop",
}

MALFORMED_TOOL = "the model called a tool as it cannot be called; try again"
TIERS: Mapping[str, str] = {"standard": "default", "default": "default", "priority": "priority", "flex": "flex"}

_encode = msgspec.json.Encoder().encode
_integers = msgspec.json.Decoder(list[int]).decode


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
    choices = sorted(((_index(each), each) for each in reader.objects("choices")), key=lambda pair: pair[0])
    if not choices:
        raise Unreadable("`choices` is required, and must not be empty")
    reader.raw("object")
    counted = reader.raw("usage")
    return GenerateResponse(
        api=API,
        id=reader.text("id"),
        model=reader.text("model"),
        candidates=[_decode_choice(each) for _, each in choices],
        usage=None if counted is None else decode_usage(counted),
        created=reader.integer("created") or 0,
        service_tier=reader.text("service_tier"),
        extras=reader.rest(),
    )


def decode_usage(counted: Raw) -> Usage:
    """In buckets.

    Raises:
        Unreadable: its numbers are none.
    """
    try:
        return openai_chat.usage(None, bytes(counted))
    except UNREADABLE:
        raise Unreadable("`usage` must be an object of numbers") from None


def _index(reader: JsonReader) -> int:
    return reader.integer("index") or 0


def _decode_choice(reader: JsonReader) -> Candidate:
    word = reader.text("finish_reason")
    message = reader.required_object("message")
    logprobs = reader.object("logprobs")
    parts = _decode_parts(message)
    return Candidate(
        parts=parts,
        stop=stop_of(word, has_calls=any(isinstance(part, ToolCall) for part in parts)),
        native_stop=word,
        logprobs=decode_logprobs(logprobs) if logprobs is not None else None,
    )


def stop_of(word: str, *, has_calls: bool) -> Stop:
    """Some servers say `stop` where tools are called; clients would then not call them."""
    stop = STOPS.get(word, Stop.OTHER) if word else Stop.END
    return Stop.TOOL if has_calls and stop is Stop.END else stop


def _decode_parts(message: JsonReader) -> list[Part]:
    parts: list[Part] = []
    thought = message.text("reasoning_content") or message.text("reasoning")
    details = decode_details(message)
    if details:
        parts += details
    elif thought:
        parts.append(Thought(thought, API))
    content = message.raw("content")
    citations = message.raw("annotations")
    text = None if content is None else read_text(content)
    if text:
        parts.append(Text(text, citations=citations))
    elif text is None and content is not None:
        parts += [piece for piece in read_pieces(content) if not isinstance(piece, Text) or piece.text]
    refusal = message.text("refusal")
    if refusal:
        parts.append(Refusal(refusal))
    audio = message.raw("audio")
    if audio is not None:
        parts.append(Opaque(API, "audio", audio))
    parts += [decode_call(each, each.text("id")) for each in message.objects("tool_calls")]
    return parts


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
    """The body for a client.

    Raises:
        InvalidUpstreamResponse: a stop has no word here.
    """
    body: Json = {
        "id": response.id,
        "object": "chat.completion",
        "created": response.created,
        "model": response.model,
        "choices": [
            _encode_choice(index, each, is_own=response.api == API) for index, each in enumerate(response.candidates)
        ],
    }
    if response.usage is not None:
        body["usage"] = encode_usage(response.usage)
    if response.api == API:
        body.update(response.extras)
        if response.service_tier:
            body["service_tier"] = response.service_tier
    elif response.service_tier in TIERS:
        body["service_tier"] = TIERS[response.service_tier]
    return _encode(body)


def _encode_choice(index: int, candidate: Candidate, *, is_own: bool) -> Json:
    if candidate.stop is Stop.MALFORMED_TOOL:
        raise InvalidUpstreamResponse(MALFORMED_TOOL)
    logprobs = candidate.logprobs
    return {
        "index": index,
        "message": _encode_message(candidate.parts, is_own=is_own),
        "logprobs": None if logprobs is None else {"content": [encode_logprob(each) for each in logprobs]},
        "finish_reason": FINISH_REASONS[candidate.stop],
    }


def _encode_message(parts: list[Part], *, is_own: bool) -> Json:
    """What its fields cannot say of the order of parts is lost."""
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    thoughts: list[Thought] = []
    calls: list[Json] = []
    for part in parts:
        if isinstance(part, Text):
            _add_text(message, part, is_own=is_own)
        elif isinstance(part, ToolCall):
            calls.append(encode_call(part))
        elif isinstance(part, Thought):
            thoughts.append(part)
        else:
            _add_other(message, part)
    if calls:
        message["tool_calls"] = calls
    if thoughts:
        _add_thoughts(message, thoughts)
    return message


def _add_text(message: Json, text: Text, *, is_own: bool) -> None:
    before = message["content"]
    message["content"] = text.text if before is None else f"{before}{text.text}"
    if is_own and text.citations is not None:
        message["annotations"] = text.citations


def _add_other(message: Json, part: Part) -> None:
    if isinstance(part, Refusal):
        message["refusal"] = part.text
    elif isinstance(part, Opaque) and part.api == API and part.kind == "audio":
        message["audio"] = part.raw


def _add_thoughts(message: Json, thoughts: list[Thought]) -> None:
    text = "".join(thought.text for thought in thoughts)
    if text:
        message["reasoning_content"] = text
    details = encode_details(thoughts)
    if details:
        message["reasoning_details"] = details


def encode_call(call: ToolCall) -> Json:
    """A call as a message has it."""
    if call.is_custom:
        encoded: Json = {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    else:
        function = {"name": call.name, "arguments": call.arguments}
        encoded = {"id": call.id, "type": "function", "function": function}
    return encoded | encode_signature(call.signature) if call.signature else encoded


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
