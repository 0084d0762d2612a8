"""Finds out who calls, and whether this route is theirs to call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from config_schemas.base import PLATFORM_TENANT
from data_plane.errors import NotFound, Unauthenticated
from data_plane.exchange import Exchange, Identity
from data_plane.identity.api_key import digest, take_query_key
from data_plane.pipeline.filter import Filter

# The same for a key that is missing, unknown, expired, revoked or another tenant's: nobody learns which.
REFUSAL = "no valid API key: send one as `Authorization: Bearer KEY`, `x-api-key`, `api-key` or `x-goog-api-key`"


class Identities(Protocol):
    """Who the credentials of one revision belong to."""

    def find(self, digest: bytes, now: float) -> Identity | None:
        """The identity of a key that is valid at `now`."""

    def anonymous(self, tenant: str) -> Identity:
        """Whoever brings no credential."""


@dataclass(frozen=True, slots=True)
class Admittance:
    """How callers prove themselves on a route."""

    tenant: str
    route: str
    takes_keys: bool
    takes_anonymous: bool
    takes_query_key: bool


class AuthenticateFilter(Filter):
    """`wall_clock` gives seconds since 1970."""

    def __init__(self, admittance: Admittance, identities: Identities, wall_clock: Callable[[], float]) -> None:
        self._admittance = admittance
        self._identities = identities
        self._wall_clock = wall_clock

    def on_request(self, exchange: Exchange) -> None:
        admittance = self._admittance
        key_digest = exchange.key_digest  # of the key in the headers
        if admittance.takes_query_key:
            query_key = take_query_key(exchange.request)
            if key_digest is None and query_key is not None:
                key_digest = digest(query_key)
        if not admittance.takes_keys or (key_digest is None and admittance.takes_anonymous):
            exchange.identity = self._identities.anonymous(admittance.tenant)
            return
        identity = None if key_digest is None else self._identities.find(key_digest, self._wall_clock())
        if identity is None or admittance.tenant not in (identity.tenant, PLATFORM_TENANT):
            raise Unauthenticated(REFUSAL)
        exchange.identity = identity
        if identity.routes is not None and (
            admittance.route not in identity.routes or admittance.tenant != identity.tenant
        ):
            raise NotFound("there is no such route")  # what is not yours does not exist
