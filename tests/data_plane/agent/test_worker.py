"""The life of a worker, with an agent that says what the test wants."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from data_plane.agent import presence
from data_plane.agent import worker as worker_module
from data_plane.agent.channel import Channel
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
    Stored,
    ToAgent,
    ToWorker,
)
from data_plane.agent.worker import Worker
from data_plane.config.rejection import Rejection
from data_plane.observability.delta import Delta
from data_plane.telemetry.sender import Sender

COMMIT = Commit("e", 1, "hash1")


class Record(msgspec.Struct):
    id: int


class FakeConfiguration:
    def __init__(self) -> None:
        self.applied: list[tuple[dict[str, bytes], list[str], int]] = []

    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        if "fault" in changed:
            raise RuntimeError("a bug")
        self.applied.append((dict(changed), list(removed), revision))
        return [Rejection(path, "is bad") for path in changed if path == "bad"]


class FakeTraffic:
    def __init__(self) -> None:
        self.accepting = False
        self.was_cut_off = False
        self.heard: list[object] = []
        self.idle = asyncio.Event()
        self.idle.set()

    async def accept(self) -> None:
        self.accepting = True

    def use_certificates(self, certificates: Sequence[KeyPair]) -> None:
        self.heard.append(certificates)

    async def on_configuration(self) -> None:
        self.heard.append("configuration")

    def leave(self) -> None:
        self.heard.append("leave")

    async def drain(self, seconds: float) -> None:
        self.accepting = False
        await self.idle.wait()

    def cut_off(self) -> None:
        self.was_cut_off = True
        self.idle.set()


class Scene:
    def __init__(self, data_dir: Path, channels: tuple[Channel[ToWorker], Channel[ToAgent]]) -> None:
        self.data_dir = data_dir
        self.configuration = FakeConfiguration()
        self.traffic = FakeTraffic()
        self.sender = Sender()
        self.ours, self.agent = channels
        self.requests = 0
        self.worker = Worker(self.ours, self.configuration, self.traffic, self.sender, self._report)
        start = Start("node", "gateway", "first", 0, 0, str(data_dir), 5.0)
        self.running = asyncio.get_running_loop().create_task(self.worker.run(start))

    def _report(self) -> Report:
        counted, self.requests = self.requests, 0
        return Report([Delta("requests", [], counted)], [])

    async def tell(self, *messages: msgspec.Struct) -> None:
        for message in messages:
            await self.agent.send(message)

    async def hear(self, kind: type) -> ToAgent:
        """The next message of a kind."""
        async with asyncio.timeout(5.0):
            while True:
                message = await self.agent.receive()
                if isinstance(message, kind):
                    return message

    async def serve(self) -> None:
        await self.tell(Changes({"a": b"1"}, []), COMMIT, Accept())
        await self.hear(Accepting)

    def spooled(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.data_dir.glob("records/orphan-*/records.jsonl"))


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(worker_module, "TAKEOVER_SECONDS", 0.02)
    monkeypatch.setattr(worker_module, "SEND_SECONDS", 0.02)
    one, other = socket.socketpair()
    channels = (
        await Channel.open(one, msgspec.msgpack.Decoder(ToWorker)),
        await Channel.open(other, msgspec.msgpack.Decoder(ToAgent)),
    )
    scene = Scene(tmp_path, channels)
    yield scene
    scene.running.cancel()
    await asyncio.wait([scene.running])
    for channel in channels:
        await channel.flush_and_close(1.0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3.0):
        while not condition():
            await asyncio.sleep(0.01)


async def test_it_accepts_only_after_its_set_is_applied(scene: Scene) -> None:
    await scene.tell(Changes({"a": b"1"}, []), Changes({"b": b"2"}, ["c"]), COMMIT, Accept())
    applied = await scene.hear(Applied)
    assert isinstance(applied, Applied)
    assert (applied.revision, applied.content_hash) == (1, "hash1")
    await scene.hear(Accepting)
    assert scene.configuration.applied == [({"a": b"1", "b": b"2"}, ["c"], 1)]
    assert scene.traffic.accepting


async def test_a_path_that_comes_back_within_an_update_is_there(scene: Scene) -> None:
    await scene.tell(Changes({}, ["a"]), Changes({"a": b"2"}, []), COMMIT)
    await scene.hear(Applied)
    assert scene.configuration.applied == [({"a": b"2"}, [], 1)]


async def test_it_owns_up_to_rejecting_what_the_agent_accepted(scene: Scene) -> None:
    await scene.tell(Changes({"bad": b""}, []), COMMIT)
    applied = await scene.hear(Applied)
    assert isinstance(applied, Applied)
    assert applied.content_hash == "rejected bad"


async def test_a_drain_lets_what_is_under_way_end_and_reports_it(scene: Scene) -> None:
    await scene.serve()
    scene.traffic.idle.clear()
    await scene.tell(Drain())
    await scene.hear(Draining)
    assert not scene.traffic.accepting
    scene.requests = 3
    scene.sender.append(Record(1))
    scene.traffic.idle.set()
    report = await scene.hear(Report)
    assert isinstance(report, Report)
    records = await scene.hear(Records)
    assert isinstance(records, Records)
    assert not scene.running.done()
    await scene.tell(Stored(records.sequence))
    await asyncio.wait_for(scene.running, 2.0)
    assert scene.sender.unstored() == ()


async def test_a_second_request_to_stop_cuts_off(scene: Scene) -> None:
    await scene.serve()
    scene.traffic.idle.clear()
    scene.worker.stop()
    await scene.hear(Draining)
    assert not scene.traffic.was_cut_off
    scene.worker.stop()
    await asyncio.wait_for(scene.running, 5.0)
    assert scene.traffic.was_cut_off


async def test_a_drain_of_the_agent_after_a_signal_does_not_cut_off(scene: Scene) -> None:
    await scene.serve()
    scene.traffic.idle.clear()
    scene.worker.stop()
    await scene.tell(Drain())
    await scene.hear(Draining)
    assert not scene.traffic.was_cut_off
    scene.traffic.idle.set()


async def test_without_its_agent_it_serves_on_and_keeps_records(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.serve()
    scene.sender.append(Record(1))
    await scene.hear(Records)  # never confirmed
    presence.take_over(scene.data_dir, "first")
    await scene.agent.flush_and_close(1.0)
    await until(lambda: b'{"id":1}' in scene.spooled())
    scene.sender.append(Record(2))
    await until(lambda: b'{"id":2}' in scene.spooled())
    looks: list[str] = []
    is_replaced = presence.is_replaced

    def look(data_dir: Path, agent: str) -> bool:
        looks.append(agent)
        return is_replaced(data_dir, agent)

    monkeypatch.setattr(presence, "is_replaced", look)
    await until(lambda: len(looks) >= 3)
    assert scene.traffic.accepting
    assert not scene.running.done()


async def test_it_drains_when_another_agent_has_taken_over(scene: Scene) -> None:
    await scene.serve()
    await scene.agent.flush_and_close(1.0)
    scene.sender.append(Record(7))
    presence.take_over(scene.data_dir, "second")
    await asyncio.wait_for(scene.running, 5.0)
    assert scene.spooled() == b'{"id":7}\n'


async def test_without_its_agent_and_without_traffic_it_ends(scene: Scene) -> None:
    await scene.agent.flush_and_close(1.0)
    await asyncio.wait_for(scene.running, 5.0)


async def test_a_fault_of_its_own_ends_it(scene: Scene) -> None:
    await scene.serve()
    await scene.tell(Changes({"fault": b""}, []), Commit("e", 2, "hash2"))
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(scene.running, 5.0)


async def test_what_concerns_the_listeners_reaches_them(scene: Scene) -> None:
    pairs = (KeyPair("a.pem", b"chain", b"key"),)
    await scene.serve()
    await scene.tell(Certificates(pairs), LameDuck(), msgspec.structs.replace(COMMIT, revision=2))
    await scene.hear(Applied)
    assert scene.traffic.heard == ["configuration", pairs, "leave", "configuration"]


@pytest.mark.parametrize("drains", [False, True], ids=["serving", "draining"])
async def test_a_drain_at_once_cuts_off_what_is_under_way(scene: Scene, drains: bool) -> None:
    await scene.serve()
    scene.traffic.idle.clear()
    if drains:
        await scene.tell(Drain())
        await scene.hear(Draining)
    await scene.tell(Drain(at_once=True))
    await asyncio.wait_for(asyncio.shield(scene.running), 5.0)
    assert scene.traffic.was_cut_off
