"""Errors of Anthropic's API, read."""

import json

from pytest import mark

from data_plane.codecs.table import CODECS
from data_plane.llm.failure import FailureKind, ProviderFailure

decode = CODECS["anthropic-messages"].decode_failure
KINDS = {
    "invalid_request_error": (400, FailureKind.INVALID_REQUEST),
    "authentication_error": (401, FailureKind.AUTHENTICATION),
    "billing_error": (402, FailureKind.QUOTA),
    "permission_error": (403, FailureKind.PERMISSION),
    "not_found_error": (404, FailureKind.NOT_FOUND),
    "request_too_large": (413, FailureKind.TOO_LARGE),
    "rate_limit_error": (429, FailureKind.RATE_LIMIT),
    "api_error": (500, FailureKind.SERVER),
    "timeout_error": (504, FailureKind.TIMEOUT),
    "overloaded_error": (529, FailureKind.OVERLOADED),
    "some_new_error": (418, FailureKind.INVALID_REQUEST),
}


def body(kind: str, message: str = "Why") -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()


@mark.parametrize(("word", "status", "kind"), [(word, *each) for word, each in KINDS.items()], ids=KINDS)
def test_each_type_is_a_kind(word: str, status: int, kind: FailureKind) -> None:
    assert decode(status, {}, body(word)) == ProviderFailure(status, kind, "Why", word, None, "req_1")


@mark.parametrize(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    ],
)
def test_too_long_a_prompt_is_told_by_words_alone(message: str) -> None:
    assert decode(400, {}, body("invalid_request_error", message)).kind is FailureKind.CONTEXT_LENGTH


def test_headers_tell_the_request_and_when_to_come_again() -> None:
    failure = decode(429, {b"request-id": b"req_2", b"retry-after": b"7"}, body("rate_limit_error"))

    assert failure.retry_after_seconds == 7.0
    assert failure.request_id == "req_2"


@mark.parametrize(
    "text", [b"<html>Bad gateway</html>", b"", b"[]", b'{"error": "no"}', b'{"error": {"type": 1}}', b"\xff"]
)
def test_what_is_no_error_of_the_api_is_one_by_its_status(text: bytes) -> None:
    assert decode(529, {}, text).kind is FailureKind.OVERLOADED
    assert decode(502, {}, text).kind is FailureKind.SERVER
