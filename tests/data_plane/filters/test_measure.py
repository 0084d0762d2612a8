"""What is measured of a request."""

from data_plane.errors import Unauthenticated
from data_plane.exchange import Attempt
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
    assert sum(deltas["isthmus_first_byte_seconds", "default/models", "gpt"].buckets or ()) == 1


def test_refusals_are_measured_too() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post(authorization=""))

    assert isinstance(answer.error, Unauthenticated)
    answer.complete()

    assert list(gateway.metrics.requests) == [("default/models", "openai", "chat", "", 401, "completed")]
