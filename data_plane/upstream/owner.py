"""Whom a connection tells what has become of it: the dispatcher that uses it, and the pool that it comes from."""

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from data_plane.deadlines import Deadlines
from data_plane.errors import GatewayError
from data_plane.exchange import Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import Endpoint
from data_plane.upstream.response_head import FieldNames, KnownHeads

if TYPE_CHECKING:
    from data_plane.upstream.connection import UpstreamConnection


class Failure(Enum):
    """What is known of a request that has failed."""

    UNSENT = "unsent"  # nothing of it reached the upstream
    STALE = "stale"  # an idle connection turned out to be closed; most probably it was not served
    REJECTED = "rejected"  # the upstream said that it will not serve it now
    UNPROVEN = "unproven"  # the upstream refused our key; another one may do
    FINAL = "final"


class Owner(Protocol):
    """Who put the receiver on the connection: a dispatcher."""

    def judge(self, receiver: Receiver, response: Response, *, can_resend: bool) -> tuple[Failure, GatewayError] | None:
        """What an answer of status 400 or above counts as; None relays it."""

    def on_failure(
        self, connection: "UpstreamConnection", receiver: Receiver, failure: Failure, error: GatewayError
    ) -> None:
        """The exchange cannot go on with this connection."""


class Home(Protocol):
    """Where connections come from and go back to: a pool."""

    endpoint: Endpoint
    address: str
    deadlines: Deadlines
    names: FieldNames
    known: KnownHeads

    def connect(self) -> "UpstreamConnection":
        """A new connection to the same endpoint.

        Raises:
            Overloaded: there are too many.
        """

    def release(self, connection: "UpstreamConnection") -> None:
        """The exchange is over; the connection is fit for another."""

    def discard(self, connection: "UpstreamConnection", *, was_busy: bool) -> None:
        """The connection is closing."""

    def note_failed_connect(self, error: Exception) -> None:
        """A connect has failed, or took too long."""
