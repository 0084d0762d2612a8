"""Errors of OpenAI's API and of servers alike, read."""

import json
from typing import Any

from pytest import mark, param

from data_plane.codecs.table import CODECS
from data_plane.llm.failure import FailureKind

decode = CODECS["openai-chat"].decode_failure
TOO_LONG = "context_length_exceeded"


def error(message: str = "Why", kind: Any = "invalid_request_error", code: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


CASES = [
    param(400, error(), FailureKind.INVALID_REQUEST, "invalid_request_error", id="invalid"),
    param(401, error(code="invalid_api_key"), FailureKind.AUTHENTICATION, "invalid_api_key", id="key"),
    param(404, error(code="model_not_found"), FailureKind.NOT_FOUND, "model_not_found", id="model"),
    param(429, error(code="insufficient_quota"), FailureKind.QUOTA, "insufficient_quota", id="quota"),
    param(
        429, error(kind="tokens", code="rate_limit_exceeded"), FailureKind.RATE_LIMIT, "rate_limit_exceeded", id="rate"
    ),
    param(400, error(code=TOO_LONG), FailureKind.CONTEXT_LENGTH, TOO_LONG, id="context"),
    param(
        400,
        {"message": "This model's maximum context length is 4096 tokens", "type": "BadRequestError", "code": 400},
        FailureKind.CONTEXT_LENGTH,
        "",
        id="vLLM without an envelope",
    ),
    param(400, error("maximum context length is 9", code=400), FailureKind.CONTEXT_LENGTH, "400", id="vLLM"),
    param(400, error(code="content_filter"), FailureKind.CONTENT_FILTER, "content_filter", id="Azure's filter"),
    param(500, {"error": "out of memory"}, FailureKind.SERVER, "", id="Ollama"),
    param(422, {"detail": "no"}, FailureKind.INVALID_REQUEST, "", id="FastAPI"),
    param(503, error(kind="server_error"), FailureKind.OVERLOADED, "server_error", id="overloaded"),
    param(504, error(kind="timeout"), FailureKind.TIMEOUT, "timeout", id="timeout"),
]


@mark.parametrize(("status", "body", "kind", "code"), CASES)
def test_each_error_has_a_kind(status: int, body: Any, kind: FailureKind, code: str) -> None:
    failure = decode(status, {}, json.dumps(body).encode())

    assert (failure.status, failure.kind, failure.code) == (status, kind, code)
    assert failure.message


@mark.parametrize("body", [b"<html>", b"", b"[]", b"{}", b'{"error": []}', b'{"error": {"message": 1}}', b"\xff"])
def test_what_is_no_error_of_the_api_is_one_by_its_status(body: bytes) -> None:
    assert decode(429, {}, body).kind is FailureKind.RATE_LIMIT


def test_headers_tell_the_request_and_when_to_come_again() -> None:
    headers = {b"x-request-id": b"req_1", b"retry-after-ms": b"1500", b"retry-after": b"2"}
    failure = decode(429, headers, json.dumps(error()).encode())

    assert (failure.request_id, failure.retry_after_seconds) == ("req_1", 1.5)
