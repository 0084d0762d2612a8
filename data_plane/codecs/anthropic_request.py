"""Requests of Anthropic Messages, read; those that count tokens are alike. Source: docs.anthropic.com/en/api/messages
(2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_block import API, decode_cache, decode_content
from data_plane.codecs.client_api import Call
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.errors import BadRequest
from data_plane.llm.content import Message, Part, Role, Text
from data_plane.llm.request import (
    Effort,
    FunctionTool,
    GenerateRequest,
    OpaqueTool,
    OutputFormat,
    OutputMode,
    Reasoning,
    Sampling,
    Tool,
    ToolChoice,
    ToolMode,
)

COUNT_TOKENS = "count_tokens"
ROLES: Mapping[str, Role] = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
ROLE_WORDS = frozenset(ROLES)
EFFORTS: Mapping[str, Effort] = {
    effort.value: effort for effort in (Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH, Effort.MAX)
}
EFFORT_WORDS = frozenset(EFFORTS)
CHOICES: Mapping[str, ToolMode] = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE}
CHOICE_WORDS = frozenset((*CHOICES, "tool"))
DISPLAYS: Mapping[str, bool] = {"summarized": True, "omitted": False}
DISPLAY_WORDS = frozenset(DISPLAYS)
MIN_BUDGET = 1024
MAX_TEMPERATURE = 1.0

_encode = msgspec.json.Encoder().encode


def decode_request(body: bytes, call: Call) -> GenerateRequest:
    """What a client asks for.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    return decode_parsed(decode_fields(body), call)


def decode_parsed(fields: dict[str, Raw], call: Call) -> GenerateRequest:
    """The same, of a body whose top level has been read already; takes what it reads out of `fields`.

    Raises:
        BadRequest: as above.
    """
    try:
        return _decode(JsonReader(fields), call)
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def _decode(reader: JsonReader, call: Call) -> GenerateRequest:
    messages = _decode_messages(reader)
    maximum = reader.integer("max_tokens")
    if maximum is None and call.operation != COUNT_TOKENS:
        raise Unreadable("`max_tokens` is required")
    if maximum is not None and maximum < 0:
        raise Unreadable("`max_tokens` must be greater than or equal to 0")
    kept: dict[str, Raw] = {}
    metadata = reader.object("metadata")
    config = reader.object("output_config")
    choice, is_parallel = _decode_choice(reader.object("tool_choice"))
    request = GenerateRequest(
        api=API,
        model=reader.text("model") or call.model,
        messages=messages,
        max_output_tokens=maximum,
        stop=tuple(reader.texts("stop_sequences")),
        sampling=_decode_sampling(reader),
        tools=[_decode_tool(each, f"tools[{index}]") for index, each in enumerate(reader.array("tools"))],
        tool_choice=choice,
        parallel_tool_calls=is_parallel,
        output=_decode_format(config.object("format")) if config is not None else None,
        reasoning=_decode_reasoning(reader, config, kept),
        stream=reader.flag("stream") or False,
        end_user=metadata.text("user_id") if metadata is not None else "",
        service_tier=reader.text("service_tier"),
    )
    _keep_rest(kept, "output_config", config)
    _keep_rest(kept, "metadata", metadata)
    request.extras = {**reader.rest(), **kept}
    return request


def _keep_rest(kept: dict[str, Raw], name: str, reader: JsonReader | None) -> None:
    """Fields of an object that only this API understands."""
    rest = reader.rest() if reader is not None else None
    if rest:
        kept[name] = Raw(_encode(rest))


def _decode_messages(reader: JsonReader) -> list[Message]:
    """The system prompt is the first message."""
    messages: list[Message] = []
    if reader.has("system"):
        messages.append(Message(Role.SYSTEM, _only_text(decode_content(reader, "system"), "system")))
    is_empty = True
    for each in reader.objects("messages"):
        messages.append(_decode_message(each))
        is_empty = False
    if is_empty:
        raise Unreadable("`messages` is required, and must not be empty")
    return messages


