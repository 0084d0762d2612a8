"""What proves the gateway to a provider: as it is configured, and as it is at work in one worker."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that is about to be sent, as far as a signature covers it. `target`: path and query."""

    method: bytes
    authority: bytes
    target: bytes
    body: bytes
    key_header: str  # of the surface


class Proof(NamedTuple):
    """`lines`: complete header lines with CRLF each. `key`: which of several keys it is, for `refuse`."""

    lines: bytes
    key: int = 0

    def __repr__(self) -> str:
        return "Proof(...)"


class Credential(Protocol):
    """At work in one worker; outlives snapshots. Has no repr that shows it."""

    is_fixed: bool  # whether `prove` says the same for all requests with the same `key_header`

    def prove(self, outgoing: Outgoing) -> Proof | None:
        """What proves us; None: a token is not at hand yet, `ready` waits for it.

        Raises:
            GatewayError: there will be none for now.
        """

    async def ready(self) -> None:
        """Return when `prove` has something. To be cancelled by whoever cannot wait longer.

        Raises:
            GatewayError: there will be none for now.
        """

    def refuse(self, key: int, status: int, retry_after_seconds: float | None) -> bool:
        """The provider has answered a request with this key by 401, 403 or 429. Whether another key may do better."""


class CredentialSpec(Protocol):
    """As configured: an immutable value, compared and hashed by content, with no repr that shows it."""

    def start(self) -> Credential:
        """At work."""
