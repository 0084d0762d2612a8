"""Wherever a body for the Gemini API names the model, it is the provider's name."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw
from pytest import mark, param

from data_plane.providers.gemini import SURFACES
from data_plane.providers.surface import Asked
from data_plane.providers.wording import Fields

TEXT = {"content": {"parts": [{"text": "a"}]}}
NAMED = {**TEXT, "model": "models/ours"}
THEIRS = {**TEXT, "model": "models/theirs"}


def worded(wire: str, body: object, model: str = "theirs") -> Any:
    fields = msgspec.json.decode(json.dumps(body), type=dict[str, Raw])
    before = dict(fields)
    word: Callable[[Fields, Asked], Fields] | None = SURFACES[wire].word
    assert word is not None
    made = word(fields, Asked(model))
    assert fields == before
    return json.loads(msgspec.json.encode(made))


@mark.parametrize(
    ("body", "expected"),
    [
        param(NAMED, THEIRS, id="one"),
        param(TEXT, TEXT, id="one without"),
        param({"requests": [NAMED, TEXT]}, {"requests": [THEIRS, THEIRS]}, id="many"),
        param({"requests": []}, {"requests": []}, id="none"),
        param({"requests": "x"}, {"requests": "x"}, id="no array"),
    ],
)
def test_of_embeddings(body: object, expected: object) -> None:
    assert worded("gemini-embeddings", body) == expected


@mark.parametrize("name", ["generateContentRequest", "generate_content_request"])
def test_of_counts(name: str) -> None:
    body = {name: {"model": "models/ours", "contents": []}}

    assert worded("gemini-count-tokens", body) == {name: {"model": "models/theirs", "contents": []}}
    assert worded("gemini-count-tokens", {"contents": []}) == {"contents": []}
    assert worded("gemini-count-tokens", {name: 1}) == {name: 1}


def test_a_tuned_model_keeps_its_path() -> None:
    assert worded("gemini-embeddings", NAMED, "tunedModels/x")["model"] == "tunedModels/x"
