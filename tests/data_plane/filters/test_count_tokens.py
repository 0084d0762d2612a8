"""The gateway counts for clients of each API, where a model's provider does not."""

import json
from collections.abc import AsyncIterator

from anthropic.types import MessageTokensCount
from google.genai.types import CountTokensResponse
from openai.types.responses import InputTokenCountResponse
from pytest import fixture, mark, param, raises

from data_plane.errors import BadRequest
from data_plane.exchange import Exchange, Request, Timeouts
from data_plane.filters.count_tokens import CountTokensFilter
from data_plane.llm.token_ratio import TokenRatios
from data_plane.token_counter import TokenCounter

CALLS = {"anthropic": "count_tokens", "gemini": "count_tokens", "openai": "input_tokens"}
BODIES = {
    "anthropic": {"model": "m", "messages": [{"role": "user", "content": "hello world"}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello world"}]}]},
    "openai": {"model": "m", "input": "hello world"},
}
EXACT = 3 + 3 + 1 + 2


@fixture
async def filter_() -> AsyncIterator[CountTokensFilter]:
    counter = TokenCounter(TokenRatios())
    yield CountTokensFilter({"gpt": "gpt-4o", "own": "org/own-model"}, counter)
    counter.close()


def asking(api: str, model: str, operation: str = "", body: object = None) -> Exchange:
    data = json.dumps(BODIES[api] if body is None else body).encode()
    request = Request(b"POST", b"/x", b"", {}, has_body=True, body=data)
    exchange = Exchange(
        request, "t/r", api, operation or CALLS[api], b"/models/m:countTokens", "id", 0.0, 1, Timeouts()
    )
    exchange.model = exchange.model_requested = model
    return exchange


def tokens_of(api: str, body: bytes) -> int | None:
    """As the API's SDK reads it."""
    document = json.loads(body)
    if api == "anthropic":
        return MessageTokensCount.model_validate(document).input_tokens
    if api == "gemini":
        return CountTokensResponse.model_validate(document).total_tokens
    return InputTokenCountResponse.model_validate(document).input_tokens


@mark.parametrize("api", CALLS)
async def test_an_openai_model_is_counted_exactly(filter_: CountTokensFilter, api: str) -> None:
    response = await filter_.on_request(asking(api, "gpt"))

    assert response is not None and response.status == 200
    assert tokens_of(api, response.body) == EXACT
    assert response.headers == [(b"content-type", b"application/json")]


@mark.parametrize("api", CALLS)
async def test_another_model_is_estimated_and_the_answer_says_so(filter_: CountTokensFilter, api: str) -> None:
    response = await filter_.on_request(asking(api, "own"))

    assert response is not None and response.status == 200
    assert tokens_of(api, response.body) == 6 + round(15 * 0.28)
    assert (b"x-isthmus-warnings", b"estimated: tokens") in response.headers


@mark.parametrize(
    "exchange",
    [
        param(asking("openai", "gpt", "chat"), id="another operation"),
        param(asking("openai", "elsewhere"), id="a model whose provider counts"),
    ],
)
async def test_all_else_goes_on(filter_: CountTokensFilter, exchange: Exchange) -> None:
    assert await filter_.on_request(exchange) is None


@mark.parametrize("api", CALLS)
async def test_what_the_api_would_refuse_is_refused(filter_: CountTokensFilter, api: str) -> None:
    body = {"model": 1, "messages": 1, "contents": 1, "input": 1}

    with raises(BadRequest):
        await filter_.on_request(asking(api, "gpt", body=body))
