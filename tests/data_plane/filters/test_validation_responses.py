"""Responses are held to their contracts."""

import gzip
import json
import logging

from pytest import LogCaptureFixture, mark, raises

from data_plane.errors import InvalidUpstreamResponse, NotFound
from data_plane.exchange import Outcome, Response
from tests.fakes.contracts import JSON, Held, answer, exchange

NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FIT = [{"id": 1, "name": "rex"}]
UNFIT: list[tuple[str, Response]] = [
    ("/v1/pets", answer([{"name": "rex"}])),
    ("/v1/pets", answer([{"id": 1, "name": "REX"}])),
    ("/v1/pets", answer(b"[")),
    ("/v1/pets", answer(b"")),
    ("/v1/pets", answer(b'[{"id":1,"name":"a","name":"b"}]')),
    ("/v1/pets", answer(FIT, 200, (b"Content-Type", b"text/html"))),
    ("/v1/pets", answer(FIT, 418)),
    ("/v1/pets/7", answer([])),
    ("/v1/pets", answer(gzip.compress(b"[1]"), 200, JSON, (b"content-encoding", b"gzip"))),
    ("/v1/pets", answer(b"no gzip", 200, JSON, (b"content-encoding", b"gzip"))),
    ("/v1/pets", answer(b"?", 200, JSON, (b"content-encoding", b"br"))),
    ("/v1/pets", answer(b'"' + b"x" * (1 << 20) + b'"')),
]
FITTING: list[tuple[str, str, Response]] = [
    ("GET", "/v1/pets", answer(FIT)),
    ("GET", "/v1/pets", answer(gzip.compress(json.dumps(FIT).encode()), 200, JSON, (b"content-encoding", b"gzip"))),
    ("GET", "/v1/pets/7", answer(b"<pet/>", 200, (b"content-type", b"text/xml"))),
    ("GET", "/v1/pets/mine", answer({"whatever": 1}, 500)),
    ("DELETE", "/v1/pets/7", answer(b"", 204)),
]


@mark.parametrize(("method", "path", "response"), FITTING)
@mark.parametrize("direction", ["Enforce", "Shadow"])
def test_a_response_that_fits_goes_out_as_it_came(direction: str, method: str, path: str, response: Response) -> None:
    held = Held(openapi={}, responses=direction)
    sent = exchange(method, path)
    held.request(sent)

    assert held.respond(sent, response) == response.body
    assert held.counts[("response", "valid")] == 1 and (b"accept-encoding", b"identity") in sent.request_headers


@mark.parametrize(("path", "response"), UNFIT)
def test_a_response_that_does_not_fit_is_refused_without_details(path: str, response: Response) -> None:
    held = Held(openapi={}, responses="Enforce")
    sent = exchange("GET", path)
    held.request(sent)

    with raises(InvalidUpstreamResponse) as caught:
        held.respond(sent, response)

    assert caught.value.message == "the upstream's response does not fit its schema"
    assert (
        sum(
            count for (direction, result), count in held.counts.items() if direction == "response" and result != "valid"
        )
        == 1
    )


@mark.parametrize(("path", "response"), UNFIT)
def test_in_shadow_it_is_counted_and_goes_out(path: str, response: Response, caplog: LogCaptureFixture) -> None:
    held = Held(openapi={}, responses="Shadow")
    sent = exchange("GET", path)
    held.request(sent)

    with caplog.at_level(logging.WARNING):
        assert held.respond(sent, response) == response.body

    assert ("response", "valid") not in held.counts and sum(held.counts.values()) == 2
    assert "response does not fit policy=default/pets" in caplog.text and "REX" not in caplog.text


def test_a_response_beyond_the_bounds_passes_if_the_policy_fails_open() -> None:
    held = Held(openapi={}, responses="Enforce", failure_mode="FailOpen")
    sent = exchange("GET", "/v1/pets")
    held.request(sent)

    assert len(held.respond(sent, answer(b'"' + b"x" * (1 << 20) + b'"'))) > 1 << 20
    assert held.counts[("response", "skipped")] == 1


@mark.parametrize("status, judged", [(200, True), (299, True), (404, False)])
def test_a_schema_alone_holds_for_every_good_json_response(status: int, judged: bool) -> None:
    held = Held(response_schema=NAME, responses="Enforce")
    sent = exchange("GET", "/")
    held.request(sent)
    if judged:
        with raises(InvalidUpstreamResponse):
            held.respond(sent, answer({}, status))
    else:
        assert held.respond(sent, answer({}, status)) == b"{}"


def test_an_answer_of_the_gateway_is_not_judged() -> None:
    held = Held(openapi={}, responses="Enforce")
    sent = exchange("GET", "/v1/pets")
    held.request(sent)
    sent.error = NotFound("gone")

    assert held.respond(sent, answer(b"?", 404)) == b"?"
    assert held.counts == {("request", "valid"): 1}


def test_a_response_that_breaks_off_is_not_judged() -> None:
    held = Held(openapi={}, responses="Shadow")
    sent = exchange("GET", "/v1/pets")
    held.request(sent)
    held.filter.on_response(sent, answer(b"["))
    held.filter.on_complete(sent, Outcome.CLIENT_GONE)

    assert held.counts == {("request", "valid"): 1}
