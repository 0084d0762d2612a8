"""Requests of Gemini's generateContent, written for a provider that speaks it.

Source: ai.google.dev/api/generate-content (v1beta), "Gemini thinking", "Structured output" (2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.gemini_fields import API
from data_plane.codecs.gemini_part_encode import Json
from data_plane.codecs.gemini_request import AS_THE_MODEL_SEES_FIT, JSON, PLAIN
from data_plane.codecs.gemini_schema import as_json_schema, as_subset
from data_plane.codecs.gemini_turns import TurnEncoder
from data_plane.codecs.json_reader import UNREADABLE
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import (
    CustomTool,
    Effort,
    FunctionTool,
    GenerateRequest,
    OutputFormat,
    OutputMode,
    Reasoning,
    Tool,
    ToolMode,
)
from data_plane.llm.traits import ReasoningStyle, Traits

MAX_STOPS = 5
LEVELS: Mapping[Effort, str] = {
    Effort.NONE: "MINIMAL",  # such models cannot do without
    Effort.MINIMAL: "MINIMAL",
    Effort.LOW: "LOW",
    Effort.MEDIUM: "MEDIUM",
    Effort.HIGH: "HIGH",
    Effort.XHIGH: "XHIGH",
    Effort.MAX: "XHIGH",
}
# What Google's own endpoint for OpenAI's API makes of efforts; the last is the most that all its models take.
BUDGETS: Mapping[Effort, int] = {
    Effort.NONE: 0,
    Effort.MINIMAL: 1_024,
    Effort.LOW: 1_024,
    Effort.MEDIUM: 8_192,
    Effort.HIGH: 24_576,
    Effort.XHIGH: 24_576,
    Effort.MAX: 24_576,
}
MODES: Mapping[ToolMode, str] = {ToolMode.AUTO: "AUTO", ToolMode.REQUIRED: "ANY", ToolMode.NONE: "NONE"}
VALIDATED = "VALIDATED"  # calls fit their schemas, and only tools with these names are called, but none need be
TIERS: Mapping[str, str] = {
    "auto": "",
    "default": "standard",
    "standard_only": "standard",
    "flex": "flex",
    "priority": "priority",
}

_encode = msgspec.json.Encoder().encode
_decode_object = msgspec.json.Decoder(dict[str, object]).decode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. Model, and whether it is a stream, are in the path."""
    turns = TurnEncoder(request, traits, losses)
    body: Json = {"contents": turns.contents()}
    if turns.system:
        body["systemInstruction"] = {"parts": turns.system}
    config: Json = {}
    _add_limits(config, request, losses)
    _add_sampling(config, request, traits, losses)
    if request.output is not None:
        _add_format(config, request, request.output, traits, losses)
    if request.reasoning is not None:
        _add_reasoning(config, request, request.reasoning, traits, losses)
    if config:
        body["generationConfig"] = config
    _add_tools(body, request, traits, losses)
    _add_rest(body, request, losses)
    return _encode(body)


