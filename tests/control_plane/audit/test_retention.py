"""How long the audit log remembers."""

from datetime import timedelta

from control_plane.audit.log import AuditLog
from control_plane.audit.retention import AuditRetention
from control_plane.store.base import Compare, Put
from control_plane.store.keys import LEADER_KEY
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import START, control_plane, document


async def test_entries_are_kept_for_a_year() -> None:
    async with control_plane(MemoryStore()) as plane:
        for number in range(250):
            plane.clock.advance(days=1)
            await plane.apply(document("Team", "a", {"displayName": str(number)}))
        fence = Compare(LEADER_KEY, await plane.store.transact([Compare(LEADER_KEY, 0)], [Put(LEADER_KEY, b"a")]))
        await AuditRetention(plane.store, now=lambda: START + timedelta(days=365 + 149.5)).run(fence)
        kept = (await AuditLog(plane.store).list(limit=1000)).entries
        assert len(kept) == 101
        assert kept[-1].time.startswith((START + timedelta(days=150)).strftime("%Y-%m-%d"))
