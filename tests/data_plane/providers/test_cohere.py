"""Cohere against its SDK, and OpenAI's."""

from typing import Any

import cohere
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


def test_clients_of_other_apis_are_translated_to_its_own() -> None:
    """OpenAI's too: Cohere's endpoint for them leaves out fields without a word."""
    assert list(SURFACES) == ["cohere-chat", "cohere-embed", "cohere-rerank"]
