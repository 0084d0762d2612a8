"""The version of the resource schemas, and what each version added: for replicas older than the control plane."""

import json
from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 3

# What came after version 1, with the version that brought it: a kind (`CachePolicy`), a field of one, through lists too
# (`Route.spec.rules.mirror`), or a word for a field (`Provider.spec.type=Groq`).
SINCE: Mapping[str, int] = {
    "AddressPolicy": 2,
    "CatalogEntry": 3,
    "CorsPolicy": 2,
    "Gateway.spec.clientAddress": 2,
    "Gateway.spec.perAddress": 2,
    "Gateway.spec.sealedIds": 3,
    "Gateway.spec.tls": 2,
    "HeaderPolicy.spec.request.add": 2,
    "HeaderPolicy.spec.response.add": 2,
    "Provider.spec.apiVersion": 3,
    "Provider.spec.auth.aws": 3,
    "Provider.spec.auth.azure": 3,
    "Provider.spec.auth.cooldownSeconds": 3,
    "Provider.spec.auth.google": 3,
    "Provider.spec.auth.oauth": 3,
    "Provider.spec.auth.secretRefs": 3,
    **{
        f"Provider.spec.auth.type={word}": 3
        for word in (
            "OAuthClient",
            "GoogleServiceAccount",
            "GoogleWorkloadIdentity",
            "AzureClientSecret",
            "AzureWorkloadIdentity",
            "AwsKeys",
            "AwsWorkloadIdentity",
        )
    },
    "Provider.spec.project": 3,
    "Provider.spec.region": 3,
    "Provider.spec.tls.clientCertificateRef": 2,
    **{
        f"Provider.spec.type={word}": 3
        for word in (
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
        )
    },
    "Route.spec.models.costHeader": 3,
    "Route.spec.models.lossy": 3,
    "Route.spec.onRevocation": 2,
    "Route.spec.providerRef": 3,
    "Route.spec.redirect": 2,
    "Route.spec.respond": 2,
    "Route.spec.rewrite": 2,
    "Route.spec.upgrades": 2,
    "Service.spec.tls.clientCertificateRef": 2,
    "Service.spec.versioning": 2,
    "Service.spec.versions": 2,
    "StreamPolicy": 3,
    "ValidationPolicy": 2,
}


def newer_names(kind: str, schema_version: int, since: Mapping[str, int] = SINCE) -> tuple[str, ...]:
    """What of `kind` a reader of `schema_version` does not know: the kind itself, or fields of it."""
    return tuple(name for name, added in since.items() if name.partition(".")[0] == kind and added > schema_version)


def document_version(document: Mapping[str, Any], since: Mapping[str, int] = SINCE) -> int:
    """The oldest version whose readers understand the whole document."""
    return max((since[name] for name in uses(document, 1, since)), default=1)


def uses(document: Mapping[str, Any], schema_version: int, since: Mapping[str, int] = SINCE) -> tuple[str, ...]:
    """What a document has that a reader of `schema_version` does not know: its kind, or fields."""
    return tuple(
        name
        for name in newer_names(str(document.get("kind")), schema_version, since)
        if "." not in name or _has(document, _steps(name), _word(name))
    )


def restrict(kind: str, payload: bytes, schema_version: int, since: Mapping[str, int] = SINCE) -> bytes | None:
    """The canonical payload without what a reader of `schema_version` cannot know; None: without all of it.

    A field may be left out; a word that the reader does not know leaves nothing that would mean the same.
    """
    names = newer_names(kind, schema_version, since)
    if not names:
        return payload
    if kind in names:
        return None
    try:
        document = json.loads(payload)
    except ValueError:
        return payload  # the reader refuses it
    if any("=" in name and _has(document, _steps(name), _word(name)) for name in names):
        return None
    for name in names:
        if "=" not in name:
            _remove(document, _steps(name))
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _steps(name: str) -> list[str]:
    """The path of a field, below the kind."""
    return name.partition("=")[0].split(".")[1:]


def _word(name: str) -> str:
    return name.partition("=")[2]


def _has(value: object, field: list[str], word: str = "") -> bool:
    if isinstance(value, list):
        return any(_has(item, field, word) for item in value)
    if not field:
        return not word or value == word
    return isinstance(value, Mapping) and field[0] in value and _has(value[field[0]], field[1:], word)


def _remove(value: object, field: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _remove(item, field)
    elif isinstance(value, dict) and field[0] in value:
        if len(field) == 1:
            del value[field[0]]
        else:
            _remove(value[field[0]], field[1:])
