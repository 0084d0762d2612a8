"""Cohere against its SDK, and OpenAI's."""

from typing import Any

import cohere
from openai import OpenAI
from pytest import fixture

from data_plane.providers.cohere import COHERE, SURFACES
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, url_of, worded

HELLO: Any = [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}]


@fixture
def recorder() -> Recorder:
    return Recorder()


def test_ranks_are_asked_as_by_the_sdk(recorder: Recorder) -> None:
    sdk = cohere.ClientV2(api_key="k", httpx_client=recorder.httpx())
    sent = recorder.of(lambda: sdk.rerank(model="rerank-v3.5", query="q", documents=["a"]))
    asked = Asked("rerank-v3.5", path=b"/rerank")

    assert url_of(COHERE, "cohere-rerank", asked, Place()) == sent.url
    assert sent.headers[SURFACES["cohere-rerank"].key_header] == "Bearer k"
    assert worded(SURFACES["cohere-rerank"], {**sent.body, "model": "asked"}, asked) == sent.body


def test_embeddings_are_asked_as_by_the_sdk(recorder: Recorder) -> None:
    sdk = cohere.ClientV2(api_key="k", httpx_client=recorder.httpx())
    sent = recorder.of(
        lambda: sdk.embed(model="embed-v4.0", texts=["a"], input_type="search_query", embedding_types=["float"])
    )

    assert url_of(COHERE, "cohere-embed", Asked("embed-v4.0"), Place()) == sent.url


def test_chat_is_asked_at_the_endpoint_for_openai_s_api(recorder: Recorder) -> None:
    sdk = OpenAI(api_key="k", base_url="https://api.cohere.com/compatibility/v1", http_client=recorder.httpx2())
    asked = Asked("command-a-03-2025")
    sent = recorder.of(
        lambda: sdk.chat.completions.create(model=asked.model, messages=HELLO, max_completion_tokens=5, n=2)
    )
    made = worded(SURFACES["openai-chat"], {**sent.body, "model": "asked"}, asked)

    assert url_of(COHERE, "openai-chat", asked, Place()) == sent.url
    assert made == {
        "model": asked.model,
        "messages": [{"role": "system", "content": "be brief"}, HELLO[1]],
        "max_tokens": 5,
        "n": 2,  # which is refused there: the answer would be another
    }


def test_embeddings_of_openai_s_clients_are_translated() -> None:
    assert "openai-embeddings" not in SURFACES  # there it has no `dimensions`
