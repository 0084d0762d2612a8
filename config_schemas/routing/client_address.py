"""Who the client is, where proxies stand in front of the gateway, and what Services are told of it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config_schemas.base import Model
from config_schemas.network import Cidr, check_networks


class ClientAddress(Model):
    """From whom the gateway takes the client's address, and how it hands it on.

    `header` is believed only from peers in `trustedProxies` and on Unix sockets. `forward` is what Services get;
    Providers get nothing of it.
    """

    trusted_proxies: Annotated[tuple[Cidr, ...], Field(max_length=256)] = ()
    header: Literal["XForwardedFor", "Forwarded", "XRealIp", "None"] = "XForwardedFor"
    forward: Literal["XForwarded", "Forwarded", "Both", "None"] = "XForwarded"

    @model_validator(mode="after")
    def _are_networks(self) -> Self:
        check_networks("trustedProxies", self.trusted_proxies)
        return self
