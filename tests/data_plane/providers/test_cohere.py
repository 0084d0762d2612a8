"""Cohere against its SDK, and OpenAI's."""

from typing import Any

import cohere
from openai import OpenAI
from pytest import fixture, mark

from data_plane.providers.cohere import COHERE, SURFACES
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, url_of, worded


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


@mark.parametrize("stream", [False, True])
def test_chat_is_asked_as_by_the_sdk(recorder: Recorder, stream: bool) -> None:
    sdk = cohere.ClientV2(api_key="k", httpx_client=recorder.httpx())
    model = "command-a-03-2025"
    chat: Any = sdk.chat_stream if stream else sdk.chat
    sent = recorder.of(lambda: list(chat(model=model, messages=[{"role": "user", "content": "hi"}])))

    assert url_of(COHERE, "cohere-chat", Asked(model, stream), Place()) == sent.url


def test_clients_of_openai_s_chat_are_relayed_to_the_endpoint_for_them(recorder: Recorder) -> None:
    sdk = OpenAI(api_key="k", base_url="https://api.cohere.com/compatibility/v1", http_client=recorder.httpx2())
    asked = Asked("command-a-03-2025")
    hello: Any = [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}]
    sent = recorder.of(
        lambda: sdk.chat.completions.create(model=asked.model, messages=hello, max_completion_tokens=5, n=2)
    )
    made = worded(SURFACES["openai-chat"], {**sent.body, "model": "asked"}, asked)

    assert url_of(COHERE, "openai-chat", asked, Place()) == sent.url
    assert made == {
        "model": asked.model,
        "messages": [{"role": "system", "content": "be brief"}, hello[1]],
        "max_tokens": 5,
        "n": 2,  # which is left to be refused: the answer would be another
    }


def test_all_others_are_translated_to_its_own_api() -> None:
    assert list(SURFACES) == ["cohere-chat", "openai-chat", "cohere-embed", "cohere-rerank"]
