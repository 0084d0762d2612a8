"""Slows down who guesses tokens: failed attempts are counted by the peer's address."""

from collections import OrderedDict
from collections.abc import Callable

MAX_FAILURES = 20  # at once; then one more each REFILL_SECONDS
REFILL_SECONDS = 3.0
MAX_PEERS = 10_000  # remembered; the ones seen longest ago are forgotten


class Throttle:
    """Failed attempts of each peer, as a bucket that drains with time. `now` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: OrderedDict[str, tuple[float, float]] = OrderedDict()  # level and when, by peer

    def wait_seconds(self, peer: str) -> float:
        """How long the peer must wait before it may try again; 0: not at all."""
        return max(0.0, (self._level(peer) - MAX_FAILURES + 1) * REFILL_SECONDS)

    def fail(self, peer: str) -> None:
        self._failures[peer] = (self._level(peer) + 1, self._now())
        self._failures.move_to_end(peer)
        if len(self._failures) > MAX_PEERS:
            self._failures.popitem(last=False)

    def _level(self, peer: str) -> float:
        level, at = self._failures.get(peer, (0.0, 0.0))
        return max(0.0, level - (self._now() - at) / REFILL_SECONDS)
