"""Answers of Bedrock's Converse, whole.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11). They name neither
themselves nor the model.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_block import ANSWER_TOOL, decode_utf8
from data_plane.codecs.bedrock_event import TokenUsage
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.content import Opaque, Part, Text, Thought, ToolCall
from data_plane.llm.response import Candidate, GenerateResponse, Stop
from data_plane.usage import Usage

API = "bedrock-converse"
SERVER_TOOL = "server_tool_use"  # of a call that the provider carries out itself
STOPS: Mapping[str, Stop] = {
    "end_turn": Stop.END,
    "tool_use": Stop.TOOL,
    "max_tokens": Stop.LENGTH,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "guardrail_intervened": Stop.REFUSAL,
    "content_filtered": Stop.REFUSAL,
    "malformed_model_output": Stop.MALFORMED_TOOL,
    "malformed_tool_use": Stop.MALFORMED_TOOL,
    "model_context_window_exceeded": Stop.CONTEXT_FULL,
}
HOUR = "1h"

_usage = msgspec.json.Decoder(TokenUsage).decode


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
    message = reader.required_object("output").required_object("message")
    parts, is_answer = _decode_parts(message)
    word = reader.text("stopReason")
    has_calls = any(isinstance(part, ToolCall) for part in parts)
    fields = reader.raw("additionalModelResponseFields")
    candidate = Candidate(
        parts, stop_of(word, has_calls=has_calls, is_answer=is_answer), read_stop_sequence(fields), word
    )
    raw = reader.raw("usage")
    tier = reader.object("serviceTier")
    reader.raw("metrics")
    return GenerateResponse(
        api=API,
        id="",
        model="",
        candidates=[candidate],
        usage=None if raw is None else _decode_usage(raw),
        service_tier="" if tier is None else tier.text("type"),
        extras=reader.rest(),
    )


def stop_of(word: str, *, has_calls: bool, is_answer: bool) -> Stop:
    """Of a word that may not fit what came: some models say `end_turn` where they call tools, and the tool that stands
    for the answer is none.
    """
    stop = STOPS.get(word, Stop.OTHER) if word else Stop.END
    if stop is Stop.TOOL and is_answer and not has_calls:
        return Stop.END
    return Stop.TOOL if stop is Stop.END and has_calls else stop


def read_stop_sequence(fields: Raw | None) -> str | None:
    """Of the model's own fields that the request asked for; their place differs between whole answers and streams."""
    if fields is None or len(fields) == 4:  # null
        return None
    try:
        reader = JsonReader.of(fields)
        inner = reader.object("delta")
        return reader.text("stop_sequence") or (inner.text("stop_sequence") if inner is not None else "") or None
    except Unreadable:  # any model may have fields of these names
        return None


def usage_of(counted: TokenUsage) -> Usage:
    """In buckets. Output includes thought, and nothing says how much of it."""
    written = counted.cache_write_input_tokens or 0
    for_an_hour = sum(each.input_tokens or 0 for each in counted.cache_details or () if each.ttl == HOUR)
    for_an_hour = min(for_an_hour, written)
    return Usage(
        input_uncached=counted.input_tokens or 0,
        cache_read=counted.cache_read_input_tokens or 0,
        cache_write_5m=written - for_an_hour,
        cache_write_1h=for_an_hour,
        output=counted.output_tokens or 0,
    )


def _decode_usage(raw: Raw) -> Usage:
    try:
        return usage_of(_usage(raw))
    except UNREADABLE:
        raise Unreadable("`usage` must be an object of numbers") from None


def _decode_parts(message: JsonReader) -> tuple[list[Part], bool]:
    """Beside them, whether the answer came as the call of a tool."""
    parts: list[Part] = []
    is_answer = False
    for block in message.objects("content"):
        part = _decode_block(block)
        if isinstance(part, ToolCall) and part.name == ANSWER_TOOL:
            is_answer = True
            part = Text(part.arguments)
        if part is not None:
            parts.append(part)
    return parts, is_answer


def _decode_block(block: JsonReader) -> Part | None:
    """A block has one field, which is its kind. None: it says nothing."""
    if block.has("text"):
        text = block.text("text")
        return Text(text) if text else None
    if block.has("toolUse"):
        return _decode_call(block)
    if block.has("reasoningContent"):
        return _decode_thought(block.required_object("reasoningContent"))
    if block.has("citationsContent"):
        return _decode_cited(block.required_object("citationsContent"))
    for kind, raw in block.rest().items():
        return Opaque(API, kind, raw)
    return None


def _decode_call(block: JsonReader) -> Part:
    raw = block.raw("toolUse")
    assert raw is not None
    call = JsonReader.of(raw, block.at("toolUse"))
    if call.text("type") == SERVER_TOOL:
        return Opaque(API, "toolUse", raw)
    input = call.raw("input")
    arguments = "{}" if input is None else decode_utf8(input, call.at("input"))
    return ToolCall(call.required_text("toolUseId"), call.required_text("name"), arguments)


def _decode_thought(content: JsonReader) -> Part | None:
    shown = content.object("reasoningText")
    if shown is not None:
        return Thought(shown.text("text"), API, shown.text("signature"))
    sealed = content.text("redactedContent")
    return Thought(api=API, sealed=sealed) if sealed else None


def _decode_cited(content: JsonReader) -> Part:
    text = "".join(each.text("text") for each in content.objects("content"))
    return Text(text, citations=content.raw("citations"))
