"""How deployments prove themselves."""

from typing import Any

import pytest

from tests.fakes.litellm_config import deployment, imported, paths, spec, specs

ROLE = "arn:aws:iam::123456789012:role/models"
AZURE = {"api_base": "https://x.openai.azure.com", "api_version": "2024-10-21"}
BEDROCK = "bedrock/anthropic.claude-v2"
VERTEX = {"vertex_project": "p", "vertex_location": "europe-west4"}


def auth(model: str, **parameters: Any) -> Any:
    return spec(imported(deployment(model, **parameters)), "Provider")["auth"]


@pytest.mark.parametrize(
    ("model", "parameters", "wanted"),
    [
        ("openai/gpt-5", {"api_key": "os.environ/K"}, {"type": "ApiKey", "secretRef": {"name": "k"}}),
        ("openai/gpt-5", {}, {"type": "ApiKey", "secretRef": {"name": "openai-api-key"}}),
        ("groq/llama", {}, {"type": "ApiKey", "secretRef": {"name": "groq-api-key"}}),
        ("openai/x", {"api_base": "http://host/v1"}, {"type": "None"}),
        ("openai/x", {"api_base": "http://host/v1", "api_key": "fake-key"}, {"type": "None"}),
        ("hosted_vllm/x", {"api_base": "http://host/v1"}, {"type": "None"}),
        ("hosted_vllm/x", {"api_base": "http://host/v1", "api_key": "k"},
         {"type": "ApiKey", "secretRef": {"name": "vllm-key"}}),
        ("ollama/llama3", {}, {"type": "None"}),
        ("azure/d", {**AZURE, "api_key": "os.environ/K"}, {"type": "ApiKey", "secretRef": {"name": "k"}}),
        ("azure/d", {**AZURE, "tenant_id": "t", "client_id": "c", "client_secret": "os.environ/S"},
         {"type": "AzureClientSecret", "secretRef": {"name": "s"}, "azure": {"tenantId": "t", "clientId": "c"}}),
        ("azure/d", {**AZURE, "azure_ad_token": "oidc/azure/x", "client_id": "c"},
         {"type": "AzureWorkloadIdentity", "azure": {"clientId": "c"}}),
        ("azure/d", {**AZURE, "azure_ad_token": "os.environ/T"},
         {"type": "ApiKey", "secretRef": {"name": "t"}, "header": "authorization"}),
        (BEDROCK, {"aws_access_key_id": "os.environ/A", "aws_secret_access_key": "os.environ/B"},
         {"type": "AwsKeys", "aws": {"keysRef": {"name": "aws"}}}),
        (BEDROCK, {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_role_name": ROLE,
                   "aws_session_name": "s1", "aws_external_id": "e1"},
         {"type": "AwsKeys", "aws": {"keysRef": {"name": "aws"}, "roleArn": ROLE, "sessionName": "s1",
                                     "externalId": "e1"}}),
        (BEDROCK, {}, {"type": "AwsWorkloadIdentity"}),
        (BEDROCK, {"aws_role_name": ROLE}, {"type": "AwsWorkloadIdentity", "aws": {"roleArn": ROLE}}),
        (BEDROCK, {"api_key": "os.environ/AWS_BEARER_TOKEN_BEDROCK"},
         {"type": "ApiKey", "secretRef": {"name": "aws-bearer-token-bedrock"}}),
        ("vertex_ai/gemini-2.5-pro", {**VERTEX, "vertex_credentials": "os.environ/V"},
         {"type": "GoogleServiceAccount", "secretRef": {"name": "v"}}),
        ("vertex_ai/gemini-2.5-pro", VERTEX, {"type": "GoogleWorkloadIdentity"}),
    ],
)  # fmt: skip
def test_a_deployments_credential_becomes_that_of_its_provider(model: str, parameters: Any, wanted: Any) -> None:
    assert auth(model, **parameters) == wanted


def test_an_account_in_the_configuration_becomes_a_secret() -> None:
    made = imported(deployment("vertex_ai/gemini-2.5-pro", **VERTEX, vertex_credentials={"type": "service_account"}))
    assert spec(made, "Secret") == {"data": {"value": '{"type": "service_account"}'}}


def test_a_file_is_not_read_but_its_place_kept() -> None:
    made = imported(deployment("vertex_ai/gemini-2.5-pro", **VERTEX, vertex_credentials="/keys/a.json"))
    assert spec(made, "Secret") == {"data": {"value": ""}}
    assert paths(made, "ToDo") == ["model_list[0].litellm_params.vertex_credentials"]


def test_the_gateways_own_identity_lies_with_the_platform() -> None:
    made = imported(deployment(BEDROCK))
    (provider,) = [each for each in made.documents if each["kind"] == "Provider"]
    assert provider["metadata"]["tenant"] == "platform"  # type: ignore[index]
    target = spec(made, "Model")["versions"][0]["targets"][0]
    assert target["providerRef"] == {"name": "bedrock", "tenant": "platform"}
    assert paths(made, "Changed") == ["model_list[0].litellm_params"]


@pytest.mark.parametrize(
    ("model", "parameters", "key"),
    [
        (BEDROCK, {"aws_access_key_id": "a"}, "aws_access_key_id"),
        (BEDROCK, {"aws_role_name": "models"}, "aws_role_name"),
        (BEDROCK, {"aws_profile_name": "dev"}, "aws_profile_name"),
        ("openai/gpt-5", {"api_key": "oidc/google/x"}, "api_key"),
        ("vertex_ai/gemini-2.5-pro", {**VERTEX, "vertex_credentials": [1]}, "vertex_credentials"),
        ("azure/d", {**AZURE, "azure_username": "u"}, "azure_username"),
    ],
)
def test_what_no_auth_takes_is_listed(model: str, parameters: Any, key: str) -> None:
    assert f"model_list[0].litellm_params.{key}" in paths(imported(deployment(model, **parameters)), "NotMapped")


def test_a_foreign_server_is_not_sent_the_key_of_openai() -> None:
    made = imported(deployment("openai/x", api_base="http://host/v1"))
    assert specs(made, "Secret") == {}
    assert paths(made, "Changed") == ["model_list[0].litellm_params.api_key"]
