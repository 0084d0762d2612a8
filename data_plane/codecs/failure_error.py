"""What a client is told of an error that a provider has answered with, where the two speak different APIs."""

from collections.abc import Mapping
from math import ceil

from data_plane.errors import (
    BadGateway,
    ContentFiltered,
    ContextLengthExceeded,
    GatewayError,
    GatewayTimeout,
    ProviderAuthFailed,
    ProviderBodyTooLarge,
    ProviderModelUnknown,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRejected,
)
from data_plane.llm.failure import FailureKind, ProviderFailure

MAX_RETRY_SECONDS = 24 * 3600  # nobody waits longer because a provider says so
ERRORS: Mapping[FailureKind, type[GatewayError]] = {
    FailureKind.INVALID_REQUEST: ProviderRejected,
    FailureKind.CONTEXT_LENGTH: ContextLengthExceeded,
    FailureKind.CONTENT_FILTER: ContentFiltered,
    # The gateway's own account, which is no affair of the client's.
    FailureKind.AUTHENTICATION: ProviderAuthFailed,
    FailureKind.PERMISSION: ProviderAuthFailed,
    FailureKind.QUOTA: ProviderAuthFailed,
    FailureKind.NOT_FOUND: ProviderModelUnknown,
    FailureKind.TOO_LARGE: ProviderBodyTooLarge,
    FailureKind.RATE_LIMIT: ProviderRateLimited,
    FailureKind.TIMEOUT: GatewayTimeout,
    FailureKind.OVERLOADED: ProviderOverloaded,
    FailureKind.SERVER: BadGateway,
}
OWN_WORDS: Mapping[type[GatewayError], str] = {
    ProviderAuthFailed: "the provider refused the gateway's credential",
}


def error_of(failure: ProviderFailure) -> GatewayError:
    """The error, with the provider's message; it holds nothing of the provider's where its account is concerned."""
    kind = ERRORS[failure.kind]
    message = OWN_WORDS.get(kind) or failure.message or "the provider gives no reason"
    wait = failure.retry_after_seconds
    seconds = None if wait is None else min(max(ceil(wait), 0), MAX_RETRY_SECONDS)
    return kind(message, retry_after_seconds=seconds)
