"""Provider: who hosts models."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from config_schemas.base import Model, Resource, Text
from config_schemas.routing.endpoint import UpstreamTls
from config_schemas.routing.provider_auth import ProviderAuth, auth_fault

ProviderTypeName = Literal[
    "OpenAI",
    "Anthropic",
    "Gemini",
    "OpenAICompatible",
    "AzureOpenAI",
    "Bedrock",
    "Cerebras",
    "Cohere",
    "Databricks",
    "DeepSeek",
    "Fireworks",
    "Groq",
    "HuggingFace",
    "LlamaCpp",
    "LMStudio",
    "Mistral",
    "NvidiaNIM",
    "Ollama",
    "OpenRouter",
    "Perplexity",
    "SGLang",
    "TGI",
    "Together",
    "VertexAI",
    "VLLM",
    "XAI",
]
# Whose address is each account's own.
WITHOUT_PUBLIC_ADDRESS = frozenset(
    ("AzureOpenAI", "Databricks", "LlamaCpp", "LMStudio", "Ollama", "OpenAICompatible", "SGLang", "TGI", "VLLM")
)
# What says where an account lies, by type: it stands in the address or in the paths.
PLACES: Mapping[str, tuple[str, ...]] = {"Bedrock": ("region",), "VertexAI": ("region", "project")}
PlaceName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9:._-]*)?$", max_length=128)]


class ProviderSpec(Model):
    """Where a provider's API is and how to prove oneself there.

    `baseUrl` has the meaning that the provider's SDK gives it; empty is the provider's public address, if it has one.
    `region` and `project` say where an account of a cloud lies; `apiVersion` is Azure's `api-version`, or the version
    in the paths of Vertex AI.
    """

    type: ProviderTypeName
    base_url: Annotated[str, StringConstraints(pattern=r'^(https?://[!-"$->A-~]+)?$', max_length=1024)] = ""
    region: PlaceName = ""
    project: PlaceName = ""
    api_version: PlaceName = ""
    auth: ProviderAuth = ProviderAuth()
    tls: UpstreamTls | None = None
    description: Text = ""

    @model_validator(mode="after")
    def _says_where_it_is(self) -> Self:
        if not self.base_url and self.type in WITHOUT_PUBLIC_ADDRESS:
            raise ValueError(f"`baseUrl` is required for `type: {self.type}`")
        for name in PLACES.get(self.type, ()):
            if not getattr(self, name):
                raise ValueError(f"`{name}` is required for `type: {self.type}`")
        return self


class Provider(Resource):
    """Who hosts models. In the tenant `platform` it may be used by every tenant."""

    KIND: ClassVar[str] = "Provider"
    PLURAL: ClassVar[str] = "providers"

    kind: Literal["Provider"] = "Provider"
    spec: ProviderSpec

    @model_validator(mode="after")
    def _may_prove_itself_so(self) -> Self:
        fault = auth_fault(self.spec.auth.type, self.metadata.tenant, self.spec.region)
        if fault:
            raise ValueError(f"`spec`: {fault}")
        return self
