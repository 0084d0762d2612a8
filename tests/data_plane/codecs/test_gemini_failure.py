"""Errors of Google's APIs."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.gemini_failure import decode_failure
from data_plane.llm.failure import FailureKind, ProviderFailure
from tests.fakes.damage import damages

RPC = "type.googleapis.com/google.rpc."
DELAY = {"@type": f"{RPC}RetryInfo", "retryDelay": "34.074s"}
PER_MINUTE = {"@type": f"{RPC}QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}
PER_DAY = {"@type": f"{RPC}QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}
BAD_KEY = {"@type": f"{RPC}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
TOO_LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."


def body(code: int, status: str, message: str = "M", *details: Any) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


KINDS = {
    "bad request": (400, "INVALID_ARGUMENT", "M", (), FailureKind.INVALID_REQUEST),
    "too long": (400, "INVALID_ARGUMENT", TOO_LONG, (), FailureKind.CONTEXT_LENGTH),
    "a wrong key": (400, "INVALID_ARGUMENT", "API key not valid.", (BAD_KEY,), FailureKind.AUTHENTICATION),
    "not from here": (400, "FAILED_PRECONDITION", "M", (), FailureKind.PERMISSION),
    "no key": (401, "UNAUTHENTICATED", "M", (), FailureKind.AUTHENTICATION),
    "not allowed": (403, "PERMISSION_DENIED", "M", (), FailureKind.PERMISSION),
    "no model": (404, "NOT_FOUND", "M", (), FailureKind.NOT_FOUND),
    "too often": (429, "RESOURCE_EXHAUSTED", "M", (PER_MINUTE, DELAY), FailureKind.RATE_LIMIT),
    "too often today": (429, "RESOURCE_EXHAUSTED", "M", (PER_DAY, DELAY), FailureKind.QUOTA),
    "broken": (500, "INTERNAL", "M", (), FailureKind.SERVER),
    "full": (503, "UNAVAILABLE", "M", (), FailureKind.OVERLOADED),
    "late": (504, "DEADLINE_EXCEEDED", "M", (), FailureKind.TIMEOUT),
    "a word nobody knows": (503, "BUSY", "M", (), FailureKind.OVERLOADED),
}


@mark.parametrize(("status", "word", "message", "details", "kind"), KINDS.values(), ids=KINDS)
def test_an_error_is_understood(status: int, word: str, message: str, details: Any, kind: FailureKind) -> None:
    failure = decode_failure(status, {}, body(status, word, message, *details))

    assert failure == ProviderFailure(status, kind, message, word, 34.074 if DELAY in details else None)


def test_an_error_of_what_was_to_be_a_stream_is_in_an_array() -> None:
    failure = decode_failure(429, {}, b"[" + body(429, "RESOURCE_EXHAUSTED", "M", DELAY) + b"\n]")

    assert (failure.kind, failure.retry_after_seconds) == (FailureKind.RATE_LIMIT, 34.074)


def test_the_header_says_first_when_to_try_again() -> None:
    failure = decode_failure(429, {b"retry-after": b"7"}, body(429, "RESOURCE_EXHAUSTED", "M", DELAY))

    assert failure.retry_after_seconds == 7


@mark.parametrize("delay", ["", "1", "-1s", "1h", "1e3s", "9" * 40 + "s"])
def test_a_delay_that_is_none_says_nothing(delay: str) -> None:
    info = {"@type": f"{RPC}RetryInfo", "retryDelay": delay}

    assert decode_failure(429, {}, body(429, "RESOURCE_EXHAUSTED", "M", info)).retry_after_seconds is None


@mark.parametrize("text", [b"", b"<html>Bad Gateway</html>", b'{"error":"invalid_grant"}', b"[]", b"[1]", b"\xff"])
def test_anything_else_is_an_error_by_its_status(text: bytes) -> None:
    failure = decode_failure(503, {}, text)

    assert (failure.kind, failure.message) == (FailureKind.OVERLOADED, text.decode(errors="replace"))


def test_damage_is_an_error_all_the_same() -> None:
    for damaged in damages(body(429, "RESOURCE_EXHAUSTED", "M", DELAY, PER_DAY)):
        assert decode_failure(429, {}, damaged).status == 429
