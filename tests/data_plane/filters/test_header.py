"""Headers set, added and removed on the way to the upstream and back."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import Response
from tests.fakes.gateway import Answer, Gateway, request, resource


def ask(changes: dict[str, Any], **headers: str) -> Answer:
    service = resource("Service", "shop", {"endpoints": [{"host": "h", "port": 80}]})
    spec = {"serviceRef": {"name": "shop"}, "authentication": {"methods": ["Anonymous"]}}
    policy = resource("HeaderPolicy", "headers", {"targetRefs": [{"kind": "Service", "name": "shop"}], **changes})
    return Gateway(dict([service, resource("Route", "shop", spec), policy])).ask(request("GET", "/", **headers))


FIELD = {"name": "x-a", "value": "ours"}


@mark.parametrize(
    "changes, given, sent, removed",
    [
        param({"set": [FIELD]}, "theirs", [(b"x-a", b"ours")], (), id="set replaces"),
        param({"add": [FIELD]}, "theirs", [(b"x-a", b"theirs, ours")], (), id="add stands beside"),
        param({"add": [FIELD]}, "", [(b"x-a", b"ours")], (), id="add stands alone"),
        param({"remove": ["x-a"]}, "theirs", [], (b"x-a",), id="remove takes away"),
    ],
)
def test_towards_the_upstream(
    changes: dict[str, Any], given: str, sent: list[tuple[bytes, bytes]], removed: tuple[bytes, ...]
) -> None:
    exchange = ask({"request": changes}, **{"x-a": given}).exchange

    assert (exchange.request_headers, exchange.removed_headers) == (sent, removed)


@mark.parametrize(
    "changes, values",
    [
        param({"set": [FIELD]}, [b"ours"], id="set replaces"),
        param({"add": [FIELD]}, [b"theirs", b"ours"], id="add stands beside"),
        param({"remove": ["x-a"]}, [], id="remove takes away"),
    ],
)
def test_towards_the_client(changes: dict[str, Any], values: list[bytes]) -> None:
    headers = ask({"response": changes}).respond(Response(200, [(b"x-a", b"theirs"), (b"x-b", b"1")])).headers

    assert [value for name, value in headers if name == b"x-a"] == values
    assert (b"x-b", b"1") in headers
