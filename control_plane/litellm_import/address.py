"""`api_base` as the `baseUrl` of a Provider: what the type's SDK takes, without the paths of operations."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlsplit

from config_schemas.routing.provider import ProviderTypeName
from control_plane.litellm_import.values import FILL_IN

# Of what LiteLLM takes as `api_base`; the gateway adds it itself.
OPERATIONS = re.compile(
    r"/(chat/completions|completions|embeddings|responses|rerank|v1/messages|v2/chat|v2/rerank|v2/embed)/?$"
)
# Types whose base URL has no version in it: their SDKs add it, and so does the gateway.
WITHOUT_VERSION = frozenset(("Anthropic", "Gemini", "Cohere", "Mistral", "DeepSeek", "TGI"))
VERSION = re.compile(r"/v\d+(beta\d*)?/?$")
# By type, the host that a Provider without a base URL is asked at.
PUBLIC_HOSTS: Mapping[str, str] = {
    "Anthropic": "api.anthropic.com",
    "Cerebras": "api.cerebras.ai",
    "Cohere": "api.cohere.com",
    "DeepSeek": "api.deepseek.com",
    "Fireworks": "api.fireworks.ai",
    "Gemini": "generativelanguage.googleapis.com",
    "Groq": "api.groq.com",
    "HuggingFace": "router.huggingface.co",
    "Mistral": "api.mistral.ai",
    "NvidiaNIM": "integrate.api.nvidia.com",
    "OpenAI": "api.openai.com",
    "OpenRouter": "openrouter.ai",
    "Perplexity": "api.perplexity.ai",
    "Together": "api.together.ai",
    "XAI": "api.x.ai",
}


def base_url(kind: ProviderTypeName, given: str) -> str:
    """The base URL; what is no URL stays as it is, and is refused where it is read."""
    if given.startswith(FILL_IN):
        return given
    url = OPERATIONS.sub("", given.strip()).rstrip("/")
    if kind in WITHOUT_VERSION:
        url = VERSION.sub("", url)
    if kind == "AzureOpenAI":
        url = re.sub(r"/openai(/.*)?$", "", url.partition("?")[0])
    if kind == "Ollama":
        url = f"{re.sub(r'/(api(/[a-z]+)?|v1)$', '', url)}/v1"  # LiteLLM's is that of its own API
    return "" if host_of(url) == PUBLIC_HOSTS.get(kind) else url


def api_version(given: str | None) -> str | None:
    """What an address of Azure says in its query."""
    parts = _split(given or "")
    found = parse_qs(parts.query).get("api-version") if parts else None
    return found[0] if found else None


def host_of(url: str) -> str | None:
    parts = _split(url)
    return parts.hostname if parts else None


def label_of(url: str) -> str:
    """What tells hosts of one provider apart, for names: `my-endpoint` of `https://my-endpoint.openai.azure.com`."""
    host = host_of(url) or ""
    return "" if host in PUBLIC_HOSTS.values() else host.partition(".")[0]


def is_openai(url: str) -> bool:
    """Whether it is one of OpenAI's own, as `https://eu.api.openai.com/v1`."""
    host = host_of(url) or PUBLIC_HOSTS["OpenAI"]
    return f".{host}".endswith(f".{PUBLIC_HOSTS['OpenAI']}")


def is_taken(url: str) -> bool:
    """Whether a Provider can have it: no query, no user name, a host and a port that can be."""
    if url.startswith(FILL_IN):
        return True
    parts = _split(url)
    try:
        return parts is not None and bool(parts.hostname) and parts.port != 0 and _TAKEN.fullmatch(url) is not None
    except ValueError:
        return False


_TAKEN = re.compile(r'https?://[!-"$->A-~]{1,1000}')


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None
