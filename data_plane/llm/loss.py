"""What a translation cannot carry over."""

from collections.abc import Iterable, Mapping

from data_plane.errors import UnmappableFields
from data_plane.llm.content import Role
from data_plane.llm.request import GenerateRequest

MAX_NAMED = 20
# Fields of any API that change nothing in the answer: where they mean nothing, they are left out without a word.
HINTS = frozenset(
    (
        "annotations",
        "anthropic_beta",
        "anthropic_version",
        "cache_control",
        "caller",
        "diagnostics",
        "eager_input_streaming",
        "id",
        "include",
        "partMetadata",
        "phase",
        "prompt_cache_breakpoint",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "status",
        "stream_options",
        "top_logprobs",
        "thoughtSignature",
        "user",
    )
)
# Fields without which it would be another request: what they point at only the provider has that stored it.
NEEDED = frozenset(("background", "conversation", "item_reference", "previous_response_id", "prompt"))


# APIs whose system prompt is no message, by the field that it is; here it is the first.
SYSTEM_FIELDS: Mapping[str, str] = {"anthropic-messages": "system"}


# How clients word what codecs name as OpenAI does.
WORDS: Mapping[str, Mapping[str, str]] = {
    "anthropic-messages": {
        "reasoning_effort": "thinking",
        "response_format": "output_config.format",
        "stop": "stop_sequences",
    },
    "gemini": {
        "frequency_penalty": "generationConfig.frequencyPenalty",
        "logprobs": "generationConfig.responseLogprobs",
        "n": "generationConfig.candidateCount",
        "presence_penalty": "generationConfig.presencePenalty",
        "reasoning_effort": "generationConfig.thinkingConfig",
        "response_format": "generationConfig.responseSchema",
        "seed": "generationConfig.seed",
        "service_tier": "serviceTier",
        "stop": "generationConfig.stopSequences",
        "temperature": "generationConfig.temperature",
        "top_k": "generationConfig.topK",
        "top_logprobs": "generationConfig.logprobs",
        "top_p": "generationConfig.topP",
    },
    "openai-responses": {
        "reasoning_effort": "reasoning.effort",
        "response_format": "text.format",
        "response_format.json_schema.description": "text.format.description",
    },
}


def client_word(request: GenerateRequest, name: str) -> str:
    """The path of an option, as the client wrote it."""
    words = WORDS.get(request.api)
    return name if words is None else words.get(name, name)


def message_path(request: GenerateRequest, index: int) -> str:
    """Where the client wrote this message."""
    path = request.messages[index].path
    if path:
        return path
    field = SYSTEM_FIELDS.get(request.api)
    if field is None or request.messages[0].role is not Role.SYSTEM:
        return f"messages[{index}]"
    return f"messages[{index - 1}]" if index else field


class Losses:
    """Collects field paths, as the client wrote them, while a request is encoded for another API."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields: list[str] = []

    def drop(self, field: str) -> None:
        """A field has no equivalent, and was left out."""
        if field not in self.fields:
            self.fields.append(field)

    def drop_all(self, fields: Iterable[str], prefix: str = "") -> None:
        """Fields that only the client's API understands, all but hints."""
        for field in fields:
            if field not in HINTS:
                self.drop(f"{prefix}{field}")

    def check(self, *, is_allowed: bool) -> None:
        """Refuse what was lost, unless the route allows it; what is needed is refused in any case.

        Raises:
            UnmappableFields: names all of it.
        """
        fields = [field for field in self.fields if not is_allowed or not NEEDED.isdisjoint(field.split("."))]
        if fields:
            shown = ", ".join(f"`{field}`" for field in fields[:MAX_NAMED])
            more = f" and {len(fields) - MAX_NAMED} more" if len(fields) > MAX_NAMED else ""
            raise UnmappableFields(f"the model's provider has no equivalent for {shown}{more}", fields=fields)
