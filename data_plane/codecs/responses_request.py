"""Requests of OpenAI Responses, read. Source: platform.openai.com/docs/api-reference/responses/create (2026-11).

What only the provider has that stored it, as `previous_response_id`, stays among the extras: it is for the same API.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.data_url import parse_data_url
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.responses_item import API, decode_item, is_string, read_text
from data_plane.codecs.responses_tools import decode_choice, decode_tool
from data_plane.errors import BadRequest
from data_plane.llm.content import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    Link,
    Message,
    Opaque,
    Part,
    Role,
    Text,
    ToolResult,
)
from data_plane.llm.request import (
    Effort,
    GenerateRequest,
    OutputFormat,
    OutputMode,
    Reasoning,
    Sampling,
)

ROLES: Mapping[str, Role] = {
    "user": Role.USER,
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "assistant": Role.ASSISTANT,
}
ROLE_WORDS = frozenset(ROLES)
EFFORTS: Mapping[str, Effort] = {effort.value: effort for effort in Effort}
EFFORT_WORDS = frozenset(EFFORTS)
SUMMARIES = frozenset(("auto", "concise", "detailed"))
DETAILS = frozenset(("auto", "high", "low"))  # those that other APIs know as well
FORMATS = frozenset(("text", "json_object", "json_schema"))
OUTPUTS = frozenset(("function_call_output", "custom_tool_call_output"))
# Items of the client's, beside results of tools; all others a model has written.
CLIENT_ITEMS = frozenset(("additional_tools", "compaction_trigger", "configuration_update", "mcp_approval_response"))
REFERENCE = "item_reference"
INSTRUCTIONS = "instructions"
# What may stand in place of `input`: the provider has stored it.
STORED_INPUT = ("previous_response_id", "conversation", "prompt")
LOGPROBS = "message.output_text.logprobs"
PDF = "application/pdf"

_texts_by_name = msgspec.json.Decoder(dict[str, str]).decode


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
        return _decode(JsonReader(fields), call.model)
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def _decode(reader: JsonReader, model: str) -> GenerateRequest:
    if not reader.has("input") and not any(reader.has(name) for name in STORED_INPUT):
        raise Unreadable("`input` is required")
    kept: dict[str, Raw] = {}
    choice_raw = reader.raw("tool_choice")
    choice = decode_choice(choice_raw) if choice_raw is not None else None
    if choice_raw is not None and choice is None:
        kept["tool_choice"] = choice_raw
    _drop_defaults(reader)
    return GenerateRequest(
        api=API,
        model=reader.text("model") or model,
        messages=_decode_messages(reader),
        max_output_tokens=_decode_maximum(reader),
        sampling=_decode_sampling(reader, kept),
        tools=[decode_tool(each, f"tools[{index}]") for index, each in enumerate(reader.array("tools"))],
        tool_choice=choice,
        parallel_tool_calls=reader.flag("parallel_tool_calls"),
        output=_decode_text(reader.object("text"), kept),
        reasoning=_decode_reasoning(reader.object("reasoning"), kept),
        stream=reader.flag("stream") or False,
        end_user=_decode_user(reader, kept),
        metadata=reader.mapping("metadata", _texts_by_name, "an object of strings") or {},
        service_tier=reader.text("service_tier"),
        store=reader.flag("store"),
        extras={**reader.rest(), **kept},
    )


def _drop_defaults(reader: JsonReader) -> None:
    """What says no more than what is so in any case, and would be named as lost elsewhere."""
    for name, default in (("background", b"false"), ("truncation", b'"disabled"')):
        raw = reader.raw(name)
        if raw is not None and bytes(raw) != default:
            reader.put_back(name, raw)


def _decode_maximum(reader: JsonReader) -> int | None:
    maximum = reader.integer("max_output_tokens")
    if maximum is not None and maximum < 1:
        raise Unreadable("`max_output_tokens` must be greater than or equal to 1")
    return maximum


def _decode_user(reader: JsonReader, kept: dict[str, Raw]) -> str:
    """The older name gives way to the newer; which one was used goes back to this API."""
    raw = reader.raw("safety_identifier")
    if raw is None:
        return reader.text("user")
    kept["safety_identifier"] = raw
    return read_text(raw, "safety_identifier")


def _decode_messages(reader: JsonReader) -> list[Message]:
    messages: list[Message] = []
    raw = reader.raw(INSTRUCTIONS)
    if raw is not None:
        messages.append(Message(Role.SYSTEM, [Text(read_text(raw, INSTRUCTIONS))], path=INSTRUCTIONS))
    given = reader.raw("input")
    if given is None:
        return messages
    if is_string(given):
        messages.append(Message(Role.USER, [Text(read_text(given, "input"))], path="input"))
        return messages
    for index, each in enumerate(JsonReader({"input": given}).array("input")):
        path = f"input[{index}]"
        _decode_item(JsonReader.of(each, path), each, messages)
    return messages


def _decode_item(reader: JsonReader, raw: Raw, messages: list[Message]) -> None:
    """What a model has written in a row is one message, as other APIs want it."""
    kind = reader.text("type") or ("message" if reader.has("role") else REFERENCE)
    path = reader.path
    if kind == "message":
        word = reader.one_of("role", ROLE_WORDS)
        if not word:
            raise Unreadable(f"`{reader.at('role')}` is required")
        if ROLES[word] is not Role.ASSISTANT:
            parts = _decode_content(reader, "content")
            messages.append(Message(ROLES[word], parts, extras=reader.rest(), path=path))
            return
    elif kind in OUTPUTS and (reader.has("call_id") or not reader.has("name")):  # those by name are the provider's
        _results(messages, path).append(_decode_output(kind, reader))
        return
    elif kind == REFERENCE:
        reader.required_text("id")
        messages.append(Message(Role.TOOL, [Opaque(API, kind, raw)], path=f"{path}.{REFERENCE}"))
        return
    elif kind in CLIENT_ITEMS or kind.endswith("_output"):
        messages.append(Message(Role.TOOL, [Opaque(API, kind, raw)], path=path))
        return
    decode_item(kind, reader, raw, _answer(messages, path))


def _answer(messages: list[Message], path: str) -> list[Part]:
    """Parts of the message that a model is writing."""
    if not messages or messages[-1].role is not Role.ASSISTANT:
        messages.append(Message(Role.ASSISTANT, [], path=path))
    return messages[-1].parts


def _results(messages: list[Message], path: str) -> list[Part]:
    """Parts of the message with results of calls: those of parallel calls are one message, as some APIs want it."""
    last = messages[-1] if messages else None
    if last is None or last.role is not Role.TOOL or not isinstance(last.parts[0], ToolResult):
        messages.append(Message(Role.TOOL, [], path=path))
    return messages[-1].parts


def _decode_output(kind: str, reader: JsonReader) -> ToolResult:
    call_id = reader.required_text("call_id")
    content = [part for part in _decode_content(reader, "output") if isinstance(part, Text | Image | Document | Opaque)]
    name = reader.text("name")
    extras = reader.rest()
    if kind != "function_call_output":
        extras["type"] = Raw(b'"' + kind.encode() + b'"')
    return ToolResult(call_id, content, name, extras=extras)


def _decode_content(reader: JsonReader, name: str) -> list[Part]:
    raw = reader.raw(name)
    where = reader.at(name)
    if raw is None:
        raise Unreadable(f"`{where}` is required")
    if is_string(raw):
        return [Text(read_text(raw, where))]
    parts = JsonReader({name: raw}, reader.path).array(name)
    return [_decode_part(JsonReader.of(each, where, index), each) for index, each in enumerate(parts)]


def _decode_part(reader: JsonReader, raw: Raw) -> Part:
    kind = reader.required_text("type")
    if kind in ("input_text", "output_text", "text"):
        text = reader.required_text("text")
        return Text(text, extras=reader.rest())
    if kind == "input_image":
        return _decode_image(reader)
    if kind == "input_file":
        return _decode_file(reader)
    if kind == "input_audio":
        audio = reader.required_object("input_audio")
        return Audio(Inline(f"audio/{audio.required_text('format')}", audio.required_text("data")))
    return Opaque(API, kind, raw)


def _decode_image(reader: JsonReader) -> Image:
    id, detail = reader.text("file_id"), reader.raw("detail")
    word = read_text(detail, reader.at("detail")) if detail is not None else ""
    url = "" if id else reader.required_text("image_url")
    extras = reader.rest()
    if detail is not None and word not in DETAILS:
        extras["detail"] = detail
        word = ""
    return Image(FileId(API, id) if id else parse_data_url(url) or Link(url), word, extras=extras)


def _decode_file(reader: JsonReader) -> Document:
    id, url, data, name = (reader.text(each) for each in ("file_id", "file_url", "file_data", "filename"))
    extras = reader.rest()
    if id:
        return Document(FileId(API, id), name, extras=extras)
    if url:
        return Document(Link(url), name, extras=extras)
    if not data:
        raise Unreadable(f"`{reader.path}` must have one of file_data, file_id, file_url")
    inline = parse_data_url(data)
    if inline is None:
        is_pdf = not name or name.lower().endswith(".pdf")
        inline = Inline(PDF if is_pdf else "application/octet-stream", data)
    return Document(inline, name, extras=extras)


def _decode_sampling(reader: JsonReader, kept: dict[str, Raw]) -> Sampling:
    include = reader.raw("include")
    words: tuple[str, ...] = ()
    if include is not None:
        words = JsonReader({"include": include}).texts("include")
        kept["include"] = include
    is_included = LOGPROBS in words
    if not is_included and reader.has("top_logprobs"):  # which is then of no consequence here, and refused elsewhere
        kept["top_logprobs"] = Raw(str(reader.integer("top_logprobs")).encode())
    return Sampling(
        temperature=reader.number("temperature"),
        top_p=reader.number("top_p"),
        logprobs=is_included,
        top_logprobs=reader.integer("top_logprobs"),
    )


def _decode_text(reader: JsonReader | None, kept: dict[str, Raw]) -> OutputFormat | None:
    if reader is None:
        return None
    format = reader.object("format")
    _keep(reader, kept)
    if format is None:
        return None
    kind = format.one_of("type", FORMATS)
    if not kind:
        raise Unreadable("`text.format.type` is required")
    if kind != "json_schema":
        return OutputFormat(OutputMode.JSON if kind == "json_object" else OutputMode.TEXT)
    name, schema = format.required_text("name"), format.raw("schema")
    if schema is None:
        raise Unreadable("`text.format.schema` is required")
    return OutputFormat(OutputMode.SCHEMA, schema, name, format.text("description"), format.flag("strict"))


def _decode_reasoning(reader: JsonReader | None, kept: dict[str, Raw]) -> Reasoning | None:
    """`generate_summary` is the older name of `summary`."""
    if reader is None:
        return None
    word, older = reader.one_of("effort", EFFORT_WORDS), reader.one_of("generate_summary", SUMMARIES)
    summary = reader.one_of("summary", SUMMARIES) or older
    _keep(reader, kept)
    return Reasoning(EFFORTS[word] if word else None, summary=summary) if word or summary else None


def _keep(reader: JsonReader, kept: dict[str, Raw]) -> None:
    """Fields of an object that only this API understands, by their path."""
    for name, raw in reader.rest().items():
        kept[f"{reader.path}.{name}"] = raw
