"""Who runs in a data directory."""

import os
from pathlib import Path

import pytest

from data_plane.agent import presence


def test_a_second_agent_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    lock = presence.claim(tmp_path / "data")
    with pytest.raises(presence.AlreadyRunning, match="another data plane uses"):
        presence.claim(tmp_path / "data")
    os.close(lock)
    os.close(presence.claim(tmp_path / "data"))


def test_workers_count_as_orphans_until_the_last_is_gone(tmp_path: Path) -> None:
    assert not presence.has_orphans(tmp_path)
    locks = [presence.join_workers(tmp_path) for _ in range(2)]
    assert presence.has_orphans(tmp_path)
    os.close(locks[0])
    assert presence.has_orphans(tmp_path)
    os.close(locks[1])
    assert not presence.has_orphans(tmp_path)


def test_an_agent_is_replaced_only_when_another_serves(tmp_path: Path) -> None:
    assert not presence.is_replaced(tmp_path, "first")
    presence.take_over(tmp_path, "first")
    assert not presence.is_replaced(tmp_path, "first")
    presence.take_over(tmp_path, "second")
    assert presence.is_replaced(tmp_path, "first")
