"""Requests of OpenAI Chat Completions, written for a provider that speaks it.

Source: platform.openai.com/docs/api-reference/chat/create (2026-11).
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from data_plane.codecs.data_url import data_url
from data_plane.codecs.openai_chat_request import API
from data_plane.codecs.openai_chat_response import encode_call
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
from data_plane.llm.loss import Losses
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
# Of a model that is told how long to think by words, what a number of tokens means. Providers' own guides say about so.
EFFORT_BY_BUDGET = ((0, Effort.NONE), (1_024, Effort.LOW), (8_192, Effort.MEDIUM), (1 << 62, Effort.HIGH))

_encode = msgspec.json.Encoder().encode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    messages: list[Json] = []
    for index, message in enumerate(request.messages):
        messages += _encode_message(message, traits, losses, f"messages[{index}]")
    body: Json = {"model": request.model, "messages": messages}
    _add_limits(body, request, traits)
    _add_sampling(body, request, traits, losses)
    _add_tools(body, request, losses)
    if request.output is not None:
        body["response_format"] = _encode_format(request.output, traits, losses)
    if request.reasoning is not None:
        _add_reasoning(body, request.reasoning, traits, losses)
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}  # always metered; taken out again where nobody asked for it
    _add_rest(body, request)
    return _encode(body)


def _add_limits(body: Json, request: GenerateRequest, traits: Traits) -> None:
    if request.max_output_tokens is not None:
        name = "max_completion_tokens" if traits.takes_max_completion_tokens else "max_tokens"
        body[name] = request.max_output_tokens
    if request.candidates != 1:
        body["n"] = request.candidates


def _add_sampling(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    if request.stop:
        body["stop"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.drop(f"stop[{MAX_STOPS}:]")
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
    # Not of OpenAI itself, but of vLLM and others that speak its API.
    values |= {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
    }
    for name, value in values.items():
        if value is None:
            continue
        if traits.takes_sampling:
            body[name] = value
        else:
            losses.drop(name)


def _add_tools(body: Json, request: GenerateRequest, losses: Losses) -> None:
    tools = [
        encoded
        for index, tool in enumerate(request.tools)
        if (encoded := _encode_tool(tool, losses, f"tools[{index}]"))
    ]
    if tools:
        body["tools"] = tools
    if request.tool_choice is not None:
        body["tool_choice"] = _encode_choice(request.tool_choice)
    if request.parallel_tool_calls is not None and tools:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _add_reasoning(body: Json, reasoning: Reasoning, traits: Traits, losses: Losses) -> None:
    effort = reasoning.effort
    if effort is None and reasoning.budget_tokens is not None:
        effort = next(each for bound, each in EFFORT_BY_BUDGET if reasoning.budget_tokens <= bound)
    if effort is None:
        return
    if traits.reasoning is ReasoningStyle.NONE:
        losses.drop("reasoning_effort")
    else:
        body["reasoning_effort"] = effort.value


def _add_rest(body: Json, request: GenerateRequest) -> None:
    if request.end_user:
        body["user"] = request.end_user
    if request.metadata:
        body["metadata"] = request.metadata
    if request.service_tier:
        body["service_tier"] = request.service_tier
    if request.store is not None:
        body["store"] = request.store
    if request.api == API:
        body.update(request.extras)


def _encode_message(message: Message, traits: Traits, losses: Losses, path: str) -> list[Json]:
    """Results of tools are messages of their own here, whatever message they came in."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    encoded = [_encode_result(result, losses, path) for result in results]
    others = [part for part in message.parts if not isinstance(part, ToolResult)]
    if results and not others:
        return encoded
    role = message.role
    if role is Role.DEVELOPER and not traits.takes_developer_role:
        role = Role.SYSTEM
    body: Json = {"role": role.value}
    if role is Role.ASSISTANT:
        _add_answer(body, others, losses, path)
    else:
        body["content"] = _encode_content(others, losses, path)
    if message.name:
        body["name"] = message.name
    body.update(message.extras)
    return [*encoded, body]


