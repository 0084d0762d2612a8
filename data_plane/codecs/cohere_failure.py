"""Errors of Cohere's APIs: a status, and a message. Source: docs.cohere.com/reference/errors (2026-11)."""

from collections.abc import Mapping

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.openai_failure import MAX_MESSAGE_CHARACTERS, kind_of
from data_plane.codecs.retry_after import retry_after
from data_plane.llm.failure import FailureKind, ProviderFailure

KINDS: Mapping[int, FailureKind] = {
    498: FailureKind.AUTHENTICATION,  # the token is blocked
    499: FailureKind.TIMEOUT,
}
CONTEXT_PHRASES = ("too many tokens", "maximum context", "context length")
REQUEST_ID = b"x-debug-trace-id"


def decode_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What an error says. Anything that is no error of this API is one by its status alone."""
    try:
        reader = JsonReader.of(body)
        message = reader.text("message") or reader.text("data")
    except Unreadable:
        message = body[:MAX_MESSAGE_CHARACTERS].decode(errors="replace").strip()
    request_id = headers.get(REQUEST_ID, b"").decode("latin-1")
    message = message[:MAX_MESSAGE_CHARACTERS]
    return ProviderFailure(status, kind(status, message), message, "", retry_after(headers), request_id)


def kind(status: int, message: str) -> FailureKind:
    """There are no codes: what matters is in the words."""
    if status in (400, 413, 422) and any(phrase in message.lower() for phrase in CONTEXT_PHRASES):
        return FailureKind.CONTEXT_LENGTH
    return KINDS.get(status) or kind_of(status)
