"""What one client address may take up, before anybody knows who calls."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from config_schemas.base import Model
from config_schemas.network import Cidr, check_networks

Amount = Annotated[int, Field(ge=1, le=1_000_000)]


class PerAddress(Model):
    """Caps for each address, or each network of the given prefix length, and each worker of a replica.

    `connections` counts by peer, and not those of trusted proxies; requests count by the client's address. `burst` is
    how many requests may come at once; one second's, if not given. `exempt` networks have no caps.
    """

    connections: Amount | None = None
    requests_per_second: Amount | None = None
    burst: Amount | None = None
    ipv4_prefix_length: Annotated[int, Field(ge=8, le=32)] = 32
    ipv6_prefix_length: Annotated[int, Field(ge=16, le=128)] = 64
    exempt: Annotated[tuple[Cidr, ...], Field(max_length=256)] = ()

    @model_validator(mode="after")
    def _caps_something(self) -> Self:
        if self.connections is None and self.requests_per_second is None:
            raise ValueError("at least one of `connections` and `requestsPerSecond` is required")
        if self.burst is not None and self.requests_per_second is None:
            raise ValueError("`burst` needs `requestsPerSecond`")
        check_networks("exempt", self.exempt)
        return self
