"""Requests of OpenAI Chat Completions, written for a provider that speaks it.

Source: platform.openai.com/docs/api-reference/chat/create (2026-11).
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.openai_chat_message import MessageEncoder
from data_plane.codecs.openai_chat_request import API
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
    ToolChoice,
    ToolMode,
)
from data_plane.llm.traits import ReasoningStyle, Traits

Json = dict[str, object]

MAX_STOPS = 4
MORE_SAMPLING = frozenset(("top_k", "min_p", "repetition_penalty"))  # of vLLM and others that speak this API
LOGPROBS = frozenset(("logprobs", "top_logprobs"))
NOTHING: frozenset[str] = frozenset()
# Of Anthropic's words the one that differs, and those of OpenAI's other APIs.
TIERS: Mapping[str, str] = {
    "standard_only": "default",
    **{word: word for word in ("auto", "default", "flex", "priority", "scale")},
}
RESPONSES, VERBOSITY = "openai-responses", "text.verbosity"  # which other APIs have no word for
# Of a model that is told how long to think by words, what a number of tokens means. Providers' own guides say about so.
EFFORT_BY_BUDGET = ((0, Effort.NONE), (1_024, Effort.LOW), (8_192, Effort.MEDIUM))

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    body: Json = {"model": request.model, "messages": MessageEncoder(request, traits, losses).messages()}
    _add_limits(body, request, traits, losses)
    _add_sampling(body, request, traits, losses)
    _add_tools(body, request, traits, losses)
    if request.output is not None:
        body["response_format"] = _encode_format(request, request.output, traits, losses)
    if request.reasoning is not None:
        _add_reasoning(body, request, request.reasoning, traits, losses)
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}  # always metered; taken out again where nobody asked for it
    _add_rest(body, request, losses)
    return _encode(body)


def _add_limits(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    if request.max_output_tokens is not None:
        name = "max_completion_tokens" if traits.takes_max_completion_tokens else "max_tokens"
        body[name] = request.max_output_tokens
    if request.candidates == 1:
        return
    if traits.takes_candidates:
        body["n"] = request.candidates
    else:
        losses.drop(client_word(request, "n"))


def _add_sampling(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    if request.stop:
        body["stop"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.drop(client_word(request, "stop"))
    sampling = request.sampling
    values = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "seed": sampling.seed,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs or None,
        "top_logprobs": sampling.top_logprobs,
    }
    values |= {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
    }
    refused = _refused_sampling(traits)
    for name, value in values.items():
        if value is None:
            continue
        if traits.takes_sampling and name not in refused:
            body[name] = value
        else:
            losses.drop(client_word(request, name))


def _refused_sampling(traits: Traits) -> frozenset[str]:
    refused = NOTHING if traits.takes_more_sampling else MORE_SAMPLING
    return refused if traits.takes_logprobs else refused | LOGPROBS


def _add_tools(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    """What is said of tools is refused where there are none."""
    tools = [
        encoded
        for index, tool in enumerate(request.tools)
        if (encoded := _encode_tool(tool, losses, f"tools[{index}]", is_own=request.api == API))
    ]
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    if choice is not None:
        if traits.takes_tool_choice:
            body["tool_choice"] = _encode_choice(choice, request.tools)
        elif choice.mode is not ToolMode.AUTO or choice.names:
            losses.drop(client_word(request, "tool_choice"))
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _add_reasoning(body: Json, request: GenerateRequest, reasoning: Reasoning, traits: Traits, losses: Losses) -> None:
    effort = reasoning.effort
    if effort is None and reasoning.budget_tokens is not None:
        budget = reasoning.budget_tokens
        effort = next((each for bound, each in EFFORT_BY_BUDGET if budget <= bound), Effort.HIGH)
    if effort is None:
        return
    if traits.reasoning is not ReasoningStyle.NONE:
        body["reasoning_effort"] = effort.value
    elif effort is not Effort.NONE:
        losses.drop(client_word(request, "reasoning_effort"))


def _add_rest(body: Json, request: GenerateRequest, losses: Losses) -> None:
    if request.end_user:
        body["user"] = request.end_user
    if request.metadata:
        body["metadata"] = request.metadata
    if request.store is not None:
        body["store"] = request.store
    if request.api == API:
        if request.service_tier:
            body["service_tier"] = request.service_tier
        body.update(request.extras)
    else:
        _add_foreign(body, request, losses)


def _add_foreign(body: Json, request: GenerateRequest, losses: Losses) -> None:
    tier = TIERS.get(request.service_tier)
    if tier is not None:
        body["service_tier"] = tier
    elif request.service_tier:
        losses.drop(client_word(request, "service_tier"))
    extras = dict(request.extras)
    verbosity = extras.pop(VERBOSITY, None) if request.api == RESPONSES else None
    if verbosity is not None:
        body["verbosity"] = verbosity
    losses.drop_all(extras)


def _encode_tool(tool: Tool, losses: Losses, path: str, *, is_own: bool) -> Json | None:
    if isinstance(tool, FunctionTool):
        if not is_own:
            losses.drop_all(tool.extras, f"{path}.")
        known = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
        return {"type": "function", "function": {"name": tool.name, **_given(known)}}
    if isinstance(tool, CustomTool):
        custom = {"name": tool.name, **_given({"description": tool.description, "format": tool.format})}
        return {"type": "custom", "custom": custom}
    if tool.api == API:
        return dict(_object(tool.raw))
    losses.drop(path)
    return None


def _given(fields: Mapping[str, object]) -> Json:
    """Without what nobody has said."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _encode_choice(choice: ToolChoice, tools: Sequence[Tool]) -> object:
    if not choice.names or choice.mode is ToolMode.NONE:
        return choice.mode.value
    custom = {tool.name for tool in tools if isinstance(tool, CustomTool)}
    named: list[Json] = []
    for name in choice.names:
        kind = "custom" if name in custom else "function"
        named.append({"type": kind, kind: {"name": name}})
    if len(named) == 1 and choice.mode is ToolMode.REQUIRED:
        return named[0]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode.value, "tools": named}}


def _encode_format(request: GenerateRequest, output: OutputFormat, traits: Traits, losses: Losses) -> Json:
    if output.mode is OutputMode.TEXT:
        return {"type": "text"}
    if output.mode is OutputMode.JSON:
        return {"type": "json_object"}
    if not traits.takes_json_schema:
        losses.drop(client_word(request, "response_format"))
        return {"type": "json_object"}
    known = {"schema": output.schema, "description": output.description, "strict": output.strict}
    return {"type": "json_schema", "json_schema": {"name": output.name or "answer", **_given(known)}}
