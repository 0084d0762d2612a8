"""Whether a request is for the host of its TLS connection."""

import pytest

from data_plane.errors import MisdirectedRequest
from data_plane.exchange import Exchange, Peer, Request, Timeouts
from data_plane.filters.server_name import ServerNameFilter


def asked(host: str, peer: Peer) -> Exchange:
    request = Request(b"GET", b"/x", b"", {b"host": host.encode()}, peer=peer)
    return Exchange(request, "t/r", "rest", "", b"/x", "id", 0.0, 1, Timeouts())


@pytest.mark.parametrize(
    ("server_name", "host"),
    [
        ("a.example", "a.example"),
        ("a.example", "A.example:8443"),
        ("a.example", "a.example."),
        ("", "192.0.2.1:8443"),
        ("", "[2001:db8::1]:8443"),
    ],
)
def test_the_host_of_the_connection_is_let_through(server_name: str, host: str) -> None:
    given = asked(host, Peer("192.0.2.9", "https", server_name))
    ServerNameFilter().on_request(given)


@pytest.mark.parametrize(
    ("server_name", "host"), [("a.example", "b.example"), ("a.example", "192.0.2.1"), ("", "a.example"), ("a", "")]
)
def test_another_host_is_misdirected(server_name: str, host: str) -> None:
    given = asked(host, Peer("192.0.2.9", "https", server_name))
    with pytest.raises(MisdirectedRequest):
        ServerNameFilter().on_request(given)


def test_without_tls_any_host_may_be_asked_for() -> None:
    ServerNameFilter().on_request(asked("b.example", Peer("192.0.2.9", "http")))
