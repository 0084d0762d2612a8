"""What a Service gets instead of what the client has sent."""

from typing import Any

from pytest import mark, param

from tests.fakes.gateway import Answer, Gateway, request, resource

SERVICE = resource("Service", "shop", {"endpoints": [{"host": "h", "port": 80}], "basePath": "/base"})


def ask(rewrite: dict[str, Any], target: str, path: str = "/shop", kind: str = "Prefix", **spec: Any) -> Answer:
    spec = {
        "serviceRef": {"name": "shop"},
        "authentication": {"methods": ["Anonymous"]},
        "matches": [{"path": {"type": kind, "value": path}}],
        "rewrite": rewrite,
        **spec,
    }
    answer = Gateway(dict([SERVICE, resource("Route", "shop", spec)])).ask(request("GET", target))
    assert answer.error is None
    return answer


@mark.parametrize(
    "value, target, path",
    [
        param("/new", "/shop/a/b", "/new/a/b", id="another prefix"),
        param("/new", "/shop", "/new", id="nothing below"),
        param("/new", "/shop/", "/new/", id="a folder stays one"),
        param("/new/", "/shop/a", "/new/a", id="no slash twice"),
        param("/", "/shop/a", "/a", id="no prefix"),
        param("/", "/shop", "/", id="no prefix, nothing below"),
        param("/new", "/shop/a%20b/%C3%A9", "/new/a%20b/%C3%A9", id="escapes stay as they are"),
    ],
)
def test_a_prefix_is_replaced(value: str, target: str, path: str) -> None:
    exchange = ask({"path": {"type": "ReplacePrefix", "value": value}}, target).exchange

    assert exchange.api_path == path.encode()
    assert exchange.request.path == target.encode()  # what was matched is what is recorded


def test_the_whole_path_is_replaced() -> None:
    assert ask({"path": {"type": "ReplaceFull", "value": "/new"}}, "/shop/a").exchange.api_path == b"/new"


@mark.parametrize(
    "value, path",
    [
        ("/b/{b}/a/{a}", b"/b/2%20/a/1"),
        ("/{a}/{a}/", b"/1/1/"),
        ("/users", b"/users"),
    ],
)
def test_a_template_is_filled_in(value: str, path: bytes) -> None:
    rewrite = {"path": {"type": "Template", "value": value}}

    assert ask(rewrite, "/users/1/orders/2%20", "/users/{a}/orders/{b}", "Template").exchange.api_path == path


def test_each_match_fills_in_its_own_segments() -> None:
    matches = [{"path": {"type": "Template", "value": value}} for value in ("/a/{id}", "/b/x/{id}")]
    rewrite = {"path": {"type": "Template", "value": "/of/{id}"}}

    assert ask(rewrite, "/a/1", matches=matches).exchange.api_path == b"/of/1"
    assert ask(rewrite, "/b/x/2", matches=matches).exchange.api_path == b"/of/2"


@mark.parametrize(
    "query, given, expected",
    [
        ({"set": [{"name": "a", "value": "1 2&é"[:4]}]}, "b=%41&a=x&a=y", b"b=%41&a=1+2%26"),
        ({"set": [{"name": "a", "value": "1"}]}, "%61=x", b"a=1"),
        ({"add": [{"name": "a", "value": "1"}]}, "a=x&flag", b"a=x&flag&a=1"),
        ({"add": [{"name": "a", "value": "1"}]}, "", b"a=1"),
        ({"remove": ["a"]}, "a=1&b=2&a&aa=3", b"b=2&aa=3"),
        ({"remove": ["a"]}, "a=1", b""),
        ({"remove": ["a"]}, "b=+%2b&&c", b"b=+%2b&&c"),
    ],
    ids=["set", "set another spelling", "add", "add the first", "remove", "remove the last", "the rest stays"],
)
def test_the_query_is_changed(query: dict[str, Any], given: str, expected: bytes) -> None:
    assert ask({"query": query}, f"/shop?{given}").exchange.request.query == expected


def test_the_service_is_told_another_host() -> None:
    target = ask({"hostname": "inner.example"}, "/shop").dispatcher.target

    assert target is not None
    assert (target.host, target.base_path) == (b"inner.example", b"/base")
