"""CorsPolicy: lets pages of other origins call. Source: https://fetch.spec.whatwg.org, CORS protocol (2026-11)."""

import re
from dataclasses import dataclass

from data_plane.exchange import Exchange, Request, Response
from data_plane.origins import ANY, Origins
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.vary import add_vary

PREFLIGHT_VARY = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
ALLOW_ORIGIN = b"access-control-allow-origin"
# What an upstream says of these would let in pages that the policy keeps out.
ANSWERED = frozenset(
    b"access-control-allow-credentials access-control-allow-headers access-control-allow-methods "
    b"access-control-allow-origin access-control-allow-private-network access-control-expose-headers "
    b"access-control-max-age".split()
)
NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


@dataclass(frozen=True, slots=True)
class CorsRules:
    """A policy's content. Of origins `*` stands for all, `https://*.example` for all names below."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    takes_credentials: bool = False
    takes_private_network: bool = False
    max_age_seconds: int = 0


class CorsFilter(Filter):
    """Tells browsers whether the page may read an answer, the gateway's own errors included."""

    def __init__(self, rules: CorsRules) -> None:
        self._origins = Origins(rules.origins)
        self._fields: list[tuple[bytes, bytes]] = []
        if rules.takes_credentials:
            self._fields.append((b"access-control-allow-credentials", b"true"))
        if rules.exposed:
            self._fields.append((b"access-control-expose-headers", ", ".join(rules.exposed).encode()))

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        headers = response.headers = [field for field in response.headers if field[0] not in ANSWERED]
        allowed = self._origins.answer(exchange.request)
        if allowed is not None:
            headers.append((ALLOW_ORIGIN, allowed))
            headers += self._fields
        add_vary(headers, b"Origin")
        return response


class PreflightFilter(Filter):
    """Answers the question that a browser asks before a request, for the upstream and before authentication.

    A page of an allowed origin is told all that the policy allows, and its browser compares; others are told nothing.
    """

    def __init__(self, rules: CorsRules) -> None:
        self._origins = Origins(rules.origins)
        self._reflects = ANY in rules.headers
        self._takes_private_network = rules.takes_private_network
        self._fields = [(b"access-control-allow-methods", ", ".join(rules.methods).encode())]
        if rules.headers and not self._reflects:
            self._fields.append((b"access-control-allow-headers", ", ".join(rules.headers).encode()))
        if rules.takes_credentials:
            self._fields.append((b"access-control-allow-credentials", b"true"))
        self._fields.append((b"access-control-max-age", b"%d" % rules.max_age_seconds))

    def allows(self, request: Request) -> bool:
        """Whether the page may call at all."""
        return self._origins.answer(request) is not None

    def on_request(self, exchange: Exchange) -> Response:
        asked = exchange.request.headers
        headers = [(b"vary", PREFLIGHT_VARY)]
        allowed = self._origins.answer(exchange.request)
        if allowed is not None:
            headers.append((ALLOW_ORIGIN, allowed))
            headers += self._fields
            names = asked.get(b"access-control-request-headers", b"")
            if self._reflects and NAMES.fullmatch(names):
                headers.append((b"access-control-allow-headers", names))
            if self._takes_private_network and asked.get(b"access-control-request-private-network") == b"true":
                headers.append((b"access-control-allow-private-network", b"true"))
        return Response(204, headers)
