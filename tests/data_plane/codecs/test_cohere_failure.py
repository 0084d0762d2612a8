"""Errors of Cohere, which have a status and words."""

from pytest import mark, param

from data_plane.codecs.cohere_failure import decode_failure
from data_plane.llm.failure import FailureKind, ProviderFailure


@mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        param(400, b'{"message":"invalid request"}', FailureKind.INVALID_REQUEST, "invalid request", id="request"),
        param(400, b'{"message":"too many tokens: 9"}', FailureKind.CONTEXT_LENGTH, "too many tokens: 9", id="length"),
        param(401, b'{"message":"invalid api token"}', FailureKind.AUTHENTICATION, "invalid api token", id="key"),
        param(404, b'{"message":"model x not found"}', FailureKind.NOT_FOUND, "model x not found", id="model"),
        param(429, b'{"message":"slow down"}', FailureKind.RATE_LIMIT, "slow down", id="rate"),
        param(498, b'{"message":"blocked"}', FailureKind.AUTHENTICATION, "blocked", id="blocked"),
        param(503, b"<html>", FailureKind.OVERLOADED, "<html>", id="no JSON"),
        param(500, b"{}", FailureKind.SERVER, "", id="no words"),
        param(500, b'{"message":7}', FailureKind.SERVER, '{"message":7}', id="no text"),
    ],
)
def test_an_error_is_known_by_its_status_and_words(status: int, body: bytes, kind: FailureKind, message: str) -> None:
    failure = decode_failure(status, {b"retry-after": b"3", b"x-debug-trace-id": b"t-1"}, body)

    assert failure == ProviderFailure(status, kind, message, "", 3.0, "t-1")
