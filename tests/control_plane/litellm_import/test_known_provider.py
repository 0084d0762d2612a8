"""Which provider a model names."""

from typing import get_args

import pytest

from config_schemas.routing.provider import ProviderTypeName
from control_plane.litellm_import.address import base_url, is_taken
from control_plane.litellm_import.known_provider import BEGINNINGS, PROVIDERS, split_model


@pytest.mark.parametrize(
    ("model", "provider", "found"),
    [
        ("openai/gpt-5", None, ("openai", "gpt-5")),
        ("gpt-4o", None, ("openai", "gpt-4o")),
        ("claude-sonnet-4-5", None, ("anthropic", "claude-sonnet-4-5")),
        ("us.anthropic.claude", None, ("bedrock", "us.anthropic.claude")),
        ("gemini-2.5-pro", None, ("vertex_ai", "gemini-2.5-pro")),
        ("gpt-5", "azure", ("azure", "gpt-5")),
        ("azure/gpt-5", "azure", ("azure", "gpt-5")),
        ("meta/llama", "hosted_vllm", ("hosted_vllm", "meta/llama")),
        ("openrouter/openai/gpt-5", None, ("openrouter", "openai/gpt-5")),
        ("unheard/of", None, ("unheard", "of")),
        ("mystery", None, ("", "mystery")),
        ("/", None, ("", "/")),
    ],
)
def test_a_model_tells_its_provider(model: str, provider: str | None, found: tuple[str, str]) -> None:
    assert split_model(model, provider) == found


@pytest.mark.parametrize("prefix", PROVIDERS)
def test_the_table_names_types_and_addresses_that_there_are(prefix: str) -> None:
    known = PROVIDERS[prefix]
    assert known.type in get_args(ProviderTypeName)
    assert not known.url or is_taken(base_url(known.type, known.url))


def test_beginnings_lead_to_providers_of_the_table() -> None:
    assert {provider for _, provider in BEGINNINGS} <= PROVIDERS.keys()
