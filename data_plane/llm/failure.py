"""An error that a provider has answered with, in no provider's words."""

from enum import Enum

from msgspec import Struct


class FailureKind(Enum):
    """What went wrong; each API has its own word for it, or for its neighbour."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    SERVER = "server"


class ProviderFailure(Struct, frozen=True):
    """`message` and `code` are the provider's. `retry_after_seconds`: None where it does not say."""

    status: int
    kind: FailureKind
    message: str
    code: str = ""
    retry_after_seconds: float | None = None
    request_id: str = ""
