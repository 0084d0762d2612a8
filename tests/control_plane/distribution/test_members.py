"""Which control planes run, and how old they are."""

import json
from dataclasses import asdict

import pytest

from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.members import LEASE_SECONDS, MEMBERS_PREFIX, Member, Members, parse_member
from control_plane.store.base import Compare, Put, Unavailable
from control_plane.store.memory import MemoryStore
from tests.fakes.distribution import eventually, running


class FailingStore(MemoryStore):
    """Its leases end by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(lambda: self.now)
        self.is_away = False

    async def grant_lease(self, ttl_seconds: int) -> int:
        if self.is_away:
            raise Unavailable("away")
        return await super().grant_lease(ttl_seconds)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control_plane.distribution.members.PERIOD_SECONDS", 0.01)


def names(members: Members) -> list[str]:
    return [member.name for member in members.all()]


async def keys(store: MemoryStore) -> list[str]:
    return [entry.key.removeprefix(MEMBERS_PREFIX) for entry in (await store.list(MEMBERS_PREFIX)).entries]


async def test_each_sees_all_and_one_that_ends_is_gone_at_once() -> None:
    store = MemoryStore()
    old, new = Members(store, Member("cp-1", "0.1", 1)), Members(store, Member("cp-2", "0.2", 2))
    assert names(new) == ["cp-2"] and new.oldest() == (2, ("cp-2",))
    async with running(new.run()):
        async with running(old.run()):
            await eventually(lambda: names(new) == names(old) == ["cp-1", "cp-2"])
            assert new.oldest() == (1, ("cp-1",))
        await eventually(lambda: names(new) == ["cp-2"])
        assert new.oldest() == (2, ("cp-2",))
    assert await keys(store) == []


async def test_one_that_is_killed_is_gone_with_its_lease() -> None:
    store = FailingStore()
    lease = await store.grant_lease(LEASE_SECONDS)
    value = json.dumps(asdict(Member("cp-1", "0.1", 1))).encode()
    await store.transact([Compare(f"{MEMBERS_PREFIX}cp-1", 0)], [Put(f"{MEMBERS_PREFIX}cp-1", value, lease)])
    members = Members(store, Member("cp-2", "0.2"))
    async with running(members.run()):
        await eventually(lambda: names(members) == ["cp-1", "cp-2"])
        store.now += LEASE_SECONDS + 1
        await eventually(lambda: names(members) == ["cp-2"])


async def test_it_announces_itself_again_after_its_lease_has_ended_and_takes_its_name_from_one_before() -> None:
    store = FailingStore()
    before = Members(store, Member("cp-1", "0.1", 1))
    async with running(before.run()):
        await eventually(lambda: names(before) == ["cp-1"])
        now = Members(store, Member("cp-1", "0.2", 2))
        async with running(now.run()):
            await eventually(lambda: now.oldest() == (2, ("cp-1",)))
            store.is_away = True
            store.now += LEASE_SECONDS + 1
            assert await keys(store) == []
            store.is_away = False
            other = Members(store, Member("cp-2", "0.2", 2))
            async with running(other.run()):
                await eventually(lambda: names(other) == ["cp-1", "cp-2"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"name": "a", "version": "9", "schema_version": 9, "zone": "x"}', Member("a", "9", 9)),
        (b'{"version": "9"}', None),
        (b"[]", None),
        (b"\xff", None),
    ],
    ids=["of a newer one", "incomplete", "no record", "no JSON"],
)
def test_records_of_others(value: bytes, expected: Member | None) -> None:
    assert parse_member("a", value) == expected


def test_it_knows_its_own_schema_version() -> None:
    assert Member("a", "0").schema_version == SCHEMA_VERSION
