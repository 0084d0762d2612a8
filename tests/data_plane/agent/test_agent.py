"""The agent, with workers that do what the test says and a compiler that refuses what is called bad."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from data_plane.agent import agent as agent_module
from data_plane.agent import presence
from data_plane.agent.agent import Agent, Parts
from data_plane.agent.messages import (
    Accept,
    Accepting,
    Applied,
    Certificates,
    Changes,
    Commit,
    Drain,
    Draining,
    KeyPair,
    LameDuck,
    Records,
    Report,
    Start,
    ToWorker,
)
from data_plane.agent.sockets import Sockets
from data_plane.config.rejection import Rejection
from data_plane.config.subscriber import ConfigUpdate
from data_plane.listen_address import ListenAddress
from data_plane.observability.delta import Delta
from data_plane.telemetry.spool import Spool
from tests.fakes.worker import FakeWorker, FakeWorkers

Message = TypeVar("Message", bound=ToWorker)


class FakeConfiguration:
    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        return [Rejection(path, "bad") for path, content in changed.items() if content == b"bad"]


def update(revision: int, *removed: str, **changed: str) -> ConfigUpdate:
    contents = {path: content.encode() for path, content in changed.items()}
    return ConfigUpdate("e", revision, f"hash{revision}", contents, removed)


class Scene:
    def __init__(self, data_dir: Path, leave_seconds: float = 0.0) -> None:
        self.data_dir = data_dir
        self.workers = FakeWorkers()
        self.sockets = Sockets((ListenAddress("127.0.0.1"),), 2, {}, beside_orphans=False)
        start = Start("node", "gateway", "this", 0, 0, str(data_dir), 1.0)
        spool = Spool(data_dir / "records", 1_000_000)
        parts = Parts(FakeConfiguration(), spool, self.sockets, self.workers.start, leave_seconds)
        self.agent = Agent(start, parts)
        self.running = asyncio.get_running_loop().create_task(self.agent.run())

    async def serve(self, *revisions: int) -> list[FakeWorker]:
        """Start both workers and have them serve what there is."""
        workers = [await self.workers.next() for _ in self.agent.places]
        for worker in workers:
            commit = await hear(worker, Commit)
            worker.say(Applied(commit.revision, commit.content_hash, 0.0))
            await hear(worker, Accept)
            worker.say(Accepting())
        await until(self.agent.is_served_by_all)
        return workers


async def hear(worker: FakeWorker, kind: type[Message]) -> Message:
    while True:
        message = await worker.hear()
        if isinstance(message, kind):
            return message


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3.0):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(data_dir: Path, leave_seconds: float = 0.0) -> AsyncIterator[Scene]:
    scene = Scene(data_dir, leave_seconds)
    try:
        yield scene
    finally:
        scene.agent.stop()
        await asyncio.sleep(0)
        scene.workers.end_all()
        await asyncio.wait_for(scene.running, 10.0)
        await scene.workers.close()
        scene.sockets.close()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with running(tmp_path) as scene:
        yield scene


def begin(coroutine: Awaitable[Sequence[Rejection]]) -> "asyncio.Future[Sequence[Rejection]]":
    return asyncio.ensure_future(coroutine)  # noqa: TID251 - a test keeps it


async def test_an_update_is_done_when_all_workers_serve_it(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    workers = await scene.serve()
    applying = begin(scene.agent.apply(update(2, a="2")))
    for worker in workers:
        assert await hear(worker, Changes) == Changes({"a": b"2"}, [])
        assert await hear(worker, Commit) == Commit("e", 2, "hash2")
    assert not applying.done()
    for worker in workers:
        worker.say(Applied(2, "hash2", 0.0))
    assert await applying == ()
    assert scene.agent.resources == {"a": b"2"}


async def test_a_stuck_worker_does_not_hold_back_the_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "SERVED_SECONDS", 0.05)
    await scene.agent.apply(update(1, a="1"))
    await scene.serve()
    assert await scene.agent.apply(update(2, a="2")) == ()


async def test_a_rejected_update_changes_nothing(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    workers = await scene.serve()
    rejections = await scene.agent.apply(update(2, "a", b="bad"))
    assert [rejection.path for rejection in rejections] == ["b"]
    assert scene.agent.resources == {"a": b"1"}
    assert scene.agent.served.commit == Commit("e", 1, "hash1")
    begin(scene.agent.apply(update(3, c="3")))
    assert await hear(workers[0], Changes) == Changes({"c": b"3"}, [])


async def test_a_worker_that_comes_later_hears_the_whole_set(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1", b="1"))
    first, _ = await scene.serve()
    begin(scene.agent.apply(update(2, "b", c="2")))
    first.die(-9)
    later = await scene.workers.next()
    assert (await hear(later, Changes)).changed == {"a": b"1", "c": b"2"}
    assert await hear(later, Commit) == Commit("e", 2, "hash2")


async def test_without_configuration_workers_accept_once_the_agent_is_open(scene: Scene) -> None:
    worker = await scene.workers.next()
    assert isinstance(await worker.hear(), Start)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(worker.channel.receive(), 0.05)


async def test_an_open_agent_lets_workers_accept_without_configuration(scene: Scene) -> None:
    worker = await scene.workers.next()
    scene.agent.open()
    await hear(worker, Accept)
    worker.say(Accepting())
    await until(lambda: any(place.current and place.current.accepting for place in scene.agent.places))
    assert scene.agent.serving() == 0


async def test_beside_orphans_workers_wait_for_configuration(tmp_path: Path) -> None:
    orphan = presence.join_workers(tmp_path)
    async with running(tmp_path) as scene:
        worker = await scene.workers.next()
        scene.agent.open()
        assert isinstance(await worker.hear(), Start)
        begin(scene.agent.apply(update(1, a="1")))
        assert isinstance(await worker.hear(), Changes)
    os.close(orphan)


async def test_it_has_taken_over_when_all_its_workers_serve(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    assert not presence.is_replaced(scene.data_dir, "before")
    await scene.serve()
    assert presence.is_replaced(scene.data_dir, "before")


async def test_counters_and_records_of_workers_are_kept(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    workers = await scene.serve()
    for worker in workers:
        worker.say(Report([Delta("requests", [], 2)], []), Records(1, 1, b'{"id":1}\n'))
    await until(lambda: scene.agent.spool.stored == 2)
    assert [total.value for (name, _), total in scene.agent.totals if name == "requests"] == [4]


async def test_stopping_drains_all_workers_and_ends(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    workers = await scene.serve()
    scene.agent.stop()
    for worker in workers:
        await hear(worker, Drain)
        worker.say(Draining())
        worker.die(0)
    await asyncio.wait_for(asyncio.shield(scene.running), 2.0)


async def test_workers_that_do_not_end_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "EXTRA_SECONDS", -0.9)  # 0.1 s after the drain began
    async with running(tmp_path) as scene:
        await scene.agent.apply(update(1, a="1"))
        workers = await scene.serve()
        scene.agent.stop()
        await until(lambda: all(worker.process.signals for worker in workers))


@pytest.mark.parametrize("ends", ["in time", "at the second signal", "by a successor"])
async def test_before_the_drain_it_is_not_ready_but_accepts_for_a_while(tmp_path: Path, ends: str) -> None:
    async with running(tmp_path, 0.1 if ends == "in time" else 30.0) as scene:
        await scene.agent.apply(update(1, a="1"))
        workers = await scene.serve()
        if ends == "by a successor":
            scene.agent.hand_over()
        else:
            scene.agent.stop()
            assert scene.agent.draining
            for worker in workers:
                await hear(worker, LameDuck)
        if ends == "at the second signal":
            scene.agent.stop()
        for worker in workers:
            assert await hear(worker, Drain) == Drain(ends == "at the second signal")
            worker.say(Draining())
            worker.die(0)
        await asyncio.wait_for(asyncio.shield(scene.running), 2.0)


async def test_workers_are_replaced_one_after_the_other(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    before = await scene.serve()
    replacing = asyncio.get_running_loop().create_task(scene.agent.replace_workers())
    for old in before:
        new = await scene.workers.next()
        assert scene.workers.started.empty() and scene.agent.serving() == 2
        commit = await hear(new, Commit)
        new.say(Applied(commit.revision, commit.content_hash, 0.0), Accepting())
        await hear(old, Drain)
        old.say(Draining())
        old.die(0)
    await asyncio.wait_for(replacing, 2.0)
    assert [place.restarts for place in scene.agent.places] == [1, 1]


async def test_certificates_reach_workers_that_run_and_those_that_come(scene: Scene) -> None:
    first, _ = [await scene.workers.next() for _ in scene.agent.places]
    pairs = (KeyPair("a.crt", b"chain", b"key"),)
    scene.agent.set_certificates(pairs)
    assert await hear(first, Certificates) == Certificates(pairs)
    first.die(-9)
    assert (await hear(await scene.workers.next(), Start)).certificates == pairs


async def test_the_second_time_it_is_told_to_stop_it_cuts_off_what_drains(scene: Scene) -> None:
    await scene.agent.apply(update(1, a="1"))
    workers = await scene.serve()
    scene.agent.stop()
    for worker in workers:
        assert await hear(worker, Drain) == Drain()
    scene.agent.hand_over()  # to a successor that was under way: no reason to hurry
    scene.agent.set_certificates(())
    assert [type(await worker.hear()) for worker in workers] == [Certificates] * 2
    scene.agent.stop()
    for worker in workers:
        assert await hear(worker, Drain) == Drain(at_once=True)
