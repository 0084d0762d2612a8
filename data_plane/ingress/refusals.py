"""Refusals before an exchange begins; those for load are counted, and told to the log now and then."""

import logging
from collections.abc import Callable
from typing import Literal

from data_plane.codecs import error_body
from data_plane.errors import GatewayError, Overloaded
from data_plane.observability.delta import Delta
from data_plane.observability.metrics import Counter, Definition, Family
from data_plane.pipeline.framing import STATUS_LINES

Reason = Literal["connections", "exchanges", "held_bodies"]
SILENCE_SECONDS = 10.0  # between two lines about the same reason
RETRY_SECONDS = 1  # by then the load may be over
TOO_MANY: dict[Reason, str] = {
    "connections": "too many connections",
    "exchanges": "too many requests at the same time",
    "held_bodies": "too many request bodies are being held",
}
REFUSED = Definition(
    "isthmus_refused_connections_total",
    "counter",
    "Connections refused with 503, at once or with a request, because a worker took no more.",
    ("reason",),
)

logger = logging.getLogger(__name__)


class Refusals:
    """Of one worker."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counters = Family(REFUSED, Counter)
        self._told: dict[str, tuple[float, int]] = {}  # when, and how many there were then

    def overloaded(self, reason: Reason) -> Overloaded:
        """One more: what its client is told."""
        counter = self._counters[(reason,)]
        counter.value += 1
        at, told = self._told.get(reason, (-SILENCE_SECONDS, 0))
        now = self._now()
        if now - at >= SILENCE_SECONDS:
            self._told[reason] = (now, counter.value)
            logger.warning("clients refused reason=%s refused=%d", reason, counter.value - told)
        return Overloaded(TOO_MANY[reason], retry_after_seconds=RETRY_SECONDS)

    def deltas(self) -> list[Delta]:
        """What was added since the last call."""
        return list(self._counters.deltas())


def encode(error: GatewayError) -> bytes:
    """The last response of a connection, to a request that could not be read or begun."""
    response = error_body.render(error, "")
    lines = b"".join([b"%b: %b\r\n" % field for field in response.headers])
    return b"%b%bcontent-length: %d\r\nconnection: close\r\n\r\n%b" % (
        STATUS_LINES[response.status],
        lines,
        len(response.body),
        response.body,
    )
