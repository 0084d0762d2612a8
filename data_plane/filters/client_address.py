"""Finds out who the client is behind trusted proxies, and words what Services are told of it."""

import re
from typing import Literal

from data_plane.exchange import Exchange, Request
from data_plane.identity.client_address import Claim, ForwardedReader
from data_plane.networks import NetworkSet
from data_plane.pipeline.filter import Filter

Forward = Literal["XForwarded", "Forwarded", "Both", "None"]
REST = "rest"  # Providers are told nothing
# What a trusted proxy may say beside who the client is.
KEPT = (
    (b"x-forwarded-port", re.compile(rb"[0-9]{1,5}")),
    (b"x-forwarded-prefix", re.compile(rb"/[A-Za-z0-9/._~!$&'()*+,;=:@%-]{0,255}")),
)


class ClientAddressFilter(Filter):
    """`reader` is None where no header is believed."""

    def __init__(self, trusted: NetworkSet, reader: ForwardedReader | None, forward: Forward) -> None:
        self._trusted = trusted
        self._reader = reader
        self._forward = forward
        self._rewords = forward != "XForwarded"  # else what the peer's address comes to is right for strangers

    def on_request(self, exchange: Exchange) -> None:
        request, reader = exchange.request, self._reader
        address = request.peer.address
        claim = None
        if reader is not None and (not address or address in self._trusted):  # without one: a Unix socket
            claim = reader.read(address, request.headers)
            if claim.path:
                exchange.client_ip = claim.path[0]
        if exchange.api == REST and (claim is not None or self._rewords):
            exchange.forwarded = self._lines(claim or Claim((address,) if address else ()), request, claim is not None)

    def _lines(self, claim: Claim, request: Request, is_trusted: bool) -> bytes:
        scheme = claim.scheme or request.peer.scheme.encode()
        host = claim.host or request.headers.get(b"host", b"")
        lines: list[bytes] = []
        if self._forward in ("XForwarded", "Both"):
            if claim.path:
                lines.append(b"x-forwarded-for: %b\r\n" % ", ".join(claim.path).encode())
            lines.append(b"x-forwarded-proto: %b\r\nx-forwarded-host: %b\r\n" % (scheme, host))
            if is_trusted:
                lines += _kept(request.headers)
        if self._forward in ("Forwarded", "Both"):
            first, *others = [_node(address) for address in claim.path] or [b"for=unknown"]
            said = b'%b;proto=%b;host="%b"' % (first, scheme, host)
            lines.append(b"forwarded: %b\r\n" % b", ".join([said, *others]))
        return b"".join(lines)


def _kept(headers: dict[bytes, bytes]) -> list[bytes]:
    found = [(name, headers[name]) for name, shape in KEPT if name in headers and shape.fullmatch(headers[name])]
    return [b"%b: %b\r\n" % field for field in found]


def _node(address: str) -> bytes:
    return b'for="[%b]"' % address.encode() if ":" in address else b"for=" + address.encode()
