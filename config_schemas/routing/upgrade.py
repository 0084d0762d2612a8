"""Protocols to which a route lets a connection be upgraded, as WebSocket. Source: RFC 9110, section 7.8."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import Model

ProtocolName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/+-]*$", max_length=64)]
# Other versions of HTTP: requests inside would pass by all policies.
REFUSED_PROTOCOL = ("h2", "http/", "tls/")
# As in CORS: exactly, or any host below a domain.
Origin = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|https?://(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$", max_length=280),
]


class Upgrade(Model):
    """One protocol, and how long and how much a connection may be used for it.

    `origins`: pages from which browsers may ask; none: no page may, only clients that are no browsers. `maxBytes`
    counts each direction by itself, `maxConnections` those of this route at one worker.
    """

    protocol: ProtocolName = "websocket"
    origins: Annotated[tuple[Origin, ...], Field(max_length=64)] = ()
    idle_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    total_seconds: Annotated[int, Field(ge=1, le=604_800)] = 86_400
    max_bytes: Annotated[int, Field(ge=1, le=1 << 50)] = 1 << 30
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000

    @model_validator(mode="after")
    def _is_no_http(self) -> Self:
        if self.protocol.startswith(REFUSED_PROTOCOL):
            raise ValueError(f"`protocol` may not be '{self.protocol}': requests in it would pass by every policy")
        return self
