"""Errors of OpenAI's APIs, and of the many servers that word them alike.

Source: platform.openai.com/docs/guides/error-codes (2026-11).
"""

from collections.abc import Mapping

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.retry_after import retry_after
from data_plane.llm.failure import FailureKind, ProviderFailure

MAX_MESSAGE_CHARACTERS = 4096
KINDS: Mapping[int, FailureKind] = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.QUOTA,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.INVALID_REQUEST,
    429: FailureKind.RATE_LIMIT,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
CODES: Mapping[str, FailureKind] = {
    "context_length_exceeded": FailureKind.CONTEXT_LENGTH,
    "content_filter": FailureKind.CONTENT_FILTER,
    "content_policy_violation": FailureKind.CONTENT_FILTER,
    "insufficient_quota": FailureKind.QUOTA,
    "model_not_found": FailureKind.NOT_FOUND,
    "rate_limit_exceeded": FailureKind.RATE_LIMIT,
}
# vLLM and others say it in words only.
CONTEXT_PHRASES = ("maximum context length", "context length exceeded", "context window")


def decode_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What an error says. Anything that is no error of this API is one by its status alone."""
    try:
        found = failure_of(status, JsonReader.of(body))
    except Unreadable:
        text = body[:MAX_MESSAGE_CHARACTERS].decode(errors="replace").strip()
        found = ProviderFailure(status, kind_of(status), text)
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    return ProviderFailure(status, found.kind, found.message, found.code, retry_after(headers), request_id)


def failure_of(status: int, reader: JsonReader) -> ProviderFailure:
    """Of a body with `error`: an object, or a text alone; of FastAPI's servers `detail` or `message`.

    Raises:
        Unreadable: it has none of these.
    """
    raw = reader.raw("error")
    if raw is not None and bytes(raw)[:1] == b"{":
        inner = JsonReader.of(raw, "error")
        code_raw = inner.raw("code")
        code = bytes(code_raw).decode(errors="replace").strip('"') if code_raw is not None else ""
        message, kind = inner.text("message"), inner.text("type")
        return ProviderFailure(
            status, kind_of_words(status, code, message), message[:MAX_MESSAGE_CHARACTERS], code or kind
        )
    if raw is not None:
        message = JsonReader({"error": raw}).text("error")
    else:
        message = reader.required_text("message" if reader.has("message") else "detail")
    return ProviderFailure(status, kind_of_words(status, "", message), message[:MAX_MESSAGE_CHARACTERS])


def kind_of(status: int) -> FailureKind:
    """By the status alone."""
    return KINDS.get(status) or (FailureKind.SERVER if status >= 500 else FailureKind.INVALID_REQUEST)


def kind_of_words(status: int, code: str, message: str) -> FailureKind:
    """By the code, if it is a known one, else by status and message."""
    by_code = CODES.get(code)
    if by_code is not None:
        return by_code
    if status in (400, 413, 422) and any(phrase in message.lower() for phrase in CONTEXT_PHRASES):
        return FailureKind.CONTEXT_LENGTH
    return kind_of(status)
