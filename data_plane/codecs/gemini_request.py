"""Requests of Gemini's generateContent, read; those that count tokens are alike.

Source: ai.google.dev/api/generate-content (v1beta, 2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.gemini_fields import API as API
from data_plane.codecs.gemini_fields import camel_fields, child, children, integer, proto_reader, word
from data_plane.codecs.gemini_history import decode_history
from data_plane.codecs.gemini_schema import to_json_schema
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.errors import BadRequest
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

MODES: Mapping[str, ToolMode] = {
    "AUTO": ToolMode.AUTO,
    "ANY": ToolMode.REQUIRED,
    "NONE": ToolMode.NONE,
    "VALIDATED": ToolMode.AUTO,
}
MODE_WORDS = frozenset(MODES)
LEVELS: Mapping[str, Effort] = {
    effort.value.upper(): effort for effort in (Effort.MINIMAL, Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH)
}
LEVEL_WORDS = frozenset(LEVELS)
TIERS: Mapping[str, str] = {"standard": "default", "unspecified": ""}  # in the words of OpenAI, which others read
AS_THE_MODEL_SEES_FIT = -1
JSON, PLAIN = "application/json", "text/plain"
TEXT_ALONE = (b'["TEXT"]', b'["text"]')

_encode = msgspec.json.Encoder().encode
_text = msgspec.json.Decoder(str).decode
_texts = msgspec.json.Decoder(list[str]).decode


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
        reader = JsonReader(camel_fields(fields))
        inner = reader.raw("generateContentRequest")
        return _decode(reader if inner is None else proto_reader(inner, ""), call)
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def _decode(reader: JsonReader, call: Call) -> GenerateRequest:
    kept: dict[str, Raw] = {}
    named = reader.text("model").removeprefix("models/")
    config = child(reader, "generationConfig") or JsonReader({}, "generationConfig")
    maximum, candidates = integer(config, "maxOutputTokens"), integer(config, "candidateCount")
    tier = reader.text("serviceTier").lower()
    request = GenerateRequest(
        api=API,
        model=call.model or named,
        messages=decode_history(reader),
        max_output_tokens=maximum,
        stop=config.mapping("stopSequences", _texts_of, "an array of strings") or (),
        candidates=1 if candidates is None else candidates,
        sampling=_decode_sampling(config),
        tools=_decode_tools(reader),
        tool_choice=_decode_choice(reader, kept),
        output=_decode_format(config, kept),
        reasoning=_decode_reasoning(config, kept),
        stream=call.streams,
        service_tier=TIERS.get(tier, tier),
        store=reader.flag("store"),
    )
    modalities = config.raw("responseModalities")
    if modalities is not None and bytes(modalities).replace(b" ", b"") not in TEXT_ALONE:
        kept["generationConfig.responseModalities"] = modalities
    _keep(kept, config)
    request.extras = {**reader.rest(), **kept}
    return request


def _texts_of(raw: Raw) -> tuple[str, ...]:
    return tuple(_texts(raw))


def _keep(kept: dict[str, Raw], reader: JsonReader) -> None:
    """Fields of an object that only this API understands, by their paths."""
    for name, raw in reader.rest().items():
        kept[reader.at(name)] = raw


def _decode_sampling(config: JsonReader) -> Sampling:
    return Sampling(
        temperature=config.number("temperature"),
        top_p=config.number("topP"),
        top_k=integer(config, "topK"),
        frequency_penalty=config.number("frequencyPenalty"),
        presence_penalty=config.number("presencePenalty"),
        seed=integer(config, "seed"),
        logprobs=config.flag("responseLogprobs") or False,
        top_logprobs=integer(config, "logprobs"),
    )


def _decode_tools(reader: JsonReader) -> list[Tool]:
    """Functions, and each of the provider's own tools by itself."""
    tools: list[Tool] = []
    for entry in children(reader, "tools"):
        tools += [_decode_function(each) for each in children(entry, "functionDeclarations")]
        tools += [OpaqueTool(API, kind, Raw(_encode({kind: raw}))) for kind, raw in entry.rest().items()]
    return tools


def _decode_function(reader: JsonReader) -> FunctionTool:
    name, description = reader.required_text("name"), reader.text("description")
    schema, own = reader.raw("parametersJsonSchema"), reader.raw("parameters")
    if own is not None:
        if schema is not None:
            raise Unreadable(f"`{reader.at('parameters')}` and `parametersJsonSchema` exclude each other")
        schema = to_json_schema(own, reader.at("parameters"))
    return FunctionTool(name, description, schema, extras=reader.rest())


def _decode_choice(reader: JsonReader, kept: dict[str, Raw]) -> ToolChoice | None:
    """`VALIDATED` is more than any other API has to say."""
    config = child(reader, "toolConfig")
    if config is None:
        return None
    calling = child(config, "functionCallingConfig")
    _keep(kept, config)
    if calling is None:
        return None
    mode = word(calling, "mode", MODE_WORDS)
    names = calling.mapping("allowedFunctionNames", _texts_of, "an array of strings") or ()
    if mode == "VALIDATED":
        kept[calling.at("mode")] = Raw(b'"VALIDATED"')
    _keep(kept, calling)
    return ToolChoice(MODES[mode or "AUTO"], names) if mode or names else None


def _decode_format(config: JsonReader, kept: dict[str, Raw]) -> OutputFormat | None:
    kind = config.text("responseMimeType")
    if kind not in ("", JSON, PLAIN):  # such as an enumeration
        kept[config.at("responseMimeType")] = Raw(_encode(kind))
        return None  # the schema is left where it is
    schema, own = config.raw("responseJsonSchema"), config.raw("responseSchema")
    if own is not None:
        if schema is not None:
            raise Unreadable(f"`{config.at('responseSchema')}` and `responseJsonSchema` exclude each other")
        schema = to_json_schema(own, config.at("responseSchema"))
    if schema is not None:
        if kind != JSON:
            raise Unreadable(f"`{config.at('responseMimeType')}` must be {JSON} where a schema is given")
        return OutputFormat(OutputMode.SCHEMA, schema)
    return OutputFormat(OutputMode.JSON if kind == JSON else OutputMode.TEXT) if kind else None


def _decode_reasoning(config: JsonReader, kept: dict[str, Raw]) -> Reasoning | None:
    thinking = child(config, "thinkingConfig")
    if thinking is None:
        return None
    is_shown, budget = thinking.flag("includeThoughts"), integer(thinking, "thinkingBudget")
    level = word(thinking, "thinkingLevel", LEVEL_WORDS)
    if budget is not None and budget < AS_THE_MODEL_SEES_FIT:
        raise Unreadable(f"`{thinking.at('thinkingBudget')}` must be greater than or equal to {AS_THE_MODEL_SEES_FIT}")
    _keep(kept, thinking)
    effort = LEVELS[level] if level else None
    if budget == 0 and effort is None:
        return Reasoning(Effort.NONE, is_shown=is_shown)
    if budget == AS_THE_MODEL_SEES_FIT:
        return Reasoning(effort, is_adaptive=True, is_shown=is_shown)
    if budget is None and effort is None and is_shown is None:
        return None
    return Reasoning(effort, budget, is_shown=is_shown)
