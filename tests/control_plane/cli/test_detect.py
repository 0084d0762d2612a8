"""Providers in the environment, asked for their models over HTTP."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from config_schemas.base import NAME_PATTERN
from control_plane.admission.validate import parse_document
from control_plane.cli import detect
from control_plane.cli.detect import KNOWN, MAX_MODELS, Detected, model_names, resource_name, server_url

OPENAI = {"data": [{"id": "gpt-5"}, {"id": "whisper-1"}, {"id": "o3"}]}
ANTHROPIC = {"data": [{"id": "claude-sonnet-4-5"}]}
GEMINI = {"models": [{"name": "models/gemini-2.5-pro"}, {"name": "models/aqa"}]}


@dataclass
class Provider:
    """A server that lists models, and remembers who asked."""

    url: str = ""
    status: int = 200
    answer: object = None
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def list(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def provider(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    """In the place of every provider."""
    fake = Provider()
    app = web.Application()
    app.router.add_get("/{path:.*}", fake.list)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        known = tuple(replace(each, default_url=each.default_url and fake.url) for each in KNOWN)
        monkeypatch.setattr(detect, "KNOWN", known)
        yield fake


async def find(**environment: str) -> Detected:
    (found,) = await detect.detect(environment)
    for document in found.documents:
        parse_document(document)  # admission takes them all
    return found


def by_kind(found: Detected, kind: str) -> list[dict[str, Any]]:
    return [document for document in found.documents if document["kind"] == kind]


@pytest.mark.parametrize(
    ("variable", "answer", "models", "header"),
    [
        ("OPENAI_API_KEY", OPENAI, ("gpt-5", "o3"), ("authorization", "Bearer sk-1")),
        ("ANTHROPIC_API_KEY", ANTHROPIC, ("claude-sonnet-4-5",), ("x-api-key", "sk-1")),
        ("GEMINI_API_KEY", GEMINI, ("gemini-2.5-pro",), ("x-goog-api-key", "sk-1")),
    ],
    ids=["openai", "anthropic", "gemini"],
)
async def test_a_key_gives_a_provider_with_the_models_that_can_chat(
    provider: Provider, variable: str, answer: object, models: tuple[str, ...], header: tuple[str, str]
) -> None:
    provider.answer = answer
    found = await find(**{variable: " sk-1\n"})
    assert found.models == models
    assert f"{len(models)} models" in found.notice
    assert header in [(name.lower(), value) for name, value in provider.headers[0].items()]
    (secret,), (made,) = by_kind(found, "Secret"), by_kind(found, "Provider")
    assert secret["spec"] == {"data": {"value": "sk-1"}}
    assert made["spec"]["auth"] == {"type": "ApiKey", "secretRef": {"name": secret["metadata"]["name"]}}
    assert "baseUrl" not in made["spec"]
    assert [model["spec"]["modelName"] for model in by_kind(found, "Model")] == list(models)
    assert "sk-1" not in found.notice


@pytest.mark.parametrize("variable", ["OLLAMA_HOST", "VLLM_URL"])
async def test_a_server_gives_all_its_models_without_a_key(provider: Provider, variable: str) -> None:
    provider.answer = {"data": [{"id": "qwen3:0.6b"}]}
    found = await find(**{variable: provider.url})
    assert found.models == ("qwen3:0.6b",)
    assert by_kind(found, "Secret") == []
    assert by_kind(found, "Provider")[0]["spec"]["baseUrl"] == f"{provider.url}/v1"


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [(401, None, "it answered 401"), (200, [1], "it names none"), (200, {"data": []}, "it names none")],
    ids=["refused", "another answer", "no model"],
)
async def test_without_a_list_the_usual_models_are_set_up_and_it_is_said(
    provider: Provider, status: int, answer: object, reason: str
) -> None:
    provider.status, provider.answer = status, answer
    found = await find(ANTHROPIC_API_KEY="sk-1")
    assert found.models == next(known.usual for known in KNOWN if known.name == "anthropic")
    assert reason in found.notice


async def test_a_server_that_is_not_there_becomes_a_provider_without_models() -> None:
    found = await find(VLLM_URL="http://127.0.0.1:1")
    assert (found.models, by_kind(found, "Model")) == ((), [])
    assert "no model is set up" in found.notice


async def test_at_most_so_many_models_of_one_provider_are_set_up(provider: Provider) -> None:
    provider.answer = {"data": [{"id": f"gpt-{number}"} for number in range(MAX_MODELS + 1)]}
    assert len((await find(OPENAI_API_KEY="sk-1")).models) == MAX_MODELS


async def test_a_name_is_given_to_one_model_only(provider: Provider) -> None:
    provider.answer = {"data": [{"id": name} for name in ("qwen3:1b", "qwen3-1b", "llama3", "llama3")]}
    ollama, vllm = await detect.detect({"OLLAMA_HOST": provider.url, "VLLM_URL": provider.url})
    assert (ollama.models, vllm.models) == (("qwen3:1b", "llama3"), ())
    names = [model["metadata"]["name"] for model in by_kind(ollama, "Model")]
    assert names == ["ollama-qwen3-1b", "ollama-llama3"]


async def test_an_empty_variable_names_no_provider() -> None:
    assert await detect.detect({"OPENAI_API_KEY": " ", "PATH": "/bin"}) == []


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434/v1"),
        ("http://gpu:8000", "http://gpu:8000/v1"),
        ("https://gpu/", "https://gpu/v1"),
        ("http://gpu:8000/v1/", "http://gpu:8000/v1"),
    ],
)
def test_an_address_is_understood_as_its_server_writes_it(written: str, url: str) -> None:
    assert server_url(written) == url


@pytest.mark.parametrize("answer", [None, [], {}, {"data": 1}, {"data": [1, {"name": "x"}]}, {"models": [None]}])
def test_an_answer_of_another_shape_names_no_model(answer: object) -> None:
    assert model_names(answer) == []


@given(st.text(max_size=80))
def test_every_model_has_a_resource_name(model: str) -> None:
    assert re.fullmatch(NAME_PATTERN, name := resource_name("openai", model))
    assert len(name) <= 63
