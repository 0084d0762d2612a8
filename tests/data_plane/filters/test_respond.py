"""Answers that are always the same."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response
from tests.fakes.gateway import Gateway, request, resource


def respond(answer: dict[str, Any]) -> Gateway:
    spec = {"respond": answer, "authentication": {"methods": ["Anonymous"]}, "matches": [{"path": {"value": "/fixed"}}]}
    return Gateway(dict([resource("Route", "fixed", spec)]))


@mark.parametrize(
    "answer, expected",
    [
        param({}, Response(200, [], 0, b""), id="nothing"),
        param(
            {"body": "é", "headers": [{"name": "cache-control", "value": "no-store"}]},
            Response(
                200,
                [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")],
                2,
                "é".encode(),
            ),
            id="text with a header",
        ),
        param(
            {"status": 503, "body": "{}", "contentType": "application/json"},
            Response(503, [(b"content-type", b"application/json")], 2, b"{}"),
            id="JSON with a status",
        ),
        param({"status": 204}, Response(204, [], 0, b""), id="no content"),
    ],
)
def test_the_answer_is_the_route_s(answer: dict[str, Any], expected: Response) -> None:
    given = respond(answer).ask(request("GET", "/fixed/a")).response

    assert given is not None
    assert (given.status, given.headers, given.length, given.body) == (
        expected.status,
        expected.headers,
        expected.length,
        expected.body,
    )


def test_what_a_hook_changes_of_one_answer_leaves_the_next_alone() -> None:
    served = respond({"body": "a"})
    first = served.ask(request("GET", "/fixed")).response
    assert first is not None
    first.headers.append((b"x-a", b"1"))

    second = served.ask(request("GET", "/fixed")).response

    assert second is not None
    assert second.headers == [(b"content-type", b"text/plain; charset=utf-8")]
