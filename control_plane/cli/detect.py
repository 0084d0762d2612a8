"""Providers whose keys are in the environment, as resources that make their models callable."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

Document = dict[str, Any]

LIST_SECONDS = 5.0  # to ask a provider which models the key may use
MAX_MODELS = 100  # of one provider; `isthmus apply` adds others
MAX_LIST_BYTES = 4 * 1024 * 1024
LABELS = {"isthmus.dev/made-by": "up"}


@dataclass(frozen=True, slots=True)
class Known:
    """How `isthmus up` knows a provider. `usual` is used where the provider's list cannot be had."""

    name: str
    type: str
    variable: str
    default_url: str  # as the resource's `baseUrl` default means it; empty: the variable holds the address
    list_path: str
    usual: tuple[str, ...]
    chat: re.Pattern[str]


KNOWN = (
    Known(
        "openai",
        "OpenAI",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        "/models",
        ("gpt-5-mini", "gpt-5"),
        re.compile(r"^(gpt-|o\d|chatgpt-|text-embedding-)"),
    ),
    Known(
        "anthropic",
        "Anthropic",
        "ANTHROPIC_API_KEY",
        "https://api.anthropic.com",
        "/v1/models?limit=100",
        ("claude-sonnet-4-5", "claude-haiku-4-5"),
        re.compile(r"^claude-"),
    ),
    Known(
        "gemini",
        "Gemini",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com",
        "/v1beta/models?pageSize=100",
        ("gemini-2.5-flash", "gemini-2.5-pro"),
        re.compile(r"^gemini-"),
    ),
    *(
        Known(type.lower(), type, variable, url, "/models", (), re.compile(r""))
        for type, variable, url in (
            ("Mistral", "MISTRAL_API_KEY", "https://api.mistral.ai/v1"),
            ("Groq", "GROQ_API_KEY", "https://api.groq.com/openai/v1"),
            ("DeepSeek", "DEEPSEEK_API_KEY", "https://api.deepseek.com"),
            ("XAI", "XAI_API_KEY", "https://api.x.ai/v1"),
            ("OpenRouter", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
            ("Ollama", "OLLAMA_HOST", ""),
            ("VLLM", "VLLM_URL", ""),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Detected:
    """Resources for one provider, the names of its models as clients write them, and what to tell the user."""

    documents: tuple[Document, ...]
    models: tuple[str, ...]
    notice: str


async def detect(environment: Mapping[str, str]) -> list[Detected]:
    """Resources for every provider that the environment names. Asks each which models there are, all at once."""
    named = [
        (known, environment[known.variable].strip()) for known in KNOWN if environment.get(known.variable, "").strip()
    ]
    lists = await asyncio.gather(*(_list(known, *_address_and_key(known, value)) for known, value in named))
    taken: set[str] = set()
    found = []
    for (known, value), (models, reason) in zip(named, lists, strict=True):
        own = tuple(name for name in models if name not in taken)  # a name that clients call belongs to one Model
        taken.update(own)
        found.append(_describe(known, value, own, reason))
    return found


def _describe(known: Known, value: str, models: tuple[str, ...], reason: str) -> Detected:
    notice = f"{known.name} (from {known.variable}): {len(models)} models"
    if reason:
        notice = f"{known.name} (from {known.variable}): its list of models cannot be had ({reason})"
        notice += f"; using {', '.join(models)}" if models else "; no model is set up, add one with `isthmus apply`"
    return Detected(tuple(_documents(known, *_address_and_key(known, value), models)), models, notice)


def _address_and_key(known: Known, value: str) -> tuple[str, str]:
    """Of a variable's value, which is the one or the other."""
    return (known.default_url, value) if known.default_url else (server_url(value), "")


def server_url(value: str) -> str:
    """The OpenAI-compatible base URL of a server named the way `OLLAMA_HOST` and `VLLM_URL` are."""
    address = value if "://" in value else f"http://{value}"
    address = address.rstrip("/").replace("//0.0.0.0", "//127.0.0.1")  # what a server listens on, not what one calls
    if re.fullmatch(r"http://[^/:]+", address):
        address += ":11434"  # Ollama's port, which its variable may leave out
    return address if address.endswith("/v1") else address + "/v1"


async def _list(known: Known, url: str, key: str) -> tuple[tuple[str, ...], str]:
    """Names of the models to set up, and why they are only the usual ones, if so."""
    bearer = {"authorization": f"Bearer {key}"} if key else {}
    headers = {
        "Anthropic": {"x-api-key": key, "anthropic-version": "2023-06-01"},
        "Gemini": {"x-goog-api-key": key},
    }.get(known.type, bearer)
    timeout = aiohttp.ClientTimeout(total=LIST_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url + known.list_path, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                return known.usual, f"it answered {answer.status}"
            names = model_names(await answer.json(content_type=None))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return known.usual, type(error).__name__
    by_resource: dict[str, str] = {}
    for name in filter(known.chat.match, names):
        by_resource.setdefault(resource_name(known.name, name), name)
    chosen = tuple(by_resource.values())[:MAX_MODELS]
    return (chosen, "") if chosen else (known.usual, "it names none")


def model_names(answer: object) -> list[str]:
    """Names in a list of models, as OpenAI and Anthropic (`data[].id`) or Gemini (`models[].name`) give it."""
    match answer:
        case {"data": [*entries]}:
            return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]
        case {"models": [*entries]}:
            names = [str(entry["name"]) for entry in entries if isinstance(entry, dict) and "name" in entry]
            return [name.removeprefix("models/") for name in names]
    return []


def _documents(known: Known, url: str, key: str, models: tuple[str, ...]) -> list[Document]:
    auth: Document = {"type": "None"}
    documents: list[Document] = []
    if key:
        auth = {"type": "ApiKey", "secretRef": {"name": f"{known.name}-api-key"}}
        documents.append(_document("Secret", f"{known.name}-api-key", {"data": {"value": key}}))
    spec: Document = {"type": known.type, "auth": auth}
    if not known.default_url:
        spec["baseUrl"] = url
    documents.append(_document("Provider", known.name, spec))
    documents += (_document("Model", resource_name(known.name, name), _model_spec(known, name)) for name in models)
    return documents


def _model_spec(known: Known, name: str) -> Document:
    target = {"providerRef": {"name": known.name}, "model": name}
    return {"modelName": name, "versions": [{"name": "v1", "targets": [target]}]}


def _document(kind: str, name: str, spec: Document) -> Document:
    metadata = {"name": name, "labels": LABELS}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}


def resource_name(provider: str, model: str) -> str:
    """A resource's name for a model whose own name may hold characters that none may have."""
    slug = re.sub(r"[^a-z0-9.]+", "-", model.lower()).strip("-.")
    return f"{provider}-{slug}"[:63].rstrip("-.")
