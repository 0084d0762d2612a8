"""Sockets that change hands."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from data_plane.agent import descriptors, handover
from data_plane.agent.handover import CannotTakeOver, Inheritance


class FakeGiver:
    spool = "records"

    def __init__(self, count: int = 3) -> None:
        self.given = [("a", socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        self.notes: list[str] = []

    def sockets(self) -> Iterable[tuple[str, socket.socket]]:
        yield from self.given

    async def prepare(self) -> None:
        self.notes.append("prepare")

    async def release(self) -> None:
        self.notes.append("release")

    def resume(self) -> None:
        self.notes.append("resume")

    def ports(self) -> set[int]:
        return {each.getsockname()[1] for _, each in self.given}

    def close(self) -> None:
        for _, each in self.given:
            each.close()


@asynccontextmanager
async def offering(data_dir: Path, giver: FakeGiver) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.get_running_loop().create_task(handover.offer(data_dir, giver))
    async with asyncio.timeout(5):
        while not (data_dir / handover.FILE).exists():
            await asyncio.sleep(0.01)
    yield task
    task.cancel()
    giver.close()


async def take(data_dir: Path) -> Inheritance:
    return await asyncio.to_thread(Inheritance.take, data_dir)


@pytest.mark.parametrize("count", [0, 3, 450])
async def test_all_sockets_come_over_and_the_giver_lets_go_when_told(tmp_path: Path, count: int) -> None:
    giver = FakeGiver(count)
    async with offering(tmp_path, giver) as offered:
        inheritance = await take(tmp_path)
        taken = inheritance.sockets.get("a", [])
        assert {each.getsockname()[1] for each in taken} == giver.ports() and len(taken) == count
        assert inheritance.spool == "records" and giver.notes == ["prepare"]
        assert not any(os.get_inheritable(each.fileno()) for each in taken)
        assert await inheritance.confirm()
        await asyncio.wait_for(offered, 5)
        assert giver.notes == ["prepare", "release"] and not (tmp_path / handover.FILE).exists()
        for each in taken:
            each.close()


async def test_a_successor_that_fails_changes_nothing_and_another_may_come(tmp_path: Path) -> None:
    giver = FakeGiver(1)
    async with offering(tmp_path, giver) as offered:
        first = await take(tmp_path)
        first._connection.close()
        second = await take(tmp_path)
        assert not offered.done() and giver.notes == ["prepare", "resume", "prepare"]
        assert await second.confirm()
        for each in (*first.sockets["a"], *second.sockets["a"]):
            each.close()


async def test_a_successor_that_does_not_serve_in_time_is_let_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "SERVE_SECONDS", 0.05)
    giver = FakeGiver(1)
    async with offering(tmp_path, giver):
        late = await take(tmp_path)
        await asyncio.sleep(0.2)
        assert not await late.confirm()
        assert giver.notes == ["prepare", "resume"]
        late.sockets["a"][0].close()


async def test_a_stranger_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    giver = FakeGiver(1)
    async with offering(tmp_path, giver):
        assert stat.S_IMODE((tmp_path / handover.FILE).stat().st_mode) == 0o600
        monkeypatch.setattr(descriptors, "is_ours", lambda connection: False)
        with pytest.raises(CannotTakeOver):
            await take(tmp_path)
        async with asyncio.timeout(5):
            while not giver.notes:  # until it has seen that one off
                await asyncio.sleep(0.01)
        assert giver.notes == ["resume"]


def test_without_a_giver_it_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CannotTakeOver, match=r"^nobody hands over at '.*handover\.sock': .*No such file"):
        Inheritance.take(tmp_path)


async def test_a_deep_data_directory_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    (deep / handover.FILE).touch()  # left by one that was killed
    giver = FakeGiver(1)
    task = asyncio.get_running_loop().create_task(handover.offer(deep, giver))
    async with asyncio.timeout(5):
        while not (deep / handover.FILE).is_socket():
            await asyncio.sleep(0.01)
    inheritance = await take(deep)
    assert await inheritance.confirm()
    await asyncio.wait_for(task, 5)
    giver.close()
    inheritance.sockets["a"][0].close()
