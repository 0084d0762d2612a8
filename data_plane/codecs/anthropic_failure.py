"""Errors of Anthropic's API. Source: docs.anthropic.com/en/api/errors (2026-11)."""

from collections.abc import Mapping

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.openai_failure import MAX_MESSAGE_CHARACTERS, kind_of
from data_plane.codecs.retry_after import retry_after
from data_plane.llm.failure import FailureKind, ProviderFailure

KINDS: Mapping[str, FailureKind] = {
    "invalid_request_error": FailureKind.INVALID_REQUEST,
    "authentication_error": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.QUOTA,
    "permission_error": FailureKind.PERMISSION,
    "not_found_error": FailureKind.NOT_FOUND,
    "request_too_large": FailureKind.TOO_LARGE,
    "rate_limit_error": FailureKind.RATE_LIMIT,
    "api_error": FailureKind.SERVER,
    "timeout_error": FailureKind.TIMEOUT,
    "overloaded_error": FailureKind.OVERLOADED,
}
# As the status would have been, of an error that comes inside a stream.
STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
TYPES: Mapping[int, str] = {status: kind for kind, status in STATUSES.items()}
# The API has no type of its own for it.
CONTEXT_PHRASES = ("prompt is too long", "exceed context limit", "context window")
REQUEST_ID = b"request-id"


def decode_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What an error says. Anything that is no error of this API is one by its status alone."""
    request_id = headers.get(REQUEST_ID, b"").decode("latin-1")
    try:
        reader = JsonReader.of(body)
        word, message = read_error(reader)
        request_id = request_id or reader.text("request_id")
    except Unreadable:
        text = body[:MAX_MESSAGE_CHARACTERS].decode(errors="replace").strip()
        return ProviderFailure(status, kind_of(status), text, "", retry_after(headers), request_id)
    kind = KINDS.get(word) or kind_of(status)
    if kind is FailureKind.INVALID_REQUEST and any(phrase in message.lower() for phrase in CONTEXT_PHRASES):
        kind = FailureKind.CONTEXT_LENGTH
    return ProviderFailure(status, kind, message, word, retry_after(headers), request_id)


def read_error(reader: JsonReader) -> tuple[str, str]:
    """Type and message of a body, or an event, with `error`.

    Raises:
        Unreadable: it has none.
    """
    error = reader.required_object("error")
    return error.text("type"), error.text("message")[:MAX_MESSAGE_CHARACTERS]


def type_of(status: int) -> str:
    """The API's word for an error of this status."""
    return TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