def _add_answer(body: Json, parts: Sequence[Part], losses: Losses, path: str) -> None:
    """What the assistant said before: text, thoughts and calls have fields of their own."""
    content: list[Part] = []
    calls: list[Json] = []
    thoughts: list[str] = []
    for part in parts:
        if isinstance(part, ToolCall):
            calls.append(encode_call(part))
        elif isinstance(part, Thought):
            if part.text and part.api == API:
                thoughts.append(part.text)
        elif isinstance(part, Refusal):
            body["refusal"] = part.text
        else:
            content.append(part)
    body["content"] = _encode_content(content, losses, path) if content else None
    if thoughts:
        body["reasoning_content"] = "".join(thoughts)
    if calls:
        body["tool_calls"] = calls


def _encode_result(result: ToolResult, losses: Losses, path: str) -> Json:
    """There is no word for an error here: the model reads it in the text."""
    content = _encode_content(result.content, losses, path)
    if result.is_error:
        content = f"error: {content}" if isinstance(content, str) else [{"type": "text", "text": "error:"}, *content]
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _encode_content(parts: Sequence[Part], losses: Losses, path: str) -> "str | list[Json]":
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    encoded = (_encode_part(part, losses, f"{path}.content[{index}]") for index, part in enumerate(parts))
    return [each for each in encoded if each is not None] or ""


def _encode_part(part: Part, losses: Losses, path: str) -> Json | None:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(source, detail):
            return _encode_image(source, detail, losses, path)
        case Document(source, name):
            return _encode_file(source, name, losses, path)
        case Audio(Inline(media_type, data)):
            return {"type": "input_audio", "input_audio": {"data": data, "format": media_type.removeprefix("audio/")}}
        case Refusal(text):
            return {"type": "refusal", "refusal": text}
        case Opaque(api, _, raw) if api == API:
            return msgspec.json.decode(raw, type=dict[str, object])
    losses.drop(path)
    return None


def _encode_image(source: Source, detail: str, losses: Losses, path: str) -> Json | None:
    url = _url_of(source)
    if url is None:
        losses.drop(path)
        return None
    return {"type": "image_url", "image_url": {"url": url, **({"detail": detail} if detail else {})}}


def _encode_file(source: Source, name: str, losses: Losses, path: str) -> Json | None:
    named: Json = {"filename": name} if name else {}
    match source:
        case FileId(api, id) if api == API:
            return {"type": "file", "file": {**named, "file_id": id}}
        case Inline():
            return {"type": "file", "file": {"filename": "file", **named, "file_data": data_url(source)}}
    losses.drop(path)
    return None


def _url_of(source: Source) -> str | None:
    match source:
        case Inline():
            return data_url(source)
        case Link(url):
            return url
    return None


def _encode_tool(tool: Tool, losses: Losses, path: str) -> Json | None:
    match tool:
        case FunctionTool(name, description, parameters, strict):
            known = {"description": description or None, "parameters": parameters, "strict": strict}
            return {"type": "function", "function": {"name": name, **_given(known)}}
        case CustomTool(name, description, format):
            return {
                "type": "custom",
                "custom": {"name": name, **_given({"description": description, "format": format})},
            }
    if tool.api == API:
        return msgspec.json.decode(tool.raw, type=dict[str, object])
    losses.drop(path)
    return None


def _given(fields: Mapping[str, object]) -> Json:
    """Without what nobody has said."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _encode_choice(choice: ToolChoice) -> object:
    if not choice.names:
        return choice.mode.value
    if len(choice.names) == 1 and choice.mode is ToolMode.REQUIRED:
        return {"type": "function", "function": {"name": choice.names[0]}}
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode.value, "tools": list(_named(choice.names))}}


def _named(names: Iterable[str]) -> Iterable[Json]:
    return ({"type": "function", "function": {"name": name}} for name in names)


def _encode_format(output: OutputFormat, traits: Traits, losses: Losses) -> Json:
    if output.mode is OutputMode.TEXT:
        return {"type": "text"}
    if output.mode is OutputMode.JSON:
        return {"type": "json_object"}
    if not traits.takes_json_schema:
        losses.drop("response_format.json_schema")
        return {"type": "json_object"}
    known = {"schema": output.schema, "description": output.description, "strict": output.strict}
    return {"type": "json_schema", "json_schema": {"name": output.name or "answer", **_given(known)}}
