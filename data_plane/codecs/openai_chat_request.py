"""Requests of OpenAI Chat Completions, read. Source: platform.openai.com/docs/api-reference/chat/create (2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.data_url import parse_data_url
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_reasoning import decode_details, decode_signature
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
    Refusal,
    Role,
    Source,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.request import (
    CustomTool,
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

API = "openai-chat"
ROLES: Mapping[str, Role] = {role.value: role for role in Role}
EFFORTS: Mapping[str, Effort] = {effort.value: effort for effort in Effort}
TOOL_MODES: Mapping[str, ToolMode] = {mode.value: mode for mode in ToolMode}
SAMPLING = frozenset(Sampling.__struct_fields__)
NO_SAMPLING = Sampling()
ROLE_WORDS = frozenset((*ROLES, "function"))
EFFORT_WORDS = frozenset(EFFORTS)
FORMATS = frozenset(("text", "json_object", "json_schema"))

_text = msgspec.json.Decoder(str).decode
_texts_by_name = msgspec.json.Decoder(dict[str, str]).decode
_numbers_by_name = msgspec.json.Decoder(dict[str, float]).decode


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
    if not reader.has("messages"):
        raise Unreadable("`messages` is required")
    messages = [_decode_message(each) for each in reader.objects("messages")]
    if not messages:
        raise Unreadable("`messages` must not be empty")
    options = reader.object("stream_options")
    maximum, older = reader.integer("max_completion_tokens"), reader.integer("max_tokens")
    effort = reader.one_of("reasoning_effort", EFFORT_WORDS)
    candidates = reader.integer("n")
    user = reader.text("user")
    return GenerateRequest(
        api=API,
        model=reader.text("model") or model,
        messages=messages,
        max_output_tokens=older if maximum is None else maximum,
        stop=reader.texts("stop"),
        candidates=1 if candidates is None else candidates,
        sampling=_decode_sampling(reader),
        tools=[_decode_tool(each, f"tools[{index}]") for index, each in enumerate(reader.array("tools"))],
        tool_choice=_decode_choice(reader),
        parallel_tool_calls=reader.flag("parallel_tool_calls"),
        output=_decode_format(reader.object("response_format")),
        reasoning=Reasoning(EFFORTS[effort]) if effort else None,
        stream=reader.flag("stream") or False,
        wants_usage=bool(options and options.flag("include_usage")),
        end_user=reader.text("safety_identifier") or user,
        metadata=reader.mapping("metadata", _texts_by_name, "an object of strings") or {},
        service_tier=reader.text("service_tier"),
        store=reader.flag("store"),
        extras=reader.rest(),
    )


def _decode_message(reader: JsonReader) -> Message:
    word = reader.one_of("role", ROLE_WORDS)
    if not word:
        raise Unreadable(f"`{reader.at('role')}` is required")
    if word == "function":
        raise Unreadable(f"`{reader.at('role')}`: functions are out of use; send `tool` with a `tool_call_id`")
    role = ROLES[word]
    name = reader.text("name")
    if role is Role.TOOL:
        call_id = reader.required_text("tool_call_id")
        content = [part for part in _decode_content(reader) if isinstance(part, Text | Image | Document | Opaque)]
        return Message(role, [ToolResult(call_id, content)], name, reader.rest())
    if role is Role.ASSISTANT:
        parts, extras = _decode_answer(reader), reader.rest()
        if bytes(extras.get("prefix", b"")) == b"false":
            del extras["prefix"]  # Mistral's SDK always says that the message is no beginning of the answer
        return Message(role, parts, name, extras)
    return Message(role, _decode_content(reader), name, reader.rest())


def _decode_answer(reader: JsonReader) -> list[Part]:
    """What the assistant has said before, in the order in which models say it."""
    parts: list[Part] = []
    thought = reader.text("reasoning_content") or reader.text("reasoning")
    details = decode_details(reader)
    if details:  # they have the text, too
        parts += details
    elif thought:
        parts.append(Thought(thought, API))
    calls: list[Part] = [decode_call(each, each.required_text("id")) for each in reader.objects("tool_calls")]
    for part in _decode_content(reader):
        if not (calls and isinstance(part, Text) and not part.text):  # streams begin with empty text
            parts.append(part)
    refusal = reader.text("refusal")
    if refusal:
        parts.append(Refusal(refusal))
    return parts + calls


def _decode_content(reader: JsonReader) -> list[Part]:
    raw = reader.raw("content")
    if raw is None:
        return []
    where = reader.at("content")
    if bytes(memoryview(raw)[:1]) == b'"':
        try:
            return [Text(_text(raw))]
        except UNREADABLE:
            raise Unreadable(f"`{where}` must be a string or an array") from None
    inside = JsonReader({"content": raw}, reader.path)
    return [_decode_part(JsonReader.of(each, where, i), each) for i, each in enumerate(inside.array("content"))]


def _decode_part(reader: JsonReader, raw: Raw) -> Part:
    kind = reader.required_text("type")
    if kind == "text":
        return Text(reader.required_text("text"))
    if kind == "image_url":
        return _decode_image(reader.required_object("image_url"))
    if kind == "input_audio":
        audio = reader.required_object("input_audio")
        return Audio(Inline(f"audio/{audio.required_text('format')}", audio.required_text("data")))
    if kind == "file":
        return _decode_file(reader.required_object("file"))
    if kind == "refusal":
        return Refusal(reader.required_text("refusal"))
    return Opaque(API, kind, raw)


def _decode_image(image: JsonReader) -> Image:
    url = image.required_text("url")
    return Image(_source(url), image.text("detail"))


def _decode_file(file: JsonReader) -> Document:
    name, id = file.text("filename"), file.text("file_id")
    if id:
        return Document(FileId(API, id), name)
    return Document(_source(file.required_text("file_data")), name)


def _source(url: str) -> Source:
    return parse_data_url(url) or Link(url)


def decode_call(reader: JsonReader, id: str) -> ToolCall:
    """Arguments of a tool without parameters may be the empty string; every API knows `{}`."""
    signature = decode_signature(reader)
    if reader.text("type") == "custom":
        custom = reader.required_object("custom")
        return ToolCall(id, custom.required_text("name"), custom.text("input"), is_custom=True, signature=signature)
    function = reader.required_object("function")
    return ToolCall(id, function.required_text("name"), function.text("arguments") or "{}", signature=signature)


def _decode_sampling(reader: JsonReader) -> Sampling:
    if not reader.has_any(SAMPLING):
        return NO_SAMPLING
    return Sampling(
        temperature=reader.number("temperature"),
        top_p=reader.number("top_p"),
        top_k=reader.integer("top_k"),
        min_p=reader.number("min_p"),
        frequency_penalty=reader.number("frequency_penalty"),
        presence_penalty=reader.number("presence_penalty"),
        repetition_penalty=reader.number("repetition_penalty"),
        seed=reader.integer("seed"),
        logit_bias=reader.mapping("logit_bias", _numbers_by_name, "an object of numbers"),
        logprobs=reader.flag("logprobs") or False,
        top_logprobs=reader.integer("top_logprobs"),
    )


def _decode_tool(raw: Raw, path: str) -> Tool:
    reader = JsonReader.of(raw, path)
    kind = reader.required_text("type")
    if kind == "function":
        function = reader.required_object("function")
        return FunctionTool(
            function.required_text("name"),
            function.text("description"),
            function.raw("parameters"),
            function.flag("strict"),
        )
    if kind == "custom":
        custom = reader.required_object("custom")
        return CustomTool(custom.required_text("name"), custom.text("description"), custom.raw("format"))
    return OpaqueTool(API, kind, raw)


def _decode_choice(reader: JsonReader) -> ToolChoice | None:
    raw = reader.raw("tool_choice")
    if raw is None:
        return None
    where = reader.at("tool_choice")
    if bytes(raw)[:1] == b'"':
        mode = TOOL_MODES.get(JsonReader({"tool_choice": raw}).text("tool_choice"))
        if mode is None:
            raise Unreadable(f"`{where}` must be one of {', '.join(TOOL_MODES)}, or name a tool")
        return ToolChoice(mode)
    choice = JsonReader.of(raw, where)
    kind = choice.required_text("type")
    if kind == "allowed_tools":
        allowed = choice.required_object("allowed_tools")
        names = tuple(_name_of(each) for each in allowed.objects("tools"))
        return ToolChoice(TOOL_MODES[allowed.one_of("mode", frozenset(("auto", "required"))) or "auto"], names)
    if kind not in ("function", "custom"):
        raise Unreadable(f"`{where}.type` must be one of allowed_tools, custom, function")
    return ToolChoice(ToolMode.REQUIRED, (choice.required_object(kind).required_text("name"),))


def _name_of(reader: JsonReader) -> str:
    """The object is named by the type; what else could stand there has no name."""
    return reader.required_object(reader.required_text("type")).required_text("name")


def _decode_format(reader: JsonReader | None) -> OutputFormat | None:
    if reader is None:
        return None
    kind = reader.one_of("type", FORMATS)
    if not kind:
        raise Unreadable(f"`{reader.at('type')}` is required")
    if kind != "json_schema":
        return OutputFormat(OutputMode.JSON if kind == "json_object" else OutputMode.TEXT)
    schema = reader.required_object("json_schema")
    return OutputFormat(
        OutputMode.SCHEMA,
        schema.raw("schema"),
        schema.required_text("name"),
        schema.text("description"),
        schema.flag("strict"),
    )