def _decode_message(reader: JsonReader) -> Message:
    word = reader.one_of("role", ROLE_WORDS)
    if not word:
        raise Unreadable(f"`{reader.at('role')}` is required")
    role = ROLES[word]
    parts = decode_content(reader)
    if role is Role.SYSTEM:
        _only_text(parts, reader.at("content"))
    return Message(role, parts, extras=reader.rest())


def _only_text(parts: list[Part], where: str) -> list[Part]:
    if not all(isinstance(part, Text) for part in parts):
        raise Unreadable(f"`{where}` must be a string or an array of text blocks")
    return parts


def _decode_sampling(reader: JsonReader) -> Sampling:
    temperature = reader.number("temperature")
    if temperature is not None and not 0.0 <= temperature <= MAX_TEMPERATURE:
        raise Unreadable("`temperature` must be between 0 and 1")
    return Sampling(temperature=temperature, top_p=reader.number("top_p"), top_k=reader.integer("top_k"))


def _decode_tool(raw: Raw, path: str) -> Tool:
    reader = JsonReader.of(raw, path)
    kind = reader.text("type")
    if kind not in ("", "custom"):
        return OpaqueTool(API, kind, raw)
    name, schema = reader.required_text("name"), reader.raw("input_schema")
    if schema is None:
        raise Unreadable(f"`{reader.at('input_schema')}` is required")
    description, strict, cache = reader.text("description"), reader.flag("strict"), decode_cache(reader)
    return FunctionTool(name, description, schema, strict, cache, reader.rest())


def _decode_choice(choice: JsonReader | None) -> tuple[ToolChoice | None, bool | None]:
    """Beside it, whether calls may be parallel."""
    if choice is None:
        return None, None
    kind = choice.one_of("type", CHOICE_WORDS)
    if not kind:
        raise Unreadable(f"`{choice.at('type')}` is required")
    is_single = choice.flag("disable_parallel_tool_use")
    is_parallel = None if is_single is None else not is_single
    if kind == "tool":
        return ToolChoice(ToolMode.REQUIRED, (choice.required_text("name"),)), is_parallel
    return ToolChoice(CHOICES[kind]), is_parallel


def _decode_format(format: JsonReader | None) -> OutputFormat | None:
    if format is None:
        return None
    if format.required_text("type") != "json_schema":
        raise Unreadable(f"`{format.at('type')}` must be json_schema")
    schema = format.raw("schema")
    if schema is None:
        raise Unreadable(f"`{format.at('schema')}` is required")
    return OutputFormat(OutputMode.SCHEMA, schema, strict=True)


def _decode_reasoning(reader: JsonReader, config: JsonReader | None, kept: dict[str, Raw]) -> Reasoning | None:
    """Effort where nothing is thought shapes the answer: it is left where it is, for this API alone."""
    raw = reader.raw("thinking")
    if raw is None:
        effort = _decode_effort(config)
        return Reasoning(effort) if effort is not None else None
    thinking = JsonReader.of(raw, "thinking")
    kind = thinking.required_text("type")
    if kind == "disabled":
        return Reasoning(Effort.NONE)
    if kind not in ("enabled", "adaptive"):
        kept["thinking"] = raw
        return None
    shown = thinking.one_of("display", DISPLAY_WORDS)
    budget = _decode_budget(thinking) if kind == "enabled" else None
    return Reasoning(_decode_effort(config), budget, kind == "adaptive", DISPLAYS[shown] if shown else None)


def _decode_effort(config: JsonReader | None) -> Effort | None:
    word = config.one_of("effort", EFFORT_WORDS) if config is not None else ""
    return EFFORTS[word] if word else None


def _decode_budget(thinking: JsonReader) -> int:
    budget = thinking.integer("budget_tokens")
    if budget is None or budget < MIN_BUDGET:
        raise Unreadable(f"`thinking.budget_tokens` must be greater than or equal to {MIN_BUDGET}")
    return budget
