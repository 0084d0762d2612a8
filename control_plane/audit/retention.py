"""Lets the audit log forget what is older than a year."""

from datetime import timedelta

from control_plane.audit.log import first_key_before
from control_plane.store.base import Compare, Delete, Store
from control_plane.store.keys import AUDIT_PREFIX
from control_plane.store.writer import Now, utc_now

MAX_AGE = timedelta(days=365)
PERIOD_SECONDS = 3600.0
DELETES_AT_ONCE = 100


class AuditRetention:
    """A duty of the leader."""

    name = "audit_retention"
    period_seconds = PERIOD_SECONDS

    def __init__(self, store: Store, *, now: Now = utc_now) -> None:
        self._store = store
        self._now = now

    async def run(self, fence: Compare) -> None:
        """Remove what need not be kept."""
        start = first_key_before(self._now() - MAX_AGE)
        while True:
            page = await self._store.list(AUDIT_PREFIX, start=start, limit=DELETES_AT_ONCE)
            if page.entries:
                await self._store.transact([fence], [Delete(entry.key) for entry in page.entries])
            if page.next_key is None:
                return
