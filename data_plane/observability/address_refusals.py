"""Counts what is refused because of its address, and logs a little of it: a flood may not fill the disk."""

import logging
from typing import Literal

from data_plane.observability.metrics import Metrics

logger = logging.getLogger(__name__)

LOG_SECONDS = 10.0  # from one line to the next with the same reason

Reason = Literal["policy", "rate", "connections"]


class AddressRefusals:
    """One for all that may refuse, so that all share the lines that are logged."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._due: dict[Reason, float] = {}
        self._unlogged: dict[Reason, int] = {}

    def count(self, reason: Reason, address: str, now: float) -> None:
        """One more was refused. `now`: seconds of any steady clock."""
        self.metrics.address_refused[(reason,)].value += 1
        if now < self._due.get(reason, now):
            self._unlogged[reason] = self._unlogged.get(reason, 0) + 1
            return
        self._due[reason] = now + LOG_SECONDS
        others = self._unlogged.pop(reason, 0)
        logger.warning("refused by address reason=%s address=%s others_since=%d", reason, address, others)
