"""Where clients are sent to."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response
from tests.fakes.gateway import Answer, Gateway, request, resource

KEYLESS = {"methods": ["Anonymous"]}


def redirect(to: dict[str, Any], path: str = "/old", kind: str = "Prefix", **spec: Any) -> Gateway:
    spec = {"authentication": KEYLESS, "matches": [{"path": {"type": kind, "value": path}}], **spec}
    return Gateway(dict([resource("Route", "moved", {"redirect": to, **spec})]))


def sent_to(answer: Answer) -> str:
    assert answer.response is not None, answer.error
    return dict(answer.response.headers)[b"location"].decode()


@mark.parametrize(
    "to, path, location",
    [
        param({"scheme": "https"}, "/old/a?b=1", "https://shop.example/old/a?b=1", id="another scheme, its usual port"),
        param({"scheme": "https", "port": 8443}, "/old", "https://shop.example:8443/old", id="and port"),
        param({"scheme": "https", "port": 443}, "/old", "https://shop.example/old", id="the usual port goes unsaid"),
        param(
            {"hostname": "new.example"}, "/old", "//new.example:81/old", id="another host, the client's scheme and port"
        ),
        param({"hostname": "new.example", "port": 82}, "/old", "//new.example:82/old", id="another host and port"),
        param({"port": 82}, "/old", "//shop.example:82/old", id="another port"),
        param({"scheme": "https", "query": "Drop"}, "/old?b=1", "https://shop.example/old", id="without the query"),
        param({"path": {"type": "ReplaceFull", "value": "/new"}}, "/old/a?b=1", "/new?b=1", id="one path for all"),
        param({"path": {"type": "ReplacePrefix", "value": "/new"}}, "/old/a/", "/new/a/", id="another prefix"),
        param({"path": {"type": "ReplacePrefix", "value": "/"}}, "/old", "/", id="no prefix, nothing below"),
        param({"path": {"type": "ReplacePrefix", "value": "/"}}, "/old/evil.example", "/evil.example", id="no prefix"),
        param({"path": {"type": "ReplacePrefix", "value": "/"}}, "/old/%C3%A9%20b", "/%C3%A9%20b", id="escapes stay"),
    ],
)
def test_the_location(to: dict[str, Any], path: str, location: str) -> None:
    answer = redirect(to).ask(request("GET", path, host="shop.example:81"))

    assert sent_to(answer) == location
    assert answer.response is not None
    assert (answer.response.status, answer.response.body) == (302, b"")


@mark.parametrize("host", ["[::1]:80", "[::1]"])
def test_an_ipv6_host_keeps_its_brackets(host: str) -> None:
    assert sent_to(redirect({"scheme": "https"}).ask(request("GET", "/old", host=host))) == "https://[::1]/old"


def test_who_names_no_host_cannot_be_sent_to_it() -> None:
    assert redirect({"scheme": "https"}).ask(request("GET", "/old", host="")).code == "bad_request"


def test_segments_of_a_template_are_filled_in() -> None:
    served = redirect({"path": {"type": "Template", "value": "/people/{id}"}}, "/users/{id}/profile", "Template")

    assert sent_to(served.ask(request("GET", "/users/a%20b/profile"))) == "/people/a%20b"


@mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_status_is_the_route_s(status: int) -> None:
    answer = redirect({"scheme": "https", "statusCode": status}).ask(request("POST", "/old"))

    assert answer.response is not None
    assert answer.response.status == status


def test_each_match_has_its_own_prefix() -> None:
    matches = [{"path": {"value": "/old/deep"}, "methods": ["POST"]}, {"path": {"value": "/old"}}]
    served = redirect({"path": {"type": "ReplacePrefix", "value": "/new"}}, matches=matches)

    assert sent_to(served.ask(request("GET", "/old/deep/a"))) == "/new/deep/a"
    assert sent_to(served.ask(request("POST", "/old/deep/a"))) == "/new/a"


def test_a_redirect_is_refused_and_recorded_like_any_request() -> None:
    served = redirect({"scheme": "https"}, authentication={"methods": ["ApiKey"]})
    answer = served.ask(request("GET", "/old", authorization=""))
    answer.complete()

    assert answer.code == "unauthenticated"
    assert [(record.route, record.status) for record in served.sink.records] == [("default/moved", 401)]


def test_policies_apply_to_a_redirect() -> None:
    policy = resource(
        "HeaderPolicy",
        "cached",
        {"targetRefs": [{"kind": "Route", "name": "moved"}], "response": {"set": [{"name": "x-a", "value": "1"}]}},
    )
    served = redirect({"scheme": "https"})
    served.apply(dict([policy]))
    answer = served.ask(request("GET", "/old"))

    assert answer.response is not None
    headers = answer.respond(Response(302, answer.response.headers)).headers
    assert (b"x-a", b"1") in headers
