"""Sends clients elsewhere. Source: RFC 9110, sections 10.2.2 and 15.4."""

from collections.abc import Callable
from dataclasses import dataclass

from data_plane.errors import BadRequest
from data_plane.exchange import Exchange, Request, Response
from data_plane.pipeline.filter import Filter

USUAL_PORTS = {b"http": b"80", b"https": b"443"}


@dataclass(frozen=True, slots=True)
class Location:
    """Where to. What is empty stays as the client has it."""

    scheme: bytes = b""
    host: bytes = b""
    port: bytes = b""
    path: Callable[[bytes], bytes] | None = None
    keeps_query: bool = True


class RedirectFilter(Filter):
    """A location on the same origin is written without it: it cannot lead to a host that a client made up.

    Its path comes from the canonical one, which has no empty segment: nothing in it can be read as a host.
    """

    def __init__(self, status: int, location: Location) -> None:
        self._status = status
        self._location = location
        self._stays = not (location.scheme or location.host or location.port)

    def on_request(self, exchange: Exchange) -> Response:
        request, location = exchange.request, self._location
        target = request.path if location.path is None else location.path(request.path)
        if not self._stays:
            target = self._origin(request) + target
        if location.keeps_query and request.query:
            target += b"?" + request.query
        return Response(self._status, [(b"location", target)], 0)

    def _origin(self, request: Request) -> bytes:
        location = self._location
        host, port = _split(request.headers.get(b"host", b""))
        host = location.host or host
        if not host:
            raise BadRequest("no 'Host' field that the redirect could lead to")
        port = location.port or (b"" if location.scheme else port)
        if port and port != USUAL_PORTS.get(location.scheme):
            host += b":" + port
        # Without a scheme this is a network-path reference (RFC 3986 4.2): whoever ends TLS in front of us knows it.
        return (location.scheme + b":" if location.scheme else b"") + b"//" + host


def _split(authority: bytes) -> tuple[bytes, bytes]:
    """Host and port; the colons of an IPv6 address stand in brackets."""
    if authority.endswith(b"]"):
        return authority, b""
    host, colon, port = authority.rpartition(b":")
    return (host, port) if colon else (authority, b"")
