"""The columns of the matrix: providers as they are configured, each with the fakes of the APIs that it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.provider_anthropic import Anthropic, VertexClaude
from tests.fakes.provider_bedrock import AWS_KEYS, BedrockConverse, BedrockInvoke
from tests.fakes.provider_cohere import CohereChat
from tests.fakes.provider_compatible import (
    AzureChat,
    AzureResponses,
    MistralChat,
    OllamaChat,
    TgiChat,
    VllmChat,
    VllmMessages,
    VllmResponses,
)
from tests.fakes.provider_gemini import Gemini, Vertex
from tests.fakes.provider_openai_chat import OpenAIChat
from tests.fakes.provider_openai_responses import OpenAIResponses
from tests.fakes.provider_stage import KEY, FakeProvider

API_KEY: Mapping[str, Any] = {"type": "ApiKey", "secretRef": {"name": "provider"}}
AWS: Mapping[str, Any] = {"type": "AwsKeys", "aws": {"keysRef": {"name": "aws"}}}
SECRETS: Mapping[str, Mapping[str, str]] = {"provider": {"value": KEY}, "aws": AWS_KEYS}


@dataclass(frozen=True)
class Column:
    """`wires`: the APIs that there are, that which others are translated to first. `models`: one for ordinary
    conversations, one for those that ask for thought. `root`: below the server's URL. `of`: the column whose APIs
    these are, at other addresses or of other models; of them a part of the features is looked at.
    """

    name: str
    kind: str  # `spec.type` of its Provider
    wires: Mapping[str, type[FakeProvider]]
    models: tuple[str, str]
    root: str = ""
    auth: Mapping[str, Any] = field(default_factory=lambda: API_KEY)
    spec: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""

    def provider(self, wire: str) -> type[FakeProvider]:
        """By which a conversation in this wire API comes."""
        return self.wires.get(wire) or next(iter(self.wires.values()))


OPENAI: Mapping[str, type[FakeProvider]] = {"openai-chat": OpenAIChat, "openai-responses": OpenAIResponses}
AZURE: Mapping[str, type[FakeProvider]] = {"openai-chat": AzureChat, "openai-responses": AzureResponses}
BEDROCK: Mapping[str, type[FakeProvider]] = {
    "bedrock-converse": BedrockConverse,
    "anthropic-messages": BedrockInvoke,
}
COHERE: Mapping[str, type[FakeProvider]] = {"cohere-chat": CohereChat}
VLLM: Mapping[str, type[FakeProvider]] = {
    "openai-chat": VllmChat,
    "openai-responses": VllmResponses,
    "anthropic-messages": VllmMessages,
}
OLLAMA: Mapping[str, type[FakeProvider]] = {**VLLM, "openai-chat": OllamaChat}
GPT = ("gpt-4.1", "gpt-5.1")
CLAUDE = ("claude-sonnet-4-5",) * 2
GEMINIS = ("gemini-2.5-flash", "gemini-3-pro-preview")
BEDROCK_CLAUDE = ("anthropic.claude-sonnet-4-5-20250929-v1:0",) * 2
GOOGLE = {"region": "europe-west4", "project": "acme"}
AWS_PLACE = {"region": "eu-central-1"}
NO_KEY = {"type": "None"}
CLASSIC = {"apiVersion": "2024-10-21"}  # before there were responses
COLUMNS: Sequence[Column] = (
    Column("OpenAI", "OpenAI", OPENAI, GPT, "/v1"),
    # Perplexity speaks this API, and no other.
    Column(
        "OpenAI Responses",
        "Perplexity",
        {"openai-responses": OpenAIResponses},
        ("openai/gpt-4.1", "openai/gpt-5.1"),
        "/v1",
    ),
    Column("Azure OpenAI", "AzureOpenAI", AZURE, GPT),
    Column("Anthropic", "Anthropic", {"anthropic-messages": Anthropic}, CLAUDE),
    Column("Gemini", "Gemini", {"gemini": Gemini}, GEMINIS),
    Column("Bedrock", "Bedrock", BEDROCK, BEDROCK_CLAUDE, auth=AWS, spec=AWS_PLACE),
    Column("vLLM", "VLLM", VLLM, ("gpt-oss-120b",) * 2, "/v1", auth=NO_KEY),
    Column("Ollama", "Ollama", OLLAMA, ("gpt-oss:20b",) * 2, "/v1", auth=NO_KEY),
    Column("Mistral", "Mistral", {"openai-chat": MistralChat}, ("mistral-large-2411",) * 2),
    Column("Cohere", "Cohere", COHERE, ("command-a-03-2025", "command-a-reasoning-08-2025")),
    Column("Azure, classic", "AzureOpenAI", {"openai-chat": AzureChat}, GPT, spec=CLASSIC, of="Azure OpenAI"),
    Column("Claude 5", "Anthropic", {"anthropic-messages": Anthropic}, ("claude-opus-5",) * 2, of="Anthropic"),
    Column("Vertex AI", "VertexAI", {"gemini": Vertex}, GEMINIS, spec=GOOGLE, of="Gemini"),
    Column("Vertex, Claude", "VertexAI", {"anthropic-messages": VertexClaude}, CLAUDE, spec=GOOGLE, of="Anthropic"),
    Column(
        "Bedrock, Nova",
        "Bedrock",
        {"bedrock-converse": BedrockConverse},
        ("amazon.nova-pro-v1:0",) * 2,
        auth=AWS,
        spec=AWS_PLACE,
        of="Bedrock",
    ),
    Column("TGI", "TGI", {"openai-chat": TgiChat}, ("qwen3-32b",) * 2, auth=NO_KEY, of="vLLM"),
)


def column_named(name: str) -> Column:
    return next(column for column in COLUMNS if column.name == name)
