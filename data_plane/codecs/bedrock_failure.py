"""Errors of Bedrock's runtime. Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, and
"Common errors" of AWS's APIs (2026-11).
"""

from collections.abc import Mapping

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.openai_failure import MAX_MESSAGE_CHARACTERS, kind_of
from data_plane.codecs.retry_after import retry_after
from data_plane.llm.failure import FailureKind, ProviderFailure

KINDS: Mapping[str, FailureKind] = {
    "AccessDeniedException": FailureKind.PERMISSION,
    "ExpiredTokenException": FailureKind.AUTHENTICATION,
    "IncompleteSignatureException": FailureKind.AUTHENTICATION,
    "InternalServerException": FailureKind.SERVER,
    "InvalidSignatureException": FailureKind.AUTHENTICATION,
    "MissingAuthenticationTokenException": FailureKind.AUTHENTICATION,
    "ModelErrorException": FailureKind.SERVER,
    "ModelNotReadyException": FailureKind.OVERLOADED,
    "ModelStreamErrorException": FailureKind.SERVER,
    "ModelTimeoutException": FailureKind.TIMEOUT,
    "ResourceNotFoundException": FailureKind.NOT_FOUND,
    "ServiceQuotaExceededException": FailureKind.QUOTA,
    "ServiceUnavailableException": FailureKind.OVERLOADED,
    "ThrottlingException": FailureKind.RATE_LIMIT,
    "UnrecognizedClientException": FailureKind.AUTHENTICATION,
    "ValidationException": FailureKind.INVALID_REQUEST,
}
# As the status of an answer would say it, of an error that comes inside a stream. AWS has 424 and 408 for what is
# the model's fault, which other APIs say of the client only.
STATUSES: Mapping[FailureKind, int] = {
    FailureKind.AUTHENTICATION: 401,
    FailureKind.CONTEXT_LENGTH: 400,
    FailureKind.INVALID_REQUEST: 400,
    FailureKind.NOT_FOUND: 404,
    FailureKind.OVERLOADED: 503,
    FailureKind.PERMISSION: 403,
    FailureKind.QUOTA: 429,
    FailureKind.RATE_LIMIT: 429,
    FailureKind.SERVER: 500,
    FailureKind.TIMEOUT: 504,
}
# The API has no name of its own for it: each model says it in its own words.
CONTEXT_PHRASES = (
    "context length",
    "context limit",
    "context window",
    "input is too long",
    "input tokens exceeded",
    "prompt is too long",
    "too many input tokens",
)
SUFFIX = "Exception"
TYPE = b"x-amzn-errortype"
REQUEST_ID = b"x-amzn-requestid"


def decode_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What an error says: its name is in a header, in some cases in the body."""
    name, message = headers.get(TYPE, b"").decode("latin-1"), ""
    try:
        reader = JsonReader.of(body)
        name = name or reader.text("__type")
        message = read_message_of(reader)
    except Unreadable:
        message = body[:MAX_MESSAGE_CHARACTERS].decode(errors="replace").strip()
    name = bare_name(name)
    request_id = headers.get(REQUEST_ID, b"").decode("latin-1")
    return ProviderFailure(status, kind(status, name, message), message, name, retry_after(headers), request_id)


def read_message_of(reader: JsonReader) -> str:
    """AWS's gateways before the service write the field with a capital."""
    return (reader.text("message") or reader.text("Message"))[:MAX_MESSAGE_CHARACTERS]


def bare_name(name: str) -> str:
    """Without its namespace, and without the URL that some front ends put behind it."""
    return name.partition(":")[0].rpartition("#")[2].strip()


def kind(status: int, name: str, message: str) -> FailureKind:
    """By the name, in a stream in lower case at first; else by the status."""
    known = KINDS.get(f"{name[:1].upper()}{name[1:]}")
    if known is None:
        return kind_of(status)
    if known is FailureKind.INVALID_REQUEST and any(phrase in message.lower() for phrase in CONTEXT_PHRASES):
        return FailureKind.CONTEXT_LENGTH
    return known
