"""Counts what is refused because of its address, and logs a little of it: a flood may not fill the disk."""

import logging
from collections.abc import Callable
from typing import Literal

from data_plane.observability.metrics import Metrics

logger = logging.getLogger(__name__)

LOG_SECONDS = 10.0  # from one line to the next with the same reason

Reason = Literal["policy", "rate", "connections"]


class AddressRefusals:
    """`now` gives seconds of any steady clock."""

    def __init__(self, metrics: Metrics, now: Callable[[], float]) -> None:
        self._refused = metrics.address_refused
        self._now = now
        self._due: dict[Reason, float] = {}
        self._unlogged: dict[Reason, int] = {}

    def count(self, reason: Reason, address: str) -> None:
        """One more was refused."""
        self._refused[(reason,)].value += 1
        now = self._now()
        if now < self._due.get(reason, now):
            self._unlogged[reason] = self._unlogged.get(reason, 0) + 1
            return
        self._due[reason] = now + LOG_SECONDS
        others = self._unlogged.pop(reason, 0)
        logger.warning("refused by address reason=%s address=%s others_since=%d", reason, address, others)
