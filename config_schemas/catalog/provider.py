"""Under which names the catalog knows the types of providers."""

from collections.abc import Mapping

# Whose prices are in the catalog: an id of genai-prices.
CATALOG_IDS: Mapping[str, str] = {
    "OpenAI": "openai",
    "Anthropic": "anthropic",
    "Gemini": "google",
    "AzureOpenAI": "azure",
    "Bedrock": "aws",
    "Cerebras": "cerebras",
    "Cohere": "cohere",
    "Databricks": "databricks",
    "DeepSeek": "deepseek",
    "Fireworks": "fireworks",
    "Groq": "groq",
    "Mistral": "mistral",
    "OpenRouter": "openrouter",
    "Perplexity": "perplexity",
    "Together": "together",
    "VertexAI": "google",
    "XAI": "x-ai",
}
# Hugging Face routes to others, each at its own prices: which one stands behind the model's name, as `:groq`.
ROUTED_PREFIX: Mapping[str, str] = {"HuggingFace": "huggingface_"}
ROUTED = (
    "cerebras",
    "fireworks-ai",
    "groq",
    "hyperbolic",
    "nebius",
    "novita",
    "nscale",
    "ovhcloud",
    "publicai",
    "sambanova",
    "together",
)
MAKERS = ("moonshotai",)  # whom others fall back to, though no type of provider is theirs
CATALOG_PROVIDERS = frozenset(
    (*CATALOG_IDS.values(), *(f"{prefix}{each}" for prefix in ROUTED_PREFIX.values() for each in ROUTED), *MAKERS)
)


def wire_api(provider_type: str, bare_name: str) -> str:
    """In which wire API a provider of this type generates, preferred; by the model's own name where it decides."""
    if provider_type in ("AzureOpenAI", "VertexAI") and "claude" in bare_name:
        return "anthropic-messages"
    return OWN_WIRES.get(provider_type, "openai-chat")


OWN_WIRES: Mapping[str, str] = {
    "Anthropic": "anthropic-messages",
    "Bedrock": "bedrock-converse",
    "Cohere": "cohere-chat",
    "Gemini": "gemini",
    "Perplexity": "openai-responses",
    "VertexAI": "gemini",
}
