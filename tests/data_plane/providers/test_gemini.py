"""The Gemini API against its SDK."""

from collections.abc import Callable
from typing import Any

from google import genai
from google.genai.types import HttpOptions
from pytest import fixture, mark, param

from data_plane.providers.gemini import GEMINI, KEY_HEADER
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, url_of

HERE = Place()
MODEL = "gemini-2.5-pro"


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize(
    "wire, method, query, call",
    [
        param("gemini", b"generateContent", b"", lambda of: of.generate_content(model=MODEL, contents="x"), id="whole"),
        param(
            "gemini",
            b"streamGenerateContent",
            b"alt=sse",
            lambda of: list(of.generate_content_stream(model=MODEL, contents="x")),
            id="stream",
        ),
        param(
            "gemini-count-tokens",
            b"countTokens",
            b"",
            lambda of: of.count_tokens(model=MODEL, contents="x"),
            id="count",
        ),
        param(
            "gemini-embeddings",
            b"batchEmbedContents",
            b"",
            lambda of: of.embed_content(model=MODEL, contents=["x"]),
            id="embeddings",
        ),
    ],
)
def test_it_is_asked_as_by_the_sdk(
    recorder: Recorder, wire: str, method: bytes, query: bytes, call: Callable[[Any], object]
) -> None:
    options = HttpOptions(httpx_client=recorder.httpx(), api_version="v1beta")
    sdk = genai.Client(api_key="k", http_options=options)
    sent = recorder.of(lambda: call(sdk.models))
    stream = b"stream" in method

    assert sent.headers[KEY_HEADER] == "k"
    assert url_of(GEMINI, wire, Asked(MODEL, stream, b"/models/asked:" + method, query), HERE) == sent.url
    assert url_of(GEMINI, wire, Asked(MODEL, stream), HERE) == sent.url  # and where another API is translated
