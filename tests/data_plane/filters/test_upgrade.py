"""Who may open a tunnel, and how many at a time."""

import pytest

from data_plane.errors import BadRequest, Forbidden, GatewayError, Overloaded
from data_plane.exchange import COMPLETED, Exchange, Request, Timeouts, UpgradeTerms
from data_plane.filters.upgrade import UpgradeFilter, UpgradeRule
from data_plane.origins import Origins

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {b"host": b"a", b"sec-websocket-version": b"13", b"sec-websocket-key": KEY}
PAGE = "https://console.example"


def asking(protocol: bytes = b"websocket", **changed: bytes) -> Exchange:
    headers = HANDSHAKE | {name.replace("_", "-").encode(): value for name, value in changed.items()}
    request = Request(b"GET", b"/x", b"", headers, upgrade=protocol)
    return Exchange(request, "t/r", "rest", "", b"/x", "id", 0.0, 1, Timeouts())


def filter_of(open_tunnels: dict[str, int], *origins: str) -> UpgradeFilter:
    rules = {
        name: UpgradeRule(UpgradeTerms(name, 10, 100, 1000), Origins(origins), 2) for name in (b"websocket", b"custom")
    }
    return UpgradeFilter("t/r", rules, open_tunnels)


@pytest.mark.parametrize("protocol", [b"websocket", b"custom"])
def test_a_protocol_of_the_route_is_offered_to_the_upstream(protocol: bytes) -> None:
    exchange = asking(protocol)
    filter_of({}).on_request(exchange)
    assert exchange.upgrade is not None
    assert exchange.upgrade.protocol == protocol


@pytest.mark.parametrize("protocol", [b"", b"h2c", b"websocket, h2c"])
def test_with_another_the_request_goes_on_as_any(protocol: bytes) -> None:
    exchange, counts = asking(protocol, origin=b"https://evil.example"), dict[str, int]()
    filter_of(counts).on_request(exchange)
    assert exchange.upgrade is None
    assert counts == {}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"sec_websocket_version": b"8"}, BadRequest),
        ({"sec_websocket_key": b"short"}, BadRequest),
        ({"sec_websocket_key": KEY + b"\n"}, BadRequest),
        ({"origin": b"https://evil.example"}, Forbidden),
        ({"origin": b"null"}, Forbidden),
        ({"origin": b""}, Forbidden),
    ],
    ids=str,
)
def test_a_handshake_that_is_wrong_is_refused(changed: dict[str, bytes], error: type[GatewayError]) -> None:
    counts: dict[str, int] = {}
    with pytest.raises(error):
        filter_of(counts, PAGE).on_request(asking(**changed))
    assert counts == {}


def test_pages_of_the_route_may_and_so_may_what_is_no_page() -> None:
    for exchange in (asking(origin=PAGE.encode()), asking()):
        filter_of({}, PAGE).on_request(exchange)
        assert exchange.upgrade is not None


def test_there_are_so_many_at_a_time_over_all_revisions() -> None:
    counts: dict[str, int] = {}
    before, after = filter_of(counts), filter_of(counts)
    first, second, third = asking(), asking(), asking()
    before.on_request(first)
    after.on_request(second)
    with pytest.raises(Overloaded):
        after.on_request(third)
    after.on_complete(third, COMPLETED)
    before.on_complete(first, COMPLETED)
    assert counts == {"t/r": 1}
    after.on_request(third)
    for exchange in (second, third):
        after.on_complete(exchange, COMPLETED)
    assert counts == {}
