"""Entries of `model_list`."""

from typing import Any

import pytest

from tests.fakes.litellm_config import deployment, imported, paths, spec, specs

KEY = {"api_key": "os.environ/K"}


def provider(model: str, **parameters: Any) -> dict[str, Any]:
    found = dict(spec(imported(deployment(model, **parameters)), "Provider"))
    del found["auth"]
    return found


@pytest.mark.parametrize(
    ("model", "parameters", "wanted"),
    [
        ("openai/gpt-5", KEY, {"type": "OpenAI"}),
        ("openai/x", {"api_base": "http://host:8000/v1"}, {"type": "OpenAICompatible", "baseUrl": "http://host:8000/v1"}),
        ("openai/x", {"base_url": "http://host/v1"}, {"type": "OpenAICompatible", "baseUrl": "http://host/v1"}),
        ("mystery", {"api_base": "http://host/v1"}, {"type": "OpenAICompatible", "baseUrl": "http://host/v1"}),
        ("deepinfra/x", KEY, {"type": "OpenAICompatible", "baseUrl": "https://api.deepinfra.com/v1/openai"}),
        ("azure/d", {**KEY, "api_base": "https://x.openai.azure.com/", "api_version": "2024-10-21"},
         {"type": "AzureOpenAI", "baseUrl": "https://x.openai.azure.com", "apiVersion": "2024-10-21"}),
        ("azure/d", {**KEY, "api_base": "https://x.openai.azure.com/openai?api-version=2024-10-21"},
         {"type": "AzureOpenAI", "baseUrl": "https://x.openai.azure.com", "apiVersion": "2024-10-21"}),
        ("azure_ai/claude-opus-4-1", {**KEY, "api_base": "https://x.services.ai.azure.com/anthropic"},
         {"type": "AzureOpenAI", "baseUrl": "https://x.services.ai.azure.com"}),
        ("azure_ai/grok-4", {**KEY, "api_base": "https://x.services.ai.azure.com", "api_version": "2024-05-01-preview"},
         {"type": "AzureOpenAI", "baseUrl": "https://x.services.ai.azure.com"}),
        ("azure_ai/mistral", {**KEY, "api_base": "https://x.eastus.models.ai.azure.com"},
         {"type": "OpenAICompatible", "baseUrl": "https://x.eastus.models.ai.azure.com/v1"}),
        ("huggingface/tgi", {**KEY, "api_base": "https://x.endpoints.huggingface.cloud/v1"},
         {"type": "TGI", "baseUrl": "https://x.endpoints.huggingface.cloud"}),
        ("openai/gpt-5", {**KEY, "api_base": "https://eu.api.openai.com/v1"},
         {"type": "OpenAI", "baseUrl": "https://eu.api.openai.com/v1"}),
        ("bedrock/us-east-1/anthropic.claude-v2", {"aws_region_name": "eu-west-1"},
         {"type": "Bedrock", "region": "us-east-1"}),
        ("bedrock/anthropic.claude-v2", {}, {"type": "Bedrock", "region": "us-west-2"}),
        ("vertex_ai/gemini-2.5-pro", {"vertex_project": "p", "vertex_location": "europe-west4"},
         {"type": "VertexAI", "project": "p", "region": "europe-west4"}),
        ("gpt-5", {**KEY, "custom_llm_provider": "openrouter"}, {"type": "OpenRouter"}),
        ("hosted_vllm/x", {"api_base": "os.environ/VLLM"}, {"type": "VLLM", "baseUrl": "FILL IN: VLLM"}),
    ],
)  # fmt: skip
def test_a_deployment_names_its_provider(model: str, parameters: Any, wanted: dict[str, str]) -> None:
    assert provider(model, **parameters) == wanted


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"model_name": "a", "litellm_params": {"model": "unheard/of"}}, "no type of Provider"),
        ({"model_name": "a", "litellm_params": {"model": "mystery"}}, "cannot be told"),
        ({"litellm_params": {"model": "gpt-5"}}, "needs `model_name`"),
        ({"model_name": "a"}, "needs `model_name`"),
        ({"model_name": "gpt 5", "litellm_params": {"model": "gpt-5"}}, "clients ask for models"),
        ({"model_name": "a", "litellm_params": {"model": "openai/x", "api_base": "host"}}, "`api_base` must be a URL"),
        ({"model_name": "a", "litellm_params": {"model": "openai/x", "api_base": "http://u:p@host"}}, "`api_base`"),
        ({"model_name": "a", "litellm_params": {"model": "azure/d"}}, "needs an address"),
        ({"model_name": "a", "litellm_params": {"model": "bedrock/agent/x"}}, "no agents"),
        ({"model_name": "a", "litellm_params": {"model": "bedrock/x", "aws_region_name": "EU West"}}, "its `region`"),
    ],
)
def test_a_deployment_that_has_no_equivalent_is_left_out_with_the_reason(entry: Any, reason: str) -> None:
    made = imported(entry)
    assert made.documents == []
    assert [each.path for each in made.findings if reason in each.reason] == ["model_list[0].litellm_params"]
    assert all("u:p" not in each.reason for each in made.findings)


def test_of_a_wildcard_the_provider_is_there() -> None:
    made = imported(deployment("openai/*", name="openai/*", **KEY))
    assert specs(made, "Provider").keys() == {"openai"}
    assert specs(made, "Model") == {}
    assert paths(made, "NotMapped") == ["model_list[0].litellm_params.model"]


def test_a_credential_of_the_list_is_used_by_name() -> None:
    credential = {"credential_name": "shared", "credential_values": {"api_key": "sk-1", "api_base": "http://host/v1"}}
    made = imported(
        deployment("openai/x", litellm_credential_name="shared"),
        deployment("openai/x", name="other", litellm_credential_name="absent"),
        credential_list=[credential],
    )
    assert specs(made, "Provider")["openai-host"]["baseUrl"] == "http://host/v1"
    assert "model_list[1].litellm_params.litellm_credential_name" in paths(made, "NotMapped")


def test_every_parameter_is_accounted_for() -> None:
    made = imported(deployment("openai/gpt-5", **KEY, temperature=0.2, max_retries=2, unheard_of=1, mock_response="x"))
    assert paths(made, "NotMapped") == [
        f"model_list[0].litellm_params.{key}" for key in ("temperature", "max_retries", "unheard_of", "mock_response")
    ]


def test_prices_become_an_entry_of_the_catalog() -> None:
    made = imported(deployment("openai/gpt-5", **KEY, input_cost_per_token=1e-6, output_cost_per_token=2e-6))
    assert spec(made, "CatalogEntry") == {
        "model": {"value": "gpt-5"},
        "providerRefs": [{"name": "openai"}],
        "pricing": "Own",
        "prices": [{"perMillionTokens": {"inputUncached": "1", "output": "2"}}],
    }
