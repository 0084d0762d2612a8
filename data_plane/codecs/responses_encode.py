"""Requests of OpenAI Responses, written for a provider that speaks it.

Source: platform.openai.com/docs/api-reference/responses/create (2026-11).
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from data_plane.codecs.data_url import data_url
from data_plane.codecs.responses_item import API
from data_plane.codecs.responses_item_encode import AnswerItems, Json, fitting_call_id
from data_plane.codecs.responses_request import INSTRUCTIONS, LOGPROBS
from data_plane.codecs.responses_tools import encode_choice, encode_tools
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
    ToolCall,
    ToolResult,
)
from data_plane.llm.loss import Losses, client_word, message_path
from data_plane.llm.request import Effort, GenerateRequest, OutputFormat, OutputMode, Reasoning
from data_plane.llm.traits import ReasoningStyle, Traits

# Of a model that is told how long to think by words, what a number of tokens means. Providers' own guides say about so.
EFFORT_BY_BUDGET = ((0, Effort.NONE), (1_024, Effort.LOW), (8_192, Effort.MEDIUM))
TIERS: Mapping[str, str] = {
    **{word: word for word in ("auto", "default", "fast", "flex", "priority", "scale", "ultrafast")},
    "standard_only": "default",
}
ENCRYPTED = "reasoning.encrypted_content"
CHAT = "openai-chat"
# What only OpenAI's own APIs have, and how it is named here.
OF_CHAT: Mapping[str, str] = {
    "prompt_cache_key": "prompt_cache_key",
    "prompt_cache_retention": "prompt_cache_retention",
    "verbosity": "text.verbosity",
}

_encode = msgspec.json.Encoder().encode


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    body: Json = {"model": request.model}
    _add_input(body, request, traits, losses)
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = request.max_output_tokens
    include = _add_sampling(body, request, traits, losses)
    _add_tools(body, request, losses)
    if request.output is not None:
        body["text"] = {"format": _encode_format(request, request.output, traits, losses)}
    if request.reasoning is not None:
        include += _add_reasoning(body, request, request.reasoning, traits, losses)
    if request.stream:
        body["stream"] = True
    if request.metadata:
        body["metadata"] = request.metadata
    if request.api == API:
        _add_own(body, request)
    else:
        _add_foreign(body, request, include, losses)
    return _encode(body)


def _add_own(body: Json, request: GenerateRequest) -> None:
    """What came by this API goes back by it: fields of objects into their objects."""
    for path, raw in request.extras.items():
        _put(body, path, raw)
    if request.end_user:
        body["safety_identifier" if "safety_identifier" in request.extras else "user"] = request.end_user
    if request.service_tier:
        body["service_tier"] = request.service_tier
    if request.store is not None:
        body["store"] = request.store


def _put(body: Json, path: str, raw: Raw) -> None:
    head, _, name = path.partition(".")
    if not name:
        body[path] = raw
        return
    inner = body.setdefault(head, {})
    if isinstance(inner, dict):
        inner[name] = raw


def _add_foreign(body: Json, request: GenerateRequest, include: list[str], losses: Losses) -> None:
    """Clients of other APIs do not expect that what they send is stored, as it is here unless they say so."""
    if include:
        body["include"] = include
    if request.end_user:
        body["safety_identifier"] = request.end_user
    tier = TIERS.get(request.service_tier)
    if tier is not None:
        body["service_tier"] = tier
    elif request.service_tier:
        losses.drop("service_tier")
    body["store"] = request.store or False
    for name, raw in request.extras.items():
        path = OF_CHAT.get(name) if request.api == CHAT else None
        if path is not None:
            _put(body, path, raw)
        else:
            losses.drop_all((name,))


def _add_input(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
    messages = request.messages
    start = 0
    if messages and _is_instructions(messages[0], request):
        body[INSTRUCTIONS] = _text_of(messages[0])
        start = 1
    encoder = _InputEncoder(request, traits, losses)
    for index in range(start, len(messages)):
        encoder.add(messages[index], message_path(request, index))
    last = messages[-1] if messages else None
    if last is not None and last.role is Role.ASSISTANT and request.api not in (API, CHAT):
        losses.drop(message_path(request, len(messages) - 1))  # others go on with an answer that has begun
    if len(messages) == start + 1 and _is_one_text(messages[start]) and messages[start].path == "input":
        body["input"] = _text_of(messages[start])
    elif encoder.items or request.api != API:
        body["input"] = encoder.items


def _is_instructions(message: Message, request: GenerateRequest) -> bool:
    """They are one text."""
    if message.role is not Role.SYSTEM or not _is_one_text(message):
        return False
    return request.api != API or message.path == INSTRUCTIONS


def _is_one_text(message: Message) -> bool:
    return len(message.parts) == 1 and isinstance(message.parts[0], Text)


def _text_of(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


class _InputEncoder:
    """Of the messages of one request."""

    __slots__ = ("items", "_custom", "_is_own", "_losses", "_traits")

    def __init__(self, request: GenerateRequest, traits: Traits, losses: Losses) -> None:
        self.items: list[object] = []
        self._is_own = request.api == API
        self._traits = traits
        self._losses = losses
        self._custom = {
            part.id
            for message in request.messages
            for part in message.parts
            if isinstance(part, ToolCall) and part.is_custom
        }

    def add(self, message: Message, path: str) -> None:
        if message.name and message.role is not Role.TOOL:
            self._losses.drop(f"{path}.name")
        if message.role is Role.ASSISTANT:
            self._add_answer(message.parts, path)
            return
        others: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                self._add_result(part, path)
            else:
                others.append(part)
        if message.role is Role.TOOL:
            self._add_opaque(others, path)
        elif others:
            self._add_message(message, others, path)

    def _add_message(self, message: Message, parts: list[Part], path: str) -> None:
        role = message.role
        if role is Role.DEVELOPER and not self._traits.takes_developer_role:
            role = Role.SYSTEM
        item: Json = {"role": role.value, "content": self._content(parts, path)}
        if self._is_own:
            item.update(message.extras)
        if self._is_own or item["content"]:
            self.items.append(item)

    def _add_answer(self, parts: Sequence[Part], path: str) -> None:
        """Text alone, where the client has written no more, is written as such."""
        only = parts[0] if len(parts) == 1 else None
        if self._is_own and isinstance(only, Text) and not _is_more_than_text(only):
            self.items.append({"role": "assistant", "content": only.text})
            return
        answer = AnswerItems(None, is_own=self._is_own)
        for index, part in enumerate(parts):
            if not answer.add(part):
                self._losses.drop(f"{path}.content[{index}]")
        self.items += answer.items

    def _add_opaque(self, parts: Sequence[Part], path: str) -> None:
        for index, part in enumerate(parts):
            if isinstance(part, Opaque) and part.api == API:
                self.items.append(part.raw)
            else:
                self._losses.drop(f"{path}.content[{index}]")

    def _add_result(self, result: ToolResult, path: str) -> None:
        """There is no word for an error here: the model reads it in the text."""
        output = self._content(result.content, path)
        if result.is_error:
            output = (
                f"error: {output}" if isinstance(output, str) else [{"type": "input_text", "text": "error:"}, *output]
            )
        kind = "custom_tool_call_output" if result.call_id in self._custom else "function_call_output"
        item: Json = {"type": kind, "call_id": fitting_call_id(result.call_id), "output": output}
        if self._is_own:
            if result.name:
                item["name"] = result.name
            item.update(result.extras)
        self.items.append(item)

    def _content(self, parts: Sequence[Part], path: str) -> "str | list[object]":
        if len(parts) == 1:
            only = parts[0]
            if isinstance(only, Text) and not (self._is_own and only.extras):
                return only.text
        encoded: list[object] = []
        for index, part in enumerate(parts):
            each = self._part(part, f"{path}.content[{index}]")
            if each is not None:
                encoded.append(each)
        return encoded or ""

    def _part(self, part: Part, path: str) -> object:
        """None: it has no equivalent here."""
        encoded: object = None
        if isinstance(part, Text):
            encoded = {"type": "input_text", "text": part.text, **(part.extras if self._is_own else {})}
        elif isinstance(part, Image):
            encoded = self._image(part)
        elif isinstance(part, Document):
            encoded = self._file(part)
        elif isinstance(part, Refusal):
            encoded = {"type": "input_text", "text": part.text}
        elif isinstance(part, Opaque) and part.api == API:
            encoded = part.raw
        elif isinstance(part, Audio) and self._is_own:
            encoded = _encode_audio(part)
        if encoded is None:
            self._losses.drop(path)
        return encoded

    def _image(self, image: Image) -> Json | None:
        source = _source(image.source, "image_url", "image_url")
        if source is None:
            return None
        detail: Json = {"detail": image.detail or "auto"} if image.detail or not self._is_own else {}
        return {"type": "input_image", **source, **detail, **(image.extras if self._is_own else {})}

    def _file(self, document: Document) -> Json | None:
        """Bytes need a name."""
        source = _source(document.source, "file_url", "file_data")
        if source is None:
            return None
        name = document.name or ("file" if isinstance(document.source, Inline) and not self._is_own else "")
        named: Json = {"filename": name} if name else {}
        return {"type": "input_file", **named, **source, **(document.extras if self._is_own else {})}


def _is_more_than_text(part: Text) -> bool:
    """Whether the message has an id, or the text more than itself."""
    return part.citations is not None or any(bytes(raw) != b"{}" for raw in part.extras.values())


def _source(source: Source, url_field: str, data_field: str) -> Json | None:
    if isinstance(source, Inline):
        return {data_field: data_url(source)}
    if isinstance(source, Link):
        return {url_field: source.url}
    if isinstance(source, FileId) and source.api == API:
        return {"file_id": source.id}
    return None


def _encode_audio(audio: Audio) -> Json | None:
    source = audio.source
    if not isinstance(source, Inline):
        return None
    format = source.media_type.removeprefix("audio/")
    return {"type": "input_audio", "input_audio": {"data": source.data, "format": format}}


def _add_sampling(body: Json, request: GenerateRequest, traits: Traits, losses: Losses) -> list[str]:
    """What is to be included in the answer."""
    sampling = request.sampling
    taken = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_logprobs": sampling.top_logprobs}
    for name, value in taken.items():
        if value is None:
            continue
        if traits.takes_sampling:
            body[name] = value
        else:
            losses.drop(client_word(request, name))
    says = {
        "stop": bool(request.stop),
        "n": request.candidates != 1,
        "top_k": sampling.top_k is not None,
        "min_p": bool(sampling.min_p),
        "frequency_penalty": bool(sampling.frequency_penalty),
        "presence_penalty": bool(sampling.presence_penalty),
        "repetition_penalty": sampling.repetition_penalty not in (None, 1.0),
        "seed": sampling.seed is not None,
        "logit_bias": bool(sampling.logit_bias),
    }
    for name, is_said in says.items():
        if is_said:
            losses.drop(client_word(request, name))
    return [LOGPROBS] if sampling.logprobs and traits.takes_sampling else []


def _add_tools(body: Json, request: GenerateRequest, losses: Losses) -> None:
    tools = encode_tools(request, losses)
    if tools:
        body["tools"] = tools
    if request.tool_choice is not None and (tools or request.api == API):
        body["tool_choice"] = encode_choice(request.tool_choice, request.tools)
    if request.parallel_tool_calls is not None and (tools or request.api == API):
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _add_reasoning(
    body: Json, request: GenerateRequest, reasoning: Reasoning, traits: Traits, losses: Losses
) -> list[str]:
    """What is to be included in the answer: without what is sealed, a model could not go on with its thoughts."""
    effort = reasoning.effort
    if effort is None and reasoning.budget_tokens is not None:
        budget = reasoning.budget_tokens
        effort = next((each for bound, each in EFFORT_BY_BUDGET if budget <= bound), Effort.HIGH)
    if traits.reasoning is ReasoningStyle.NONE:
        if effort is not None and effort is not Effort.NONE:
            losses.drop(client_word(request, "reasoning_effort"))
        return []
    summary = reasoning.summary or ("auto" if reasoning.is_shown else "")
    known: Json = {}
    if effort is not None:
        known["effort"] = effort.value
    if summary:
        known["summary"] = summary
    if known:
        body["reasoning"] = known
    return [] if effort is Effort.NONE else [ENCRYPTED]


def _encode_format(request: GenerateRequest, output: OutputFormat, traits: Traits, losses: Losses) -> Json:
    if output.mode is OutputMode.TEXT:
        return {"type": "text"}
    if output.mode is OutputMode.JSON:
        return {"type": "json_object"}
    if not traits.takes_json_schema:
        losses.drop(client_word(request, "response_format"))
        return {"type": "json_object"}
    known: Json = {"type": "json_schema", "name": output.name or "answer"}
    known["schema"] = {"type": "object"} if output.schema is None else output.schema
    if output.description:
        known["description"] = output.description
    if output.strict is not None:
        known["strict"] = output.strict
    return known
