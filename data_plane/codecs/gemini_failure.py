"""Errors of Google's APIs. Source: cloud.google.com/apis/design/errors, ai.google.dev/gemini-api/docs/troubleshooting
(2026-11).
"""

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_failure import MAX_MESSAGE_CHARACTERS, kind_of
from data_plane.codecs.retry_after import MAX_SECONDS, retry_after
from data_plane.llm.failure import FailureKind, ProviderFailure

KINDS: Mapping[str, FailureKind] = {
    "INVALID_ARGUMENT": FailureKind.INVALID_REQUEST,
    "FAILED_PRECONDITION": FailureKind.PERMISSION,  # no billing, or not from this country
    "OUT_OF_RANGE": FailureKind.INVALID_REQUEST,
    "UNIMPLEMENTED": FailureKind.INVALID_REQUEST,
    "UNAUTHENTICATED": FailureKind.AUTHENTICATION,
    "PERMISSION_DENIED": FailureKind.PERMISSION,
    "NOT_FOUND": FailureKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMIT,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    "CANCELLED": FailureKind.TIMEOUT,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "INTERNAL": FailureKind.SERVER,
    "UNKNOWN": FailureKind.SERVER,
    "DATA_LOSS": FailureKind.SERVER,
    "ABORTED": FailureKind.SERVER,
}
STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
WORDS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
RETRY_INFO, ERROR_INFO, QUOTA_FAILURE = "google.rpc.RetryInfo", "google.rpc.ErrorInfo", "google.rpc.QuotaFailure"
BAD_KEY = "API_KEY_INVALID"  # with status 400
CONTEXT_PHRASES = ("exceeds the maximum number of tokens", "input token count", "input context is too long")
DELAY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")

_array = msgspec.json.Decoder(list[Raw]).decode


def decode_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What an error says. Anything that is no error of this API is one by its status alone."""
    try:
        found = failure_of(status, body)
    except Unreadable:
        text = body[:MAX_MESSAGE_CHARACTERS].decode(errors="replace").strip()
        found = ProviderFailure(status, kind_of(status), text)
    delay = retry_after(headers)
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    return ProviderFailure(
        status, found.kind, found.message, found.code, found.retry_after_seconds if delay is None else delay, request_id
    )


def failure_of(status: int, body: bytes) -> ProviderFailure:
    """Of a body with `error`; one that was to be a stream has it in an array. `status` 0: the body says it.

    Raises:
        Unreadable: it is no such thing.
    """
    error = JsonReader.of(_first(body)).required_object("error")
    word, message, code = error.text("status"), error.text("message"), error.integer("code") or 0
    status = status or (code if 400 <= code <= 599 else STATUSES.get(word, 500))
    kind = KINDS.get(word) or kind_of(status)
    delay: float | None = None
    for name, detail in _details(error):
        if name == RETRY_INFO:
            delay = _delay(detail)
        elif name == ERROR_INFO and detail.text("reason") == BAD_KEY:
            kind = FailureKind.AUTHENTICATION
        elif name == QUOTA_FAILURE and kind is FailureKind.RATE_LIMIT and _is_spent(detail):
            kind = FailureKind.QUOTA
    if kind is FailureKind.INVALID_REQUEST and any(phrase in message.lower() for phrase in CONTEXT_PHRASES):
        kind = FailureKind.CONTEXT_LENGTH
    return ProviderFailure(status, kind, message[:MAX_MESSAGE_CHARACTERS], word, delay)


def _first(body: bytes) -> bytes:
    text = body.lstrip()
    if text[:1] != b"[":
        return text
    try:
        return bytes(_array(text)[0])
    except (*UNREADABLE, IndexError):
        raise Unreadable("the body is no error") from None


def _details(error: JsonReader) -> Iterator[tuple[str, JsonReader]]:
    """By the names of their messages."""
    for detail in error.objects("details"):
        yield detail.text("@type").rpartition("/")[2], detail


def _delay(detail: JsonReader) -> float | None:
    found = DELAY.fullmatch(detail.text("retryDelay"))
    return min(float(found[1]), MAX_SECONDS) if found is not None else None


def _is_spent(detail: JsonReader) -> bool:
    """A quota for a day does not come back soon."""
    return any("PerDay" in violation.text("quotaId") for violation in detail.objects("violations"))
