"""Addresses of deployments as base URLs."""

import pytest

from config_schemas.routing.provider import ProviderTypeName
from control_plane.litellm_import.address import (
    PUBLIC_HOSTS,
    api_version,
    base_url,
    host_of,
    is_openai,
    is_taken,
    label_of,
)
from data_plane.providers.surface import Place
from data_plane.providers.table import PROVIDER_TYPES


@pytest.mark.parametrize(
    ("kind", "given", "url"),
    [
        ("OpenAI", "https://api.openai.com/v1", ""),
        ("OpenAICompatible", "http://host:8000/v1/", "http://host:8000/v1"),
        ("OpenAICompatible", "http://host/v1/chat/completions", "http://host/v1"),
        ("Anthropic", "https://api.anthropic.com/v1/messages", ""),
        ("Anthropic", "https://proxy.example/anthropic/v1", "https://proxy.example/anthropic"),
        ("Gemini", "https://proxy.example/v1beta", "https://proxy.example"),
        ("Cohere", "https://proxy.example/v2/rerank", "https://proxy.example"),
        (
            "AzureOpenAI",
            "https://x.openai.azure.com/openai/deployments/gpt?api-version=1",
            "https://x.openai.azure.com",
        ),
        ("AzureOpenAI", "https://x.openai.azure.com/", "https://x.openai.azure.com"),
        ("Ollama", "http://localhost:11434", "http://localhost:11434/v1"),
        ("Ollama", "http://localhost:11434/api/generate", "http://localhost:11434/v1"),
        ("Ollama", "http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("DeepSeek", "https://api.deepseek.com/beta", ""),
        ("Groq", "https://api.groq.com/openai/v1", ""),
        ("Mistral", "https://proxy.example/v1", "https://proxy.example"),
        ("TGI", "https://x.endpoints.huggingface.cloud/v1", "https://x.endpoints.huggingface.cloud"),
        ("VLLM", "FILL IN: VLLM_URL", "FILL IN: VLLM_URL"),
    ],
)
def test_an_address_is_what_the_types_sdk_takes(kind: ProviderTypeName, given: str, url: str) -> None:
    assert base_url(kind, given) == url


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://host/v1", True),
        ("https://[::1]:80/v1", True),
        ("FILL IN: X", True),
        ("https://user:key@host/v1", False),
        ("https://host/v1?key=1", False),
        ("ftp://host", False),
        ("host:8000", False),
        ("https://", False),
        ("https://host:99999/", False),
        ("https://[broken/v1", False),
        ("https://host/ü", False),
    ],
)
def test_only_plain_addresses_are_taken(url: str, taken: bool) -> None:
    assert is_taken(url) is taken


def test_azures_address_may_say_its_version() -> None:
    assert api_version("https://x.openai.azure.com/openai?api-version=2024-10-21") == "2024-10-21"
    assert api_version("https://x.openai.azure.com") is None
    assert api_version(None) is None


@pytest.mark.parametrize(
    ("url", "label"),
    [("https://my-eu.openai.azure.com", "my-eu"), ("https://api.openai.com/v1", ""), ("", ""), ("http://vllm", "vllm")],
)
def test_hosts_give_providers_their_names(url: str, label: str) -> None:
    assert label_of(url) == label


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [("", True), ("https://eu.api.openai.com/v1", True), ("https://notapi.openai.com", False), ("http://host", False)],
)
def test_openai_has_several_addresses(url: str, is_theirs: bool) -> None:
    assert is_openai(url) is is_theirs


def test_public_hosts_are_those_that_providers_are_asked_at() -> None:
    """The planes share no code, so a test compares them."""
    for kind, host in PUBLIC_HOSTS.items():
        made = PROVIDER_TYPES[kind].base_url
        assert made is not None and host_of(made(Place())) == host
