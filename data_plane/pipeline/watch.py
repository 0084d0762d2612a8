"""Exchanges that are cut off when their caller may no longer have them: its key is revoked, or the route is gone."""

import asyncio
import logging
from collections.abc import Callable

from data_plane.exchange import Exchange, Revocable

logger = logging.getLogger(__name__)

AT_A_TIME = 100  # half a millisecond, in which nothing else runs


class Watched:
    """Those of one worker that have been sent to an upstream and are not over, over all revisions."""

    def __init__(self) -> None:
        self._runs: dict[int, Revocable] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: Revocable) -> None:
        self._runs[id(run.exchange)] = run

    def remove(self, exchange: Exchange) -> None:
        self._runs.pop(id(exchange), None)

    async def recheck(self, admits: Callable[[Exchange], bool]) -> None:
        """Cut off what would not be let in any more. Lets other work run meanwhile."""
        for place, run in enumerate(tuple(self._runs.values()), 1):
            exchange = run.exchange
            try:
                is_admitted = admits(exchange)
            except Exception:
                logger.exception("what is under way could not be checked request_id=%s", exchange.id)
                is_admitted = False
            if not is_admitted:
                run.revoke()
            if not place % AT_A_TIME:
                await asyncio.sleep(0)
