"""What is measured of a request."""

import pytest

from data_plane.errors import GatewayError, NotProgrammed, Unauthenticated, UpstreamUnreachable
from data_plane.exchange import COMPLETED, Attempt, Outcome
from tests.fakes.gateway import Gateway, basic, post


def test_requests_attempts_and_bytes_are_measured() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post())
    exchange = answer.exchange
    exchange.status, exchange.first_byte, exchange.ended = 200, 100.2, 101.0
    exchange.bytes_in, exchange.bytes_out = 10, 20
    exchange.attempts = [
        Attempt("openai/gpt", "h:443", 100.0, reason="connect_failed", ended=100.1),
        Attempt("openai/gpt", "h:443", 100.1, status=200),
    ]

    answer.complete()

    deltas = {(delta.name, *(value for _, value in delta.labels)): delta for delta in gateway.metrics.deltas()}
    requests = ("isthmus_requests_total", "default/models", "openai", "chat", "gpt", "200", "completed")
    assert deltas[requests].value == 1
    assert deltas["isthmus_received_bytes_total", "default/models"].value == 10
    assert deltas["isthmus_sent_bytes_total", "default/models"].value == 20
    assert deltas["isthmus_upstream_attempts_total", "openai/gpt", "0", "connect_failed"].value == 1
    assert deltas["isthmus_upstream_attempts_total", "openai/gpt", "200", ""].value == 1
    assert deltas["isthmus_request_seconds", "default/models", "gpt"].value == 1.0
    assert deltas[("isthmus_dispatch_seconds",)].value == 0.0
    assert not any(name == "isthmus_errors_total" for name, *_ in deltas)
    assert sum(deltas["isthmus_first_byte_seconds", "default/models", "gpt"].buckets or ()) == 1


def test_refusals_are_measured_too() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post(authorization=""))

    assert isinstance(answer.error, Unauthenticated)
    answer.complete()

    assert list(gateway.metrics.requests) == [("default/models", "openai", "chat", "", 401, "completed")]


@pytest.mark.parametrize(
    ("status", "error", "outcome", "attempts", "counted"),
    [
        (503, NotProgrammed("no"), COMPLETED, 0, ("503", "not_programmed", "gateway")),
        (502, UpstreamUnreachable("no"), Outcome.UPSTREAM_FAILED, 1, ("502", "upstream_unreachable", "upstream")),
        (200, UpstreamUnreachable("no"), Outcome.UPSTREAM_FAILED, 1, ("200", "upstream_unreachable", "upstream")),
        (529, None, COMPLETED, 1, ("529", "", "upstream")),
        (499, None, Outcome.CLIENT_GONE, 1, ("499", "client_closed_request", "client")),
        (404, None, COMPLETED, 0, None),
        (200, None, COMPLETED, 1, None),
    ],
    ids=["gateway", "upstream", "cut short", "passed on", "client gone", "configured answer", "fine"],
)
def test_what_went_wrong_is_counted_with_who_has_to_act(
    status: int, error: GatewayError | None, outcome: Outcome, attempts: int, counted: tuple[str, ...] | None
) -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post())
    answer.exchange.status, answer.exchange.error = status, error
    answer.exchange.attempts = [Attempt("openai/gpt", "h:443", 100.0, status=status, ended=100.1)] * attempts

    answer.complete(outcome)

    errors = [
        tuple(value for _, value in delta.labels)
        for delta in gateway.metrics.deltas()
        if delta.name == "isthmus_errors_total"
    ]
    assert errors == ([] if counted is None else [("default/models", *counted)])
