"""Who counts tokens: the model's provider, or the gateway."""

import json
from collections.abc import Awaitable
from typing import Any, cast

from pytest import mark, param

from data_plane.exchange import Response
from data_plane.filters.count_tokens import CountTokensFilter
from tests.fakes.gateway import Answer, Gateway, basic, model, post, provider

ANTHROPIC: dict[str, Any] = {"model": "gpt", "messages": [{"role": "user", "content": "hello world"}]}
RESPONSES: dict[str, Any] = {"model": "gpt", "input": "hello world"}
GEMINI: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hello world"}]}]}
PATHS: dict[str, dict[str, Any]] = {
    "/v1/messages/count_tokens": ANTHROPIC,
    "/v1/responses/input_tokens": RESPONSES,
    "/v1beta/models/gpt:countTokens": GEMINI,
}


def gateway(kind: str, *models: tuple[str, bytes]) -> Gateway:
    return Gateway(basic() | dict([provider("openai", kind), *models]))


def counts_here(answer: Answer) -> bool:
    hooks = [hook for _, hook in (*answer.plan.head, *answer.plan.body)]
    return any(isinstance(getattr(hook, "__self__", None), CountTokensFilter) for hook in hooks)


@mark.parametrize("path", PATHS)
async def test_a_model_whose_provider_does_not_count_is_counted_here(path: str) -> None:
    answer = gateway("Groq").ask(post(path, PATHS[path]))

    assert answer.plan.waits  # it runs in a task, since it may take long
    response = await cast("Awaitable[Response]", answer.response)
    found = json.loads(response.body)
    assert found.get("input_tokens", found.get("totalTokens")) > 5
    assert (b"x-isthmus-warnings", b"estimated: tokens") in response.headers


@mark.parametrize("path", PATHS)
@mark.parametrize("kind", ["Anthropic", "Gemini"])
def test_a_provider_that_counts_is_asked(kind: str, path: str) -> None:
    answer = gateway(kind).ask(post(path, PATHS[path]))

    assert answer.code == "" and answer.response is None
    assert not counts_here(answer) and not answer.plan.waits


async def test_an_openai_model_behind_a_server_that_does_not_count_is_counted_exactly() -> None:
    targets = [{"providerRef": {"name": "openai"}, "model": "openai/gpt-oss-20b"}]
    named = model("gpt", versions=[{"name": "v1", "targets": targets}])

    answer = gateway("Groq", named).ask(post("/v1/messages/count_tokens", ANTHROPIC))

    response = await cast("Awaitable[Response]", answer.response)
    assert json.loads(response.body) == {"input_tokens": 3 + 3 + 1 + 2}
    assert response.headers == [(b"content-type", b"application/json")]


@mark.parametrize("path", [param("/v1/chat/completions", id="chat"), param("/v1/embeddings", id="embeddings")])
def test_what_is_no_count_goes_by_the_plan_that_does_not_wait(path: str) -> None:
    asked = gateway("Groq")
    asked.ask(post("/v1/messages/count_tokens", ANTHROPIC)).response.close()  # type: ignore[union-attr]

    answer = asked.ask(post(path))

    assert not counts_here(answer) and not answer.plan.waits
