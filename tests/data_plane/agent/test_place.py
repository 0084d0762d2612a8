"""The place of one worker, with workers that do what the test says."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import msgspec
import pytest

from data_plane.agent import place as place_module
from data_plane.agent.feed import Feed
from data_plane.agent.messages import (
    Accepting,
    Applied,
    Commit,
    Drain,
    Draining,
    KeyPair,
    LameDuck,
    Listening,
    Records,
    Report,
    Start,
    Stored,
)
from data_plane.agent.place import Place
from data_plane.agent.sockets import Bound
from data_plane.listen_address import ListenAddress
from data_plane.observability.delta import Delta
from tests.fakes.worker import FakeWorker, FakeWorkers

START = Start("node", "gateway", "agent", 0, 0, "/data", 5.0)
COMMIT = Commit("e", 3, "hash")


class FakeReplica:
    """An agent with one accepted revision."""

    certificates: tuple[KeyPair, ...] = ()

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.stored: list[Records] = []
        self.ended: list[int] = []

    def new_feed(self) -> Feed:
        return Feed({"a/Model/m": b"{}"}, COMMIT)

    def on_report(self, pid: int, report: Report) -> None:
        self.reports.append(report)

    def on_end(self, pid: int) -> None:
        self.ended.append(pid)

    async def store(self, records: Records) -> None:
        self.stored.append(records)

    def on_change(self) -> None:
        """Nobody looks."""


class Scene:
    """A place, and the workers that were started in it."""

    def __init__(self) -> None:
        self.replica = FakeReplica()
        self.workers = FakeWorkers()
        self.socket = socket.socket()
        self.bound = Bound(ListenAddress("127.0.0.1"), self.socket)
        self.place = Place(START, [self.bound], self.replica, self.workers.start)
        self.running = asyncio.get_running_loop().create_task(self.place.run())

    async def next(self) -> FakeWorker:
        return await self.workers.next()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    scene.place.stop()
    scene.workers.end_all()
    await asyncio.wait_for(scene.running, 5.0)
    await scene.workers.close()
    scene.socket.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3.0):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_worker_hears_who_it_is_and_what_to_serve(scene: Scene) -> None:
    worker = await scene.next()
    listening = (Listening(scene.bound.address, scene.socket.fileno()),)
    assert await worker.hear() == msgspec.structs.replace(START, listening=listening)
    await worker.hear()
    assert await worker.hear() == COMMIT
    worker.say(Applied(3, "hash", 0.01), Accepting())
    await until(lambda: scene.place.current and scene.place.current.accepting)
    assert scene.place.current is not None
    assert scene.place.current.feed.applied == COMMIT


async def test_a_worker_that_dies_is_replaced(scene: Scene) -> None:
    first = await scene.next()
    first.die(-9)
    second = await scene.next()
    start = await second.hear()
    assert isinstance(start, Start)
    assert (start.worker, start.incarnation) == (0, 1)
    assert scene.place.restarts == 1


async def test_a_worker_that_drains_is_replaced_before_it_is_gone(scene: Scene) -> None:
    first = await scene.next()
    first.say(Accepting(), Draining())
    second = await scene.next()
    second.say(Accepting())
    await until(lambda: len(scene.place.workers) == 2 and scene.place.current and scene.place.current.accepting)
    assert first.process.returncode is None
    first.die(0)
    await until(lambda: len(scene.place.workers) == 1)


async def test_a_worker_that_differs_drains_and_is_replaced(scene: Scene) -> None:
    first = await scene.next()
    for _ in range(3):
        await first.hear()
    first.say(Applied(3, "another hash", 0.01))
    assert await first.hear() == Drain()
    first.say(Draining())
    await scene.next()


async def test_a_worker_that_says_nothing_is_killed_and_replaced(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_module, "SILENT_SECONDS", 0.05)
    first = await scene.next()
    await scene.next()
    assert first.process.signals == [signal.SIGKILL]


async def test_the_place_waits_for_room_to_start_a_worker(scene: Scene) -> None:
    scene.workers.refusals = 2
    (await scene.next()).die(1)
    await scene.next()
    assert scene.workers.refusals == 0


async def test_records_are_confirmed_once_they_are_stored(scene: Scene) -> None:
    worker = await scene.next()
    for _ in range(3):
        await worker.hear()
    worker.say(Records(1, 2, b"{}\n{}\n"), Records(2, 1, b"{}\n"))
    assert [await worker.hear() for _ in range(2)] == [Stored(1), Stored(2)]
    assert [records.count for records in scene.replica.stored] == [2, 1]


async def test_what_a_worker_says_at_its_end_is_heard(scene: Scene) -> None:
    worker = await scene.next()
    report = Report([Delta("requests", [], 5)], [])
    worker.say(report, Records(1, 1, b"{}\n"))
    worker.die(0)
    await until(lambda: scene.replica.stored)
    assert scene.replica.reports == [report]


async def test_stopping_drains_and_starts_nothing_more(scene: Scene) -> None:
    worker = await scene.next()
    for _ in range(3):
        await worker.hear()
    scene.place.stop()
    assert await worker.hear() == Drain()
    worker.say(Draining())
    worker.die(0)
    await asyncio.wait_for(scene.running, 2.0)
    assert scene.workers.started.empty()


async def test_a_crashing_worker_is_restarted_ever_more_slowly(scene: Scene) -> None:
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(4):
        (await scene.next()).die(1)
        times.append(loop.time())
    waits = [after - before for before, after in pairwise(times)]
    assert waits[0] < waits[1] < waits[2]


async def accepting(worker: FakeWorker) -> FakeWorker:
    worker.say(Applied(3, "hash", 0.01), Accepting())
    return worker


async def test_a_worker_is_replaced_once_its_successor_accepts(scene: Scene) -> None:
    first = await accepting(await scene.next())
    await until(lambda: scene.place.is_serving)
    replacing = asyncio.get_running_loop().create_task(scene.place.replace())
    second = await scene.next()
    for _ in range(3):
        await first.hear()
    await until(lambda: len(scene.place.workers) == 2)
    assert scene.place.is_serving and not replacing.done()
    second.say(Accepting())
    assert await first.hear() == Drain()
    first.say(Draining())
    assert await asyncio.wait_for(replacing, 2.0)
    first.die(0)
    await until(lambda: len(scene.place.workers) == 1)
    assert scene.place.current is not None and scene.place.current.process.pid == second.process.pid
    assert scene.workers.started.empty() and scene.place.restarts == 1


@pytest.mark.parametrize("fails", ["dies", "is stuck", "cannot be started"])
async def test_a_worker_stays_when_its_successor_fails(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    monkeypatch.setattr(place_module, "REPLACE_SECONDS", 0.1)
    first = await accepting(await scene.next())
    await until(lambda: scene.place.is_serving)
    scene.workers.refusals = int(fails == "cannot be started")
    replacing = asyncio.get_running_loop().create_task(scene.place.replace())
    if fails != "cannot be started":
        second = await scene.next()
        if fails == "dies":
            second.die(1)
    assert not await asyncio.wait_for(replacing, 2.0)
    if fails == "is stuck":
        assert second.process.signals == [signal.SIGKILL]
        second.die(-9)
    await until(lambda: len(scene.place.workers) == 1)
    assert scene.place.is_serving and first.process.returncode is None


async def test_a_successor_stays_when_the_one_before_dies_meanwhile(scene: Scene) -> None:
    first = await accepting(await scene.next())
    await until(lambda: scene.place.is_serving)
    replacing = asyncio.get_running_loop().create_task(scene.place.replace())
    second = await scene.next()
    first.die(-9)
    await until(lambda: len(scene.place.workers) == 1)
    await accepting(second)
    assert await asyncio.wait_for(replacing, 2.0)
    assert scene.workers.started.empty() and scene.place.restarts == 1


async def test_who_has_served_for_a_while_did_not_fail_at_its_start(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(4):
        (await scene.next()).die(1)
    monkeypatch.setattr(place_module, "STEADY_SECONDS", 0.0)
    steady = await accepting(await scene.next())
    await until(lambda: scene.place.is_serving)
    steady.die(-9)
    died = loop.time()
    await scene.next()
    assert loop.time() - died < 0.6  # the fifth failure in a row would have to wait for 1.6 s


async def test_clients_are_sent_elsewhere_while_connections_are_accepted(scene: Scene) -> None:
    worker = await scene.next()
    for _ in range(3):
        await worker.hear()
    scene.place.leave()
    assert await worker.hear() == LameDuck()
    worker.die(-9)
    later = await scene.next()
    assert isinstance(await later.hear(), Start) and await later.hear() == LameDuck()
