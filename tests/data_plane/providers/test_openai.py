"""OpenAI against its SDK."""

from collections.abc import Callable
from typing import Any

from openai import OpenAI
from pytest import fixture, mark

from data_plane.providers.openai import OPENAI
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, surface_of, url_of, worded

HERE = Place()
CALLS: list[tuple[str, bytes, Callable[[Any], object]]] = [
    ("openai-chat", b"", lambda sdk: sdk.chat.completions.create(model="m", messages=[])),
    ("openai-responses", b"", lambda sdk: sdk.responses.create(model="m", input="x")),
    ("openai-completions", b"", lambda sdk: sdk.completions.create(model="m", prompt="x")),
    ("openai-embeddings", b"", lambda sdk: sdk.embeddings.create(model="m", input="x")),
    ("openai-moderations", b"", lambda sdk: sdk.moderations.create(model="m", input="x")),
    ("openai-input-tokens", b"", lambda sdk: sdk.responses.input_tokens.count(model="m", input="x")),
    ("openai-compact", b"", lambda sdk: sdk.responses.compact(model="m", input="x")),
    ("openai-images", b"", lambda sdk: sdk.images.generate(model="m", prompt="x")),
    ("openai-speech", b"", lambda sdk: sdk.audio.speech.create(model="m", input="x", voice="alloy")),
    ("openai-files", b"/files/f1", lambda sdk: sdk.files.retrieve("f1")),
    ("openai-batches", b"/batches/b1", lambda sdk: sdk.batches.retrieve("b1")),
    ("openai-stored-responses", b"/responses/r1", lambda sdk: sdk.responses.retrieve("r1")),
    ("openai-stored-chat", b"/chat/completions/c1", lambda sdk: sdk.chat.completions.retrieve("c1")),
]


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize("wire, path, call", CALLS, ids=[wire for wire, _, _ in CALLS])
def test_it_is_asked_as_by_the_sdk(recorder: Recorder, wire: str, path: bytes, call: Callable[[Any], object]) -> None:
    sdk = OpenAI(api_key="k", http_client=recorder.httpx2(), max_retries=0)
    sent = recorder.of(lambda: call(sdk))
    surface = surface_of(OPENAI, wire, HERE)

    assert url_of(OPENAI, wire, Asked("m", path=path), HERE) == sent.url
    assert sent.headers[surface.key_header] == "Bearer k"
    if sent.body is not None:
        assert worded(surface, {**sent.body, "model": "asked"}, Asked("m")) == sent.body
