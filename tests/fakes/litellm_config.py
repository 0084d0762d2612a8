"""LiteLLM configurations for tests, and what becomes of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control_plane.cli.import_text import secret_documents
from control_plane.litellm_import.conversion import Converted, Wish, convert
from control_plane.litellm_import.yaml_config import read_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "litellm" / "config.yaml"
ENVIRONMENT = {
    "AZURE_EU_API_KEY": "azure-eu",
    "AZURE_US_API_KEY": "azure-us",
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-ant",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "GEMINI_API_KEY": "gemini",
    "VERTEX_CREDENTIALS": '{"type": "service_account"}',
    "COHERE_API_KEY": "cohere",
    "GROQ_API_KEY": "groq",
    "OPENAI_ORGANIZATION": "org-1",
}
Json = dict[str, Any]


def deployment(model: str, name: str = "chat", **parameters: Any) -> Json:
    return {"model_name": name, "litellm_params": {"model": model, **parameters}}


def imported(
    *deployments: Json, environment: Mapping[str, str] | None = None, wish: Wish | None = None, **sections: Any
) -> Converted:
    """What becomes of a configuration."""
    config = {"model_list": list(deployments), **sections}
    return convert(config, wish or Wish(), environment or {}, [])


def imported_example(environment: Mapping[str, str] | None = None) -> Converted:
    return convert(read_config(EXAMPLE.read_bytes()), Wish(), ENVIRONMENT if environment is None else environment, [])


def all_documents(converted: Converted) -> list[Json]:
    return [*secret_documents(converted, shows_values=True), *converted.documents]


def specs(converted: Converted, kind: str) -> dict[str, Any]:
    """By name."""
    return {each["metadata"]["name"]: each["spec"] for each in all_documents(converted) if each["kind"] == kind}


def spec(converted: Converted, kind: str) -> Any:
    """Of the only one."""
    (found,) = specs(converted, kind).values()
    return found


def paths(converted: Converted, weight: str) -> list[str]:
    """Where findings of this weight are."""
    return [each.path for each in converted.findings if each.weight == weight]
