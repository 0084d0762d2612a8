"""Bodies and errors of Vertex AI, beside what its SDKs show."""

import json
from typing import Any

from msgspec import Raw
from pytest import mark, param

from data_plane.llm.failure import FailureKind
from data_plane.providers.surface import Asked
from data_plane.providers.vertex_wording import decode_claude_failure, word_count, word_embeddings
from data_plane.providers.wording import Word

CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]
CONTENT = CONTENTS[0]


def word(made: Word, body: dict[str, Any]) -> Any:
    fields = {name: Raw(json.dumps(value).encode()) for name, value in body.items()}
    return {name: json.loads(bytes(raw)) for name, raw in made(fields, Asked("m")).items()}


@mark.parametrize(
    "body, wanted",
    [
        param({"contents": CONTENTS}, {"contents": CONTENTS}, id="contents alone"),
        param(
            {"generateContentRequest": {"model": "models/m", "contents": CONTENTS, "tools": []}},
            {"contents": CONTENTS, "tools": []},
            id="a whole request",
        ),
        param(
            {"contents": [], "generateContentRequest": {"contents": CONTENTS}},
            {"contents": CONTENTS},
            id="both, of which the request counts",
        ),
        param({"generateContentRequest": 1}, {"generateContentRequest": 1}, id="left to be refused"),
    ],
)
def test_what_is_counted_stands_at_the_top(body: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert word(word_count, body) == wanted


@mark.parametrize(
    "body, wanted",
    [
        param({"content": CONTENT}, {"content": CONTENT}, id="no options"),
        param(
            {"model": "models/m", "content": CONTENT, "taskType": "CLUSTERING", "autoTruncate": False, "other": 1},
            {"content": CONTENT, "embedContentConfig": {"taskType": "CLUSTERING", "autoTruncate": False}, "other": 1},
            id="options",
        ),
        param(
            {"content": CONTENT, "title": "a", "embedContentConfig": {"title": "b"}},
            {"content": CONTENT, "embedContentConfig": {"title": "b"}},
            id="options as Vertex AI has them",
        ),
        param(
            {"requests": [{"model": "models/m", "content": CONTENT, "outputDimensionality": 5}, {"content": CONTENT}]},
            {
                "requests": [
                    {"content": CONTENT, "embedContentConfig": {"outputDimensionality": 5}},
                    {"content": CONTENT},
                ]
            },
            id="many",
        ),
        param({"requests": [1]}, {"requests": [1]}, id="left to be refused"),
    ],
)
def test_options_to_embed_stand_together(body: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert word(word_embeddings, body) == wanted


@mark.parametrize(
    "status, body, kind, message",
    [
        param(
            400,
            {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 2 > 1"}},
            FailureKind.CONTEXT_LENGTH,
            "prompt is too long: 2 > 1",
            id="Claude's own",
        ),
        param(
            429,
            {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}},
            FailureKind.RATE_LIMIT,
            "Quota exceeded",
            id="Google's",
        ),
        param(
            404,
            [{"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}}],
            FailureKind.NOT_FOUND,
            "no such model",
            id="Google's, of a stream",
        ),
    ],
)
def test_errors_for_claude_are_claude_s_or_google_s(status: int, body: object, kind: FailureKind, message: str) -> None:
    failure = decode_claude_failure(status, {}, json.dumps(body).encode())

    assert (failure.status, failure.kind, failure.message) == (status, kind, message)


def test_what_is_no_error_of_either_is_one_by_its_status() -> None:
    assert decode_claude_failure(503, {}, b"<html>").kind is FailureKind.OVERLOADED
