"""Which of several control planes leads: the one whose lease holds the leader key.

The key is written once in a leadership, so its revision is the fence: a transaction that compares it fails as soon as
another leads. A leader that dies is replaced when its lease ends; one that stops gives it up at once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from control_plane.leader.duty import Duty
from control_plane.store.base import Compare, Conflict, LeaseEnded, Put, Store, StoreError
from control_plane.store.keys import LEADER_KEY

LEASE_SECONDS = 10
POLLS_A_LEASE = 20  # how often a follower looks while a lease may end
RENEWALS_A_LEASE = 3
RESIGN_SECONDS = 2.0

Sleep = Callable[[float], Awaitable[None]]

logger = logging.getLogger(__name__)


async def find_leader(store: Store) -> str | None:
    """The name of the control plane that leads; None: none does now.

    Raises:
        StoreError: the store cannot be asked.
    """
    entry = await store.get(LEADER_KEY)
    return entry.value.decode(errors="replace") if entry else None


class _Lost(Exception):
    """Another may lead now."""


class Election:
    """`run` takes part until cancelled. `on_elected` and `on_lost` must not wait."""

    def __init__(
        self,
        store: Store,
        name: str,
        duties: Sequence[Duty] = (),
        *,
        lease_seconds: int = LEASE_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.on_elected: Callable[[Compare], None] = lambda fence: None
        self.on_lost: Callable[[], None] = lambda: None
        self._store = store
        self._name = name
        self._duties = duties
        self._lease_seconds = lease_seconds
        self._sleep = sleep
        self._fence: Compare | None = None

    @property
    def fence(self) -> Compare | None:
        """What a leader's transactions compare; None: this one does not lead, as far as it knows."""
        return self._fence

    async def run(self) -> None:
        """Stand for election, lead while elected, and again."""
        while True:
            lease, fence = await self._campaign()
            await self._lead(lease, fence)

    async def _campaign(self) -> tuple[int, Compare]:
        while True:
            try:
                if await self._store.get(LEADER_KEY) is None and (won := await self._try()):
                    return won
            except StoreError as error:
                logger.warning("election_failed name=%s reason=%r", self._name, str(error))
            await self._sleep(self._lease_seconds / POLLS_A_LEASE)

    async def _try(self) -> tuple[int, Compare] | None:
        lease = await self._store.grant_lease(self._lease_seconds)
        try:
            put = Put(LEADER_KEY, self._name.encode(), lease)
            revision = await self._store.transact([Compare(LEADER_KEY, 0)], [put])
        except (Conflict, LeaseEnded):
            await self._resign(lease)
            return None
        except BaseException:  # also when cancelled: the key may have been written
            await self._resign(lease)
            raise
        return lease, Compare(LEADER_KEY, revision)

    async def _lead(self, lease: int, fence: Compare) -> None:
        logger.info("leader_elected name=%s revision=%d", self._name, fence.revision)
        self._fence = fence
        self.on_elected(fence)
        try:
            async with asyncio.TaskGroup() as group:
                for duty in self._duties:
                    group.create_task(self._perform(duty, fence))
                await self._keep(lease)
                raise _Lost
        except* _Lost:
            logger.warning("leader_lost name=%s", self._name)
        finally:
            self._fence = None
            self.on_lost()
            await self._resign(lease)

    async def _keep(self, lease: int) -> None:
        """Renew the lease until it has ended, or may have."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < self._lease_seconds:
            await self._sleep(self._lease_seconds / RENEWALS_A_LEASE)
            asked = time.monotonic()
            try:
                if not await self._store.renew_lease(lease):
                    return
                renewed = asked
            except StoreError as error:
                logger.warning("leader_cannot_renew name=%s reason=%r", self._name, str(error))

    async def _perform(self, duty: Duty, fence: Compare) -> None:
        while True:
            try:
                await duty.run(fence)
            except StoreError as error:
                logger.warning("duty_failed duty=%s reason=%r", duty.name, str(error))
            except Exception:  # one duty's fault must not stop the others, nor the leader
                logger.exception("duty_failed duty=%s", duty.name)
            await self._sleep(duty.period_seconds)

    async def _resign(self, lease: int) -> None:
        """End the lease, so that nobody waits for it; if that fails, it ends by itself."""
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(RESIGN_SECONDS):
                await self._store.revoke_lease(lease)
