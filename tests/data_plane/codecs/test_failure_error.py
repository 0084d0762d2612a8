"""What a client is told of a provider's error."""

from pytest import mark

from data_plane.codecs.failure_error import ERRORS, MAX_RETRY_SECONDS, error_of
from data_plane.errors import CATALOGUE
from data_plane.llm.failure import FailureKind, ProviderFailure

ACCOUNT = (FailureKind.AUTHENTICATION, FailureKind.PERMISSION, FailureKind.QUOTA)


@mark.parametrize("kind", list(FailureKind))
def test_each_kind_has_an_error_of_the_catalogue(kind: FailureKind) -> None:
    assert ERRORS[kind] in CATALOGUE


@mark.parametrize("kind", ACCOUNT)
def test_nothing_is_told_of_the_gateways_account(kind: FailureKind) -> None:
    error = error_of(ProviderFailure(401, kind, "key sk-ours of org acme is over its limit"))

    assert error.status == 502 and "sk-ours" not in error.message and "acme" not in error.message


@mark.parametrize("said, told", [(None, None), (0.2, 1), (7.0, 7), (-3.0, 0), (1e9, MAX_RETRY_SECONDS)], ids=str)
def test_seconds_are_rounded_up_and_bounded(said: float | None, told: int | None) -> None:
    error = error_of(ProviderFailure(429, FailureKind.RATE_LIMIT, "slow down", retry_after_seconds=said))

    assert (error.code, error.retry_after_seconds) == ("provider_rate_limited", told)


def test_an_error_without_a_reason_says_so() -> None:
    assert error_of(ProviderFailure(500, FailureKind.SERVER, "")).message
