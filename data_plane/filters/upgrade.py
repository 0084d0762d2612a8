"""Upgrades a connection to a protocol that its route names: who may ask, how many at a time, how long, how much."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from data_plane.codecs.websocket import WEBSOCKET
from data_plane.errors import BadRequest, Forbidden, Overloaded
from data_plane.exchange import Exchange, Outcome, UpgradeTerms
from data_plane.origins import Origins
from data_plane.pipeline.filter import Filter

RETRY_SECONDS = 5
KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")  # 16 bytes in base64
VERSION = b"13"


@dataclass(frozen=True, slots=True)
class UpgradeRule:
    """One protocol of a route. `origins`: of which pages; what is no page of a browser says none."""

    terms: UpgradeTerms
    origins: Origins
    max_connections: int


class UpgradeFilter(Filter):
    """`open`: how many upgraded connections each route of this worker has, over all revisions.

    A protocol that the route does not name is not offered to the upstream: the request goes on as any other.
    """

    def __init__(self, route: str, rules: Mapping[bytes, UpgradeRule], open: dict[str, int]) -> None:
        self._route = route
        self._rules = rules
        self._open = open

    def on_request(self, exchange: Exchange) -> None:
        rule = self._rules.get(exchange.request.upgrade)
        if rule is None:
            return
        headers = exchange.request.headers
        if rule.terms.protocol == WEBSOCKET:
            _check_handshake(headers)
        if b"origin" in headers and rule.origins.answer(exchange.request) is None:
            raise Forbidden("this page may not open connections here")
        if self._open.get(self._route, 0) >= rule.max_connections:
            raise Overloaded("too many connections of this kind are open", retry_after_seconds=RETRY_SECONDS)
        self._open[self._route] = self._open.get(self._route, 0) + 1
        exchange.upgrade = rule.terms

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        if exchange.upgrade is not None:
            self._open[self._route] -= 1
            if not self._open[self._route]:
                del self._open[self._route]


def _check_handshake(headers: Mapping[bytes, bytes]) -> None:
    """Source: RFC 6455 4.2.1."""
    if headers.get(b"sec-websocket-version") != VERSION:
        raise BadRequest("`Sec-WebSocket-Version` must be 13", headers=((b"sec-websocket-version", VERSION),))
    if not KEY.fullmatch(headers.get(b"sec-websocket-key", b"")):
        raise BadRequest("`Sec-WebSocket-Key` must be 16 bytes in base64")
