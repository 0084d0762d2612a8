"""What is known of an upgraded connection while its bytes go both ways unread."""

from data_plane.codecs.websocket import (
    GOING_AWAY,
    MAX_REASON_BYTES,
    POLICY_VIOLATION,
    TOO_BIG,
    UNEXPECTED,
    WEBSOCKET,
    FrameBoundary,
    close_frame,
)
from data_plane.errors import BodyTooLarge, DeadlineExceeded, Forbidden, GatewayError
from data_plane.exchange import UpgradeTerms

TOO_MANY_BYTES = "the connection has carried more bytes than its route allows"


class Tunnel:
    """One connection's, with the deadline that each read moves."""

    __slots__ = ("_boundary", "_ends_at", "_received", "_sent", "_terms")

    def __init__(self, terms: UpgradeTerms, now: float) -> None:
        self._terms = terms
        self._ends_at = now + terms.total_seconds
        self._boundary = FrameBoundary() if terms.protocol == WEBSOCKET else None
        self._received = 0  # from the client
        self._sent = 0

    def deadline(self, now: float) -> float:
        """When it is closed unless something comes, or whatever comes."""
        return min(now + self._terms.idle_seconds, self._ends_at)

    def receive(self, data: bytes) -> bool:
        """Note what the client has sent. False: it is too much."""
        self._received += len(data)
        return self._received <= self._terms.max_bytes

    def send(self, data: bytes) -> bool:
        """Note what the client is being sent. False: it is too much, and may not be sent."""
        self._sent += len(data)
        if self._sent > self._terms.max_bytes:
            return False
        if self._boundary is not None:
            self._boundary.feed(data)
        return True

    def last_words(self, code: int, reason: bytes) -> bytes:
        """Tells the client why it ends; empty where the protocol has no words for it, or amid a message."""
        return close_frame(code, reason) if self._boundary is not None and self._boundary.is_here else b""


def farewell(error: GatewayError) -> tuple[int, bytes]:
    """The code and reason with which a WebSocket is closed for an error."""
    code = UNEXPECTED
    if isinstance(error, Forbidden):
        code = POLICY_VIOLATION
    elif isinstance(error, DeadlineExceeded):
        code = GOING_AWAY
    elif isinstance(error, BodyTooLarge):
        code = TOO_BIG
    return code, error.message.encode("ascii", "replace")[:MAX_REASON_BYTES]
