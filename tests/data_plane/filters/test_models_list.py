"""`GET /models` shows what the caller may use, in the client API's shape."""

import json
from typing import Any

from pytest import mark

from tests.fakes.gateway import Gateway, basic, model, request, resource

ANTHROPIC = {"anthropic-version": "2023-06-01"}
OPENAI_GPT = {"id": "gpt", "object": "model", "created": 1, "owned_by": "default"}
ANTHROPIC_GPT = {
    "type": "model",
    "id": "gpt",
    "display_name": "gpt",
    "created_at": "1970-01-01T00:00:01Z",
    "lifecycle": "active",
    **dict.fromkeys(("max_input_tokens", "max_tokens", "capabilities", "deprecated_at", "line", "retires_at")),
}
GEMINI_GPT = {
    "name": "models/gpt",
    "displayName": "gpt",
    "supportedGenerationMethods": [
        "generateContent",
        "streamGenerateContent",
        "countTokens",
        "embedContent",
        "batchEmbedContents",
    ],
}
COHERE_GPT = {"name": "gpt", "endpoints": ["chat", "embed", "rerank"], "finetuned": False, "is_deprecated": False}


def gateway(*allowed: str) -> Gateway:
    """A dated model with an alias, a second one, and one that cannot be served."""
    versions = [{"name": "v1", "targets": [{"providerRef": {"name": "openai"}}]}]
    gpt = resource("Model", "gpt", {"versions": versions, "aliases": ["fast"]}, createdAt="1970-01-01T00:00:01Z")
    application = resource("Application", "app", {"allowedModels": list(allowed)} if allowed else {})
    return Gateway(basic() | dict([gpt, model("b"), model("broken", "nobody"), application]))


def get(served: Gateway, path: str, **headers: str) -> Any:
    answer = served.ask(request("GET", path, **headers))
    assert answer.response is not None, answer.error
    return json.loads(answer.response.body)


@mark.parametrize(
    "path, headers, answer",
    [
        ("/v1/models", {}, {"object": "list", "data": [OPENAI_GPT]}),
        (
            "/v1/models",
            ANTHROPIC,
            {"data": [ANTHROPIC_GPT], "has_more": False, "first_id": "gpt", "last_id": "gpt"},
        ),
        ("/v1beta/models", {}, {"models": [GEMINI_GPT]}),
        ("/cohere/v1/models", {}, {"models": [COHERE_GPT]}),
        ("/cohere/v1/models/gpt", {}, COHERE_GPT),
        ("/v1/models/gpt", {}, OPENAI_GPT),
        ("/v1/models/fast", {}, OPENAI_GPT),
        ("/v1/models/gpt", ANTHROPIC, ANTHROPIC_GPT),
        ("/v1beta/models/gpt", {}, GEMINI_GPT),
    ],
)
def test_each_api_s_shape(path: str, headers: dict[str, str], answer: object) -> None:
    assert get(gateway("gpt"), path, **headers) == answer


def test_the_list_has_each_model_once_in_order_without_what_is_not_served() -> None:
    assert [each["id"] for each in get(gateway(), "/v1/models")["data"]] == ["b", "gpt"]


def test_an_anthropic_list_may_be_empty() -> None:
    answer = get(gateway("none"), "/v1/models", **ANTHROPIC)

    assert answer == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@mark.parametrize("name", ["b", "nobody", "broken"])
def test_a_model_that_is_not_allowed_is_unknown(name: str) -> None:
    assert gateway("gpt").ask(request("GET", f"/v1/models/{name}")).code == "model_not_found"


def test_models_are_not_written() -> None:
    assert gateway().ask(request("DELETE", "/v1/models/gpt")).code == "method_not_allowed"
