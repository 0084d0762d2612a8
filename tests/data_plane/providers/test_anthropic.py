"""Anthropic's API against its SDK."""

from collections.abc import Callable
from typing import Any

from anthropic import Anthropic
from pytest import fixture, mark, param

from data_plane.providers.anthropic import ANTHROPIC
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, surface_of, url_of, worded

HERE = Place()
HELLO: Any = [{"role": "user", "content": "x"}]


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize(
    "wire, path, call",
    [
        param(
            "anthropic-messages",
            b"/messages",
            lambda sdk: sdk.messages.create(model="m", max_tokens=5, messages=HELLO),
            id="messages",
        ),
        param(
            "anthropic-count-tokens",
            b"/messages/count_tokens",
            lambda sdk: sdk.messages.count_tokens(model="m", messages=HELLO),
            id="count",
        ),
        param(
            "anthropic-batches",
            b"/messages/batches/b1",
            lambda sdk: sdk.messages.batches.retrieve("b1"),
            id="batches",
        ),
    ],
)
def test_it_is_asked_as_by_the_sdk(recorder: Recorder, wire: str, path: bytes, call: Callable[[Any], object]) -> None:
    sdk = Anthropic(api_key="k", http_client=recorder.httpx2(), max_retries=0)
    sent = recorder.of(lambda: call(sdk))
    surface = surface_of(ANTHROPIC, wire, HERE)

    assert url_of(ANTHROPIC, wire, Asked("m", path=path), HERE) == sent.url
    assert surface.key_header == "x-api-key"  # which the API takes as before, beside what this SDK sends
    assert [name.decode() in sent.headers for name, _ in surface.defaults] == [True]
    if sent.body is not None:
        assert worded(surface, {**sent.body, "model": "asked"}, Asked("m")) == sent.body
