"""Writes of a restore, gathered into as few transactions as etcd's limits allow."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from control_plane.audit.log import AuditChange, audit_put
from control_plane.identity.actor import Actor
from control_plane.store.base import Compare, Put, Store, Write
from control_plane.store.writer import Now

MAX_WRITES = 100  # etcd takes 128; the audit entry comes on top
MAX_BYTES = 1024 * 1024  # etcd takes 1.5 MiB; what is larger goes alone
CHANGE_BYTES = 256  # of one change in an audit entry, rounded up


class Bundle:
    """Transactions that all compare `held`: once that fails, nothing more is written. To be flushed at the end."""

    def __init__(self, store: Store, held: Sequence[Compare], actor: Actor, now: Now) -> None:
        self._store = store
        self._held = held
        self._actor = actor
        self._now = now
        self._writes: dict[str, Write] = {}
        self._changes: list[AuditChange] = []
        self._bytes = 0

    async def add(self, *writes: Write, change: AuditChange | None = None) -> None:
        """To be written together, and told of in the audit log."""
        size = sum(len(write.key) + len(write.value if isinstance(write, Put) else b"") for write in writes)
        size += CHANGE_BYTES if change else 0
        is_full = len(self._writes) + len(writes) > MAX_WRITES or self._bytes + size > MAX_BYTES
        if self._writes and (is_full or any(write.key in self._writes for write in writes)):
            await self.flush()
        self._writes |= {write.key: write for write in writes}
        self._changes += [change] if change else []
        self._bytes += size

    async def flush(self) -> None:
        """Write what has been gathered."""
        if not self._writes:
            return
        writes = list(self._writes.values())
        if self._changes:
            writes.append(audit_put(self._actor, self.moment(), secrets.token_hex(4), self._changes))
        await self._store.transact(self._held, writes)
        self._writes, self._changes, self._bytes = {}, [], 0

    def moment(self) -> datetime:
        return self._now()
