"""Requests of Anthropic Messages, written for a provider that speaks it.

Source: docs.anthropic.com/en/api/messages, "Extended thinking", "Adaptive thinking", "Structured outputs" (2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_block import ANSWER_TOOL, API
from data_plane.codecs.anthropic_block_encode import Json, content_of, encode_cache
from data_plane.codecs.anthropic_reasoning import add_reasoning
from data_plane.codecs.anthropic_request import MAX_TEMPERATURE
from data_plane.codecs.anthropic_turns import encode_turns
from data_plane.llm.content import ToolCall
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import (
    FunctionTool,
    GenerateRequest,
    OpaqueTool,
    OutputMode,
    Tool,
    ToolChoice,
    ToolMode,
)
from data_plane.llm.traits import Traits

# The API wants a limit. Of a model whose own is not known it is the smallest of those that the provider serves today
# (2026-11). Where it is too much, the provider refuses it and names the limit; less would cut answers short, and
# nobody would see why.
UNKNOWN_MAX_TOKENS = 32_000
MIN_TOP_P_WITH_THOUGHT = 0.95
CHOICES: Mapping[ToolMode, str] = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any", ToolMode.NONE: "none"}
TIERS: Mapping[str, str] = {"auto": "auto", "default": "standard_only"}  # of OpenAI's words
ANY_OBJECT = Raw(b'{"type":"object"}')
OBJECT_STARTS = (b'{"type":"object"', b'{"type": "object"')
OF_COUNTING = frozenset(("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"))

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    return _encode(_body(request, traits, losses))


def encode_count_request(request: GenerateRequest, traits: Traits) -> bytes:
    """The body that asks a provider how many tokens this is; what it cannot express counts nothing."""
    body = _body(request, traits, Losses())
    return _encode({name: value for name, value in body.items() if name in OF_COUNTING})


def _body(request: GenerateRequest, traits: Traits, losses: Losses) -> Json:
    talk = encode_turns(request, traits, losses)
    maximum = _max_tokens(request, traits)
    body: Json = {
        "model": request.model,
        "max_tokens": maximum,
        "messages": [{"role": turn.role, "content": content_of(turn.blocks), **turn.extras} for turn in talk.turns],
    }
    if talk.system:
        body["system"] = content_of(talk.system)
    _add_tools(body, request, traits, losses)
    _add_format(body, request, traits, losses)
    if "tools" not in body and request.api != API:
        _add_past_tools(body, request)
    thinks = add_reasoning(body, request, traits, losses, talk)
    _add_sampling(body, request, traits, losses, thinks=thinks)
    if request.stream:
        body["stream"] = True
    _add_rest(body, request, losses)
    return body


def _max_tokens(request: GenerateRequest, traits: Traits) -> int:
    """The client's limit; else the model's own."""
    if request.max_output_tokens is not None:
        return request.max_output_tokens
    if traits.max_output_tokens:
        return traits.max_output_tokens
    if traits.context_tokens:
        return min(UNKNOWN_MAX_TOKENS, traits.context_tokens // 2)
    return UNKNOWN_MAX_TOKENS


def _add_sampling(body: Json, request: GenerateRequest, traits: Traits, losses: Losses, *, thinks: bool) -> None:
    stops = list(request.stop)
    if stops:
        kept = [stop for stop in stops if stop.strip()]  # one of white space alone is refused
        if len(kept) < len(stops):
            losses.drop(client_word(request, "stop"))
        if kept:
            body["stop_sequences"] = kept
    sampling = request.sampling
    if request.api == API:
        values: Mapping[str, float | None] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
        }
    else:
        values = _fitting(request, losses, thinks=thinks)
    for name, value in values.items():
        if value is None:
            continue
        if traits.takes_sampling:
            body[name] = value
        else:
            losses.drop(client_word(request, name))
    _drop_unknown(request, losses)


def _fitting(request: GenerateRequest, losses: Losses, *, thinks: bool) -> Mapping[str, float | None]:
    """Other APIs know temperatures up to 2; and who thinks may not be told much. Values that change nothing go first:
    some models refuse to be told both temperature and `top_p`.
    """
    sampling = request.sampling
    temperature, top_p, top_k = sampling.temperature, sampling.top_p, sampling.top_k
    if temperature == MAX_TEMPERATURE:
        temperature = None
    if top_p == 1.0:
        top_p = None
    if temperature is not None and (thinks or temperature > MAX_TEMPERATURE):
        losses.drop(client_word(request, "temperature"))
        temperature = None if thinks else MAX_TEMPERATURE
    if top_p is not None and thinks and top_p < MIN_TOP_P_WITH_THOUGHT:
        losses.drop(client_word(request, "top_p"))
        top_p = None
    if top_k is not None and thinks:
        losses.drop(client_word(request, "top_k"))
        top_k = None
    return {"temperature": temperature, "top_p": top_p, "top_k": top_k}


def _drop_unknown(request: GenerateRequest, losses: Losses) -> None:
    """What this API has no word for, unless it says what is so in any case."""
    sampling = request.sampling
    says = {
        "n": request.candidates != 1,
        "min_p": sampling.min_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "repetition_penalty": sampling.repetition_penalty not in (None, 1.0),
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs,
        "top_logprobs": sampling.top_logprobs,
    }
    for name, value in says.items():
        if value:
            losses.drop(client_word(request, name))


def _add_tools(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    """A choice among some tools is one among those only that are offered."""
    choice = request.tool_choice
    some = choice.names if choice is not None and len(choice.names) > 1 else ()
    if choice is not None and choice.names and choice.mode is not ToolMode.REQUIRED:
        some = choice.names
    tools: list[object] = []
    for index, tool in enumerate(request.tools):
        encoded = _encode_tool(tool, request, traits, losses, f"tools[{index}]")
        if encoded is not None and (not some or (isinstance(tool, FunctionTool) and tool.name in some)):
            tools.append(encoded)
    if not tools:
        return
    body["tools"] = tools
    encoded_choice = _encode_choice(choice, request.parallel_tool_calls, is_own=request.api == API)
    if encoded_choice is not None:
        body["tool_choice"] = encoded_choice


def _add_past_tools(body: Json, request: GenerateRequest) -> None:
    """Calls in the conversation are refused where no tool is offered: those that were called are, but may not be."""
    names = {part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)}
    if names:
        body["tools"] = [{"name": name, "input_schema": ANY_OBJECT} for name in sorted(names)]
        body["tool_choice"] = {"type": "none"}


def _encode_tool(tool: Tool, request: GenerateRequest, traits: Traits, losses: Losses, path: str) -> object:
    if isinstance(tool, OpaqueTool) and tool.api == API:
        return tool.raw
    if not isinstance(tool, FunctionTool):
        losses.drop(path)
        return None
    is_own = request.api == API
    encoded: Json = {"name": tool.name}
    if tool.description:
        encoded["description"] = tool.description
    encoded["input_schema"] = _schema(tool.parameters)
    if tool.strict and not traits.takes_json_schema:
        losses.drop(f"{path}.strict")
    elif tool.strict or (is_own and tool.strict is not None):
        encoded["strict"] = tool.strict
    if is_own:
        encoded.update(tool.extras)
    else:
        losses.drop_all(tool.extras, f"{path}.")
    if tool.cache is not None:
        encoded["cache_control"] = encode_cache(tool.cache)
    return encoded


def _schema(parameters: Raw | None) -> object:
    """It must say that it is of an object."""
    if parameters is None:
        return ANY_OBJECT
    if bytes(memoryview(parameters)[:17]).startswith(OBJECT_STARTS):
        return parameters
    try:
        fields = _object(parameters)
    except msgspec.DecodeError:
        return parameters
    return parameters if "type" in fields else {"type": "object", **fields}


def _encode_choice(choice: ToolChoice | None, is_parallel: bool | None, *, is_own: bool) -> Json | None:
    if choice is None and (is_parallel is None or (is_parallel and not is_own)):
        return None
    encoded: Json = {"type": CHOICES[choice.mode] if choice is not None else "auto"}
    if choice is not None and len(choice.names) == 1 and choice.mode is ToolMode.REQUIRED:
        encoded = {"type": "tool", "name": choice.names[0]}
    if encoded["type"] != "none" and is_parallel is not None and (is_own or not is_parallel):
        encoded["disable_parallel_tool_use"] = not is_parallel
    return encoded


def _add_format(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    """A model that cannot be held to a schema is made to call a tool that has it, unless it has other tools to call."""
    output = request.output
    if output is None or output.mode is OutputMode.TEXT:
        return
    if output.description:
        losses.drop(client_word(request, "response_format.json_schema.description"))
    if output.mode is OutputMode.SCHEMA and traits.takes_json_schema:
        schema = ANY_OBJECT if output.schema is None else output.schema
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    elif "tools" in body:
        losses.drop(client_word(request, "response_format"))
    else:
        body["tools"] = [{"name": ANSWER_TOOL, "input_schema": _schema(output.schema)}]
        body["tool_choice"] = {"type": "tool", "name": ANSWER_TOOL}


def _add_rest(body: Json, request: GenerateRequest, losses: Losses) -> None:
    if request.end_user:
        body["metadata"] = {"user_id": request.end_user}
    if request.api == API:
        _add_own(body, request)
        return
    tier = TIERS.get(request.service_tier)
    if tier is not None:
        body["service_tier"] = tier
    elif request.service_tier:
        losses.drop(client_word(request, "service_tier"))
    if request.metadata:
        losses.drop("metadata")
    if request.store:
        losses.drop("store")
    losses.drop_all(request.extras)


def _add_own(body: Json, request: GenerateRequest) -> None:
    if request.service_tier:
        body["service_tier"] = request.service_tier
    for name, raw in request.extras.items():
        known = body.get(name)
        body[name] = {**_object(raw), **known} if isinstance(known, dict) else raw
