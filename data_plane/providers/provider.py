"""Who hosts models: where a request goes and what proves us there."""

from typing import Protocol

from data_plane.exchange import Exchange


class Provider(Protocol):
    """One configured provider, built once per snapshot. Holds its credential; has no repr that shows it."""

    name: str  # `<tenant>/<name>`

    def path(self, exchange: Exchange, model: str) -> bytes:
        """The request target (path and query) for the exchange's operation on `model`, the provider's name for it.

        Raises:
            GatewayError: this provider does not speak the exchange's client API.
        """

    def fields(self, exchange: Exchange) -> bytes:
        """Complete header lines with CRLF each: `Host`, and what the provider's API wants. Nothing that is secret.

        Follows from the head of the client's request.
        """

    def credential(self, exchange: Exchange) -> bytes:
        """The header line, with its CRLF, that proves who we are; empty if nothing does. The same for one client API.

        Raises:
            GatewayError: as `path`.
        """
