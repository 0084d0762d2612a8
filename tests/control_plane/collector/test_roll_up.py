"""Which hours are summed up, and when days are dropped."""

from datetime import UTC, datetime

import pytest

from control_plane.collector import roll_up as roll_up_module
from control_plane.collector.counters import Counters
from control_plane.collector.engine import StoreError
from control_plane.collector.keeper import Keeper
from control_plane.collector.roll_up import RollUp
from tests.fakes.call_store import FakeCallStore

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Store(FakeCallStore):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.found = [3600, 7200]
        self.asked: list[object] = []

    def stale_hours(self) -> list[int]:
        self.probe()
        return self.found

    def roll_up(self, hour: int) -> None:
        self.probe()
        self.asked.append(hour)

    def drop_expired(self, now: datetime) -> None:
        self.asked.append(now)


def made() -> tuple[Store, RollUp, Counters]:
    store, counters = Store(), Counters()
    return store, RollUp(store, Keeper(store, counters), counters, lambda: NOW), counters


async def test_first_what_was_left_then_what_comes_and_only_then_days_go() -> None:
    store, roll_up, counters = made()
    roll_up.add({10_800})
    await roll_up.turn()
    assert store.asked == [3600, 7200, 10_800, NOW]
    await roll_up.turn()
    roll_up.add({7200})
    await roll_up.turn()
    assert store.asked == [3600, 7200, 10_800, NOW, 7200]
    assert (counters.roll_ups_total, counters.stale_hours) == (4, 0)


async def test_days_are_looked_at_every_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    store, roll_up, _ = made()
    await roll_up.turn()
    monkeypatch.setattr(roll_up_module, "EXPIRY_SECONDS", -1.0)
    await roll_up.turn()
    assert store.asked.count(NOW) == 2


async def test_what_a_broken_store_does_not_do_is_for_the_next_turn() -> None:
    store, roll_up, counters = made()
    store.broken = "away"
    with pytest.raises(StoreError):
        await roll_up.turn()
    store.broken = ""
    await roll_up.turn()
    store.broken = "away"
    roll_up.add({7200, 3600})
    with pytest.raises(StoreError):
        await roll_up.turn()
    assert counters.stale_hours == 2
    store.broken = ""
    await roll_up.turn()
    assert store.asked == [3600, 7200, NOW, 3600, 7200]