def _add_limits(config: Json, request: GenerateRequest, losses: Losses) -> None:
    if request.max_output_tokens is not None:
        config["maxOutputTokens"] = request.max_output_tokens
    if request.candidates != 1:
        config["candidateCount"] = request.candidates
    if request.stop:
        config["stopSequences"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.drop(client_word(request, "stop"))


def _add_sampling(config: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    sampling = request.sampling
    values: dict[str, tuple[str, object]] = {
        "temperature": ("temperature", sampling.temperature),
        "top_p": ("topP", sampling.top_p),
        "top_k": ("topK", sampling.top_k),
        "frequency_penalty": ("frequencyPenalty", sampling.frequency_penalty),
        "presence_penalty": ("presencePenalty", sampling.presence_penalty),
        "seed": ("seed", sampling.seed),
        "logprobs": ("responseLogprobs", sampling.logprobs or None),
        "top_logprobs": ("logprobs", sampling.top_logprobs),
        "min_p": ("", sampling.min_p),
        "repetition_penalty": ("", sampling.repetition_penalty),
        "logit_bias": ("", sampling.logit_bias or None),
    }
    for name, (word, value) in values.items():
        if value is None:
            continue
        if word and traits.takes_sampling:
            config[word] = value
        else:
            losses.drop(client_word(request, name))


def _add_format(config: Json, request: GenerateRequest, output: OutputFormat, traits: Traits, losses: Losses) -> None:
    config["responseMimeType"] = PLAIN if output.mode is OutputMode.TEXT else JSON
    if output.schema is None:
        return
    schema = output.schema
    if output.description:
        schema = _described(schema, output.description)
    if traits.takes_json_schema:
        config["responseJsonSchema"] = as_json_schema(schema)
    else:
        config["responseSchema"] = as_subset(schema, client_word(request, "response_format"), losses)


def _described(schema: Raw, description: str) -> Raw:
    """What the answer is for has no other place."""
    try:
        fields = _decode_object(schema)
    except UNREADABLE:
        return schema
    return Raw(_encode({"description": description, **fields})) if "description" not in fields else schema


def _add_reasoning(
    config: Json, request: GenerateRequest, reasoning: Reasoning, traits: Traits, losses: Losses
) -> None:
    if traits.reasoning is ReasoningStyle.NONE and request.api != API:
        if reasoning.effort is not Effort.NONE:
            losses.drop(client_word(request, "reasoning_effort"))
        return
    thinking: Json = {}
    is_shown = reasoning.is_shown
    # Who sums up thoughts, or says how many there may be, wants to see them.
    if is_shown is None and request.api != API:
        is_shown = bool(reasoning.summary or reasoning.budget_tokens or reasoning.is_adaptive) or None
    if is_shown is not None:
        thinking["includeThoughts"] = is_shown
    thinking.update(_amount(reasoning, traits, is_own=request.api == API))
    if thinking:
        config["thinkingConfig"] = thinking


def _amount(reasoning: Reasoning, traits: Traits, *, is_own: bool) -> Json:
    """By a number of tokens or by a word: the API refuses both at once."""
    effort, budget = reasoning.effort, reasoning.budget_tokens
    if reasoning.is_adaptive and (effort is None or is_own):
        budget = AS_THE_MODEL_SEES_FIT
    if is_own and effort is Effort.NONE:
        return {"thinkingBudget": 0}
    amount: Json = {}
    if budget is not None:
        amount["thinkingBudget"] = budget
    if effort is not None and (budget is None or is_own):
        if traits.reasoning is ReasoningStyle.BUDGET and not is_own:
            amount["thinkingBudget"] = BUDGETS[effort]
        else:
            amount["thinkingLevel"] = LEVELS[effort]
    return amount


def _add_tools(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    functions: list[Json] = []
    tools: list[object] = []
    is_own = request.api == API
    for index, tool in enumerate(request.tools):
        path = f"tools[{index}]"
        if isinstance(tool, FunctionTool):
            functions.append(_encode_function(tool, traits, losses, path, is_own=is_own))
        else:
            _add_other(tools, tool, losses, path)
    if functions:
        tools.insert(0, {"functionDeclarations": functions})
    if tools:
        body["tools"] = tools
    calling = _encode_choice(request, traits, has_functions=bool(functions))
    if calling:
        body["toolConfig"] = {"functionCallingConfig": calling}
    if request.parallel_tool_calls is False and functions:
        losses.drop("parallel_tool_calls")


def _add_other(tools: list[object], tool: Tool, losses: Losses, path: str) -> None:
    if isinstance(tool, CustomTool | FunctionTool) or tool.api != API:
        losses.drop(path)
    else:
        tools.append(tool.raw)


def _encode_function(tool: FunctionTool, traits: Traits, losses: Losses, path: str, *, is_own: bool) -> Json:
    encoded: Json = {"name": tool.name}
    if tool.description:
        encoded["description"] = tool.description
    if tool.parameters is not None:
        if traits.takes_json_schema:
            encoded["parametersJsonSchema"] = as_json_schema(tool.parameters)
        else:
            encoded["parameters"] = as_subset(tool.parameters, f"{path}.parameters", losses)
    if is_own:
        encoded.update(tool.extras)
    else:
        losses.drop_all(tool.extras, f"{path}.")
    return encoded


def _encode_choice(request: GenerateRequest, traits: Traits, *, has_functions: bool) -> Json:
    """Calls fit their schemas for sure where one is wanted in any case, or all are checked."""
    choice = request.tool_choice
    mode = choice.mode if choice is not None else ToolMode.AUTO
    names = choice.names if choice is not None else ()
    is_strict = traits.takes_json_schema and any(
        isinstance(tool, FunctionTool) and tool.strict for tool in request.tools
    )
    if mode is ToolMode.AUTO and has_functions and (is_strict or (names and request.api != API)):
        word = VALIDATED
    elif choice is None:
        return {}
    else:
        word = MODES[mode]
    return {"mode": word, **({"allowedFunctionNames": list(names)} if names else {})}


def _add_rest(body: Json, request: GenerateRequest, losses: Losses) -> None:
    """The end user has no field, and changes nothing in the answer."""
    if request.service_tier:
        _add_tier(body, request, losses)
    if request.api == API:
        if request.store is not None:
            body["store"] = request.store
        for path, raw in request.extras.items():
            _put(body, path.split("."), raw)
        return
    if request.metadata:
        losses.drop("metadata")
    if request.store:
        losses.drop("store")
    losses.drop_all(request.extras)


def _add_tier(body: Json, request: GenerateRequest, losses: Losses) -> None:
    tier = TIERS.get(request.service_tier, request.service_tier if request.api == API else None)
    if tier is None:
        losses.drop(client_word(request, "service_tier"))
    elif tier:
        body["serviceTier"] = tier


def _put(body: Json, path: list[str], raw: Raw) -> None:
    """A field of an object inside, which may be there already."""
    inner = body
    for name in path[:-1]:
        found = inner.setdefault(name, {})
        if not isinstance(found, dict):
            return
        inner = found
    inner[path[-1]] = raw
