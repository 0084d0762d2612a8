"""The catalogue is complete, and agrees with its page."""

import re
from pathlib import Path

import pytest

from data_plane import error_page, errors
from data_plane.errors import CATALOGUE, GatewayError, InternalError, NotProgrammed, Overloaded, RateLimited

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_catalogue_holds_every_error_once() -> None:
    def below(parent: type[GatewayError]) -> set[type[GatewayError]]:
        return {parent, *(each for child in parent.__subclasses__() for each in below(child))}

    defined = {each for each in below(GatewayError) if each.__module__ == errors.__name__} - {GatewayError}
    assert set(CATALOGUE) == defined
    assert len({error.code for error in CATALOGUE}) == len(CATALOGUE) == len(defined)


@pytest.mark.parametrize("error", CATALOGUE, ids=lambda error: error.code)
def test_every_error_says_what_it_means_and_what_to_do(error: type[GatewayError]) -> None:
    assert re.fullmatch("[a-z_]+", error.code)
    assert 400 <= error.status <= 599
    for sentence in (error.meaning, error.remedy):
        assert sentence.endswith(".")
        assert "|" not in sentence and "\n" not in sentence
    own = vars(error)
    assert "code" in own and "meaning" in own and "remedy" in own


@pytest.mark.parametrize("error", CATALOGUE, ids=lambda error: error.code)
def test_a_refusal_that_cannot_succeed_is_none_that_clients_try_again(error: type[GatewayError]) -> None:
    if not error.is_retryable:
        assert error.status not in (408, 409, 429, 500, 503, 504)
    if error.origin == "client" and error.status < 500:
        assert error.is_retryable is (error.status in (408, 499))


def test_a_time_to_wait_is_what_was_given_or_what_the_error_knows() -> None:
    assert Overloaded("full").retry_after_seconds == 1
    assert NotProgrammed("no secret", retry_after_seconds=30).retry_after_seconds == 30
    assert NotProgrammed("no secret", retry_after_seconds=0).retry_after_seconds == 0
    assert RateLimited("slow down").retry_after_seconds is None


def test_an_internal_error_tells_nothing_of_its_cause() -> None:
    assert InternalError().message == str(InternalError()) == "the gateway failed; give the request id to its operator"


def test_the_page_is_what_the_catalogue_gives() -> None:
    assert PAGE.read_text() == error_page.page()
