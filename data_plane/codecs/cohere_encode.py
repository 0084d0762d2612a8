"""Requests of Cohere's chat, written for the provider. Source: docs.cohere.com/reference/chat (v2, 2026-11)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.anthropic_reasoning import BUDGETS
from data_plane.codecs.cohere_message import CohereMessages
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import Effort, FunctionTool, GenerateRequest, OutputMode, Tool, ToolMode
from data_plane.llm.traits import ReasoningStyle, Traits

Json = dict[str, object]

MAX_STOPS = 5
MAX_K = 500
MIN_P, MAX_P = 0.01, 0.99
MAX_PENALTY = 1.0
USUAL_TIERS = ("", "auto", "default", "standard_only")
OPENAI_WORDS: Mapping[str, str] = {"p": "top_p", "k": "top_k"}
ANY_OBJECT = Raw(b'{"type":"object","properties":{}}')

_encode = msgspec.json.Encoder().encode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks the provider for this."""
    body: Json = {"model": request.model, "messages": CohereMessages(request, losses).messages()}
    if request.stream:
        body["stream"] = True
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
    if request.stop:
        body["stop_sequences"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.drop(client_word(request, "stop"))
    _add_sampling(body, request, traits, losses)
    _add_tools(body, request, losses)
    _add_format(body, request, traits, losses)
    _add_thinking(body, request, traits, losses)
    _drop_unknown(request, losses)
    return _encode(body)


def _add_sampling(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    """Within the API's bounds: those of `p` and `k` mean the same as what lies beyond them."""
    sampling = request.sampling
    top_p, top_k = sampling.top_p, sampling.top_k
    values: Json = {
        "temperature": sampling.temperature,
        "p": None if top_p is None else min(MAX_P, max(MIN_P, top_p)),
        "k": None if top_k is None else min(MAX_K, max(0, top_k)),
        "frequency_penalty": _penalty(request, losses, "frequency_penalty", sampling.frequency_penalty),
        "presence_penalty": _penalty(request, losses, "presence_penalty", sampling.presence_penalty),
        "seed": sampling.seed,
        "logprobs": sampling.logprobs or None,
    }
    for name, value in values.items():
        if value is None:
            continue
        if traits.takes_sampling:
            body[name] = value
        else:
            losses.drop(client_word(request, OPENAI_WORDS.get(name, name)))


def _penalty(request: GenerateRequest, losses: Losses, name: str, value: float | None) -> float | None:
    if value is None or 0.0 <= value <= MAX_PENALTY:
        return value
    losses.drop(client_word(request, name))
    return min(MAX_PENALTY, max(0.0, value))


def _add_tools(body: Json, request: GenerateRequest, losses: Losses) -> None:
    """A choice among some tools is one among those only that are offered; strict are all or none."""
    choice = request.tool_choice
    names = () if choice is None or choice.mode is ToolMode.NONE else choice.names
    tools: list[Json] = []
    strict = [isinstance(tool, FunctionTool) and tool.strict is True for tool in request.tools]
    for index, tool in enumerate(request.tools):
        encoded = _tool(tool, losses, f"tools[{index}]")
        if encoded is None or (names and isinstance(tool, FunctionTool) and tool.name not in names):
            continue
        tools.append(encoded)
        if strict[index] and not all(strict):
            losses.drop(f"tools[{index}].strict")
    if not tools:
        return
    body["tools"] = tools
    if strict and all(strict):
        body["strict_tools"] = True
    if choice is not None and choice.mode is not ToolMode.AUTO:
        body["tool_choice"] = choice.mode.value.upper()
    if request.parallel_tool_calls is False:
        losses.drop(client_word(request, "parallel_tool_calls"))


def _tool(tool: Tool, losses: Losses, path: str) -> Json | None:
    if not isinstance(tool, FunctionTool):
        losses.drop(path)
        return None
    losses.drop_all(tool.extras, f"{path}.")
    known: Json = {"description": tool.description} if tool.description else {}
    parameters = ANY_OBJECT if tool.parameters is None else tool.parameters
    return {"type": "function", "function": {"name": tool.name, **known, "parameters": parameters}}


def _add_format(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    output = request.output
    if output is None or output.mode is OutputMode.TEXT:
        return
    if "tools" in body:  # which the API refuses together
        losses.drop(client_word(request, "response_format"))
        return
    wanted: Json = {"type": "json_object"}
    if output.mode is OutputMode.SCHEMA:
        if traits.takes_json_schema and output.schema is not None:
            wanted["json_schema"] = output.schema
        else:
            losses.drop(client_word(request, "response_format"))
        if output.description:
            losses.drop(client_word(request, "response_format.json_schema.description"))
    body["response_format"] = wanted


def _add_thinking(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    reasoning = request.reasoning
    if reasoning is None:
        return
    effort, budget = reasoning.effort, reasoning.budget_tokens
    if traits.reasoning is ReasoningStyle.NONE:
        if effort is not Effort.NONE:
            losses.drop(client_word(request, "reasoning_effort"))
    elif effort is Effort.NONE or budget == 0:
        body["thinking"] = {"type": "disabled"}
    elif budget is not None or effort is not None:
        tokens = budget if budget is not None else BUDGETS[effort or Effort.HIGH]
        body["thinking"] = {"type": "enabled", "token_budget": tokens}
    elif reasoning.is_adaptive:
        body["thinking"] = {"type": "enabled"}


def _drop_unknown(request: GenerateRequest, losses: Losses) -> None:
    """What this API has no word for, unless it says what is so in any case."""
    sampling = request.sampling
    says = {
        "n": request.candidates != 1,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty not in (None, 1.0),
        "logit_bias": sampling.logit_bias,
        "top_logprobs": sampling.top_logprobs,
        "metadata": request.metadata,
        "service_tier": request.service_tier not in USUAL_TIERS,
        "store": request.store,
    }
    for name, value in says.items():
        if value:
            losses.drop(client_word(request, name))
    losses.drop_all(request.extras)
