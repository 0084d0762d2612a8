"""Reading the audit log."""

import pytest

from control_plane.audit.log import AuditLog
from control_plane.errors import Malformed, StoreUnavailable
from control_plane.store.base import Compare, Put
from control_plane.store.keys import AUDIT_PREFIX
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import control_plane, document


async def test_pages_of_one_tenant_hold_each_entry_once() -> None:
    async with control_plane(MemoryStore()) as plane:
        await plane.apply(document("Tenant", "acme"))
        for number in range(6):
            plane.clock.advance(seconds=1)
            tenant = "acme" if number % 2 else "default"
            await plane.apply(document("Team", f"t{number}", tenant=tenant))
        log, names, token = AuditLog(plane.store), [], ""
        while True:
            page = await log.list(limit=2, token=token, tenant="acme")
            names += [entry.changes[0].name for entry in page.entries]
            token = page.token
            if not token:
                break
        assert names == ["t5", "t3", "t1"]


@pytest.mark.parametrize("token", ["x", "../_tokens/", "-"])
async def test_a_strange_token_is_refused(token: str) -> None:
    with pytest.raises(Malformed):
        await AuditLog(MemoryStore()).list(token=token)


@pytest.mark.parametrize(
    "value", [b"", b"[1]", b'{"time":"x"}', b'{"time":"","actor":"","requestId":"","changes":[1]}']
)
async def test_an_entry_that_cannot_be_read_hides_no_other(value: bytes) -> None:
    async with control_plane(MemoryStore()) as plane:
        await plane.apply(document("Team", "a"))
        await plane.store.transact([Compare(f"{AUDIT_PREFIX}0", 0)], [Put(f"{AUDIT_PREFIX}0", value)])
        assert len((await AuditLog(plane.store).list()).entries) == 1


async def test_a_store_that_is_away_is_said_so() -> None:
    store = MemoryStore()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await AuditLog(store).list()
