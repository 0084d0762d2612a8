"""Workers, replicas and programs that are replaced or die under load: what clients notice."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.accepted import kill_knowingly
from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import Behaviour, ModelServer, model_server
from tests.fakes.open_load import OpenLoad, Target, chat_request
from tests.fakes.probe import CHAT, ask, lag
from tests.fakes.replica import Replica, api_key, configuration
from tests.fakes.storm import Address, Storm

LONG = (pytest.mark.long, pytest.mark.timeout(900))
Property = Callable[[str, object], None]
KEY = api_key()
# 30 of 100 are streams, which last for 0.4 s.
MIXED = [chat_request(KEY, stream=turn % 10 in (0, 3, 7)) for turn in range(10)]


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        server.behaviour = Behaviour(word_seconds=0.1)
        yield server


async def restart(replica: Replica, pid: int) -> None:
    """Have a worker drain, and wait for the next in its place."""
    os.kill(pid, signal.SIGTERM)
    await replica.until(lambda: replica.has_ended(pid))
    await replica.wait_for(lambda status: status["serving"] == status["workers"])


@pytest.mark.parametrize(
    ("rate", "rounds"), [pytest.param(100, 2, id="short"), pytest.param(1000, 20, id="long", marks=LONG)]
)
async def test_only_what_a_killed_worker_had_accepted_is_lost(
    tmp_path: Path, upstream: ModelServer, rate: int, rounds: int, record_property: Property
) -> None:
    replica = Replica(tmp_path)
    replica.write_config(configuration({"alpha": upstream.url}))
    lost: set[Address] = set()
    async with replica, Storm(replica.port, rate) as storm:
        await storm.more(rate)
        for turn in range(rounds):
            workers = sorted(replica.worker_pids())
            await restart(replica, workers[turn % 2])
            victim = sorted(replica.worker_pids())[turn % 2]
            lost |= kill_knowingly(victim)
            await replica.until(lambda gone=victim: replica.has_ended(gone))  # type: ignore[misc]
            await replica.wait_for(lambda status: status["serving"] == status["workers"])
        await storm.more(rate)
    outcome = storm.outcome
    record_property("connections a second", round(outcome.begun / outcome.seconds))
    record_property("connections", outcome.begun)
    record_property("accepted by killed workers", len(lost))
    record_property("failed", len(outcome.failures))
    assert {client: why for client, why in outcome.failures.items() if client not in lost} == {}
    assert outcome.finished == outcome.begun


@dataclass(slots=True)
class Balanced:
    """A replica as a balancer sees it: it is asked for its readiness ten times a second."""

    replica: Replica
    is_ready: bool = False

    async def watch(self) -> None:
        while True:
            try:
                self.is_ready = '"ready": true' in await asyncio.wait_for(self.replica.admin("/readyz"), 1.0)
            except (OSError, TimeoutError):
                self.is_ready = False
            await asyncio.sleep(0.1)

    async def until_ready(self, wanted: bool) -> None:
        async with asyncio.timeout(30):
            while self.is_ready is not wanted:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("rolls", [pytest.param(1, id="short"), pytest.param(5, id="long", marks=LONG)])
async def test_replicas_are_restarted_in_turn_and_no_call_fails(
    tmp_path: Path, upstream: ModelServer, rolls: int, record_property: Property
) -> None:
    fleet = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        replica = Replica(tmp_path / name, workers=1, flags=("--drain-delay-seconds", "1"))
        replica.write_config(configuration({"alpha": upstream.url}))
        fleet.append(Balanced(replica))

    def recorded() -> int:
        return sum(len(each.replica.records()) for each in fleet)

    loop = asyncio.get_running_loop()
    watching = [loop.create_task(each.watch()) for each in fleet]
    try:
        for each in fleet:
            await each.replica.start()
            await each.until_ready(True)
        targets = [Target(each.replica.port, lambda each=each: each.is_ready) for each in fleet]  # type: ignore[misc]
        async with OpenLoad(targets, 50, MIXED) as load:
            await load.more(50)
            for _ in range(rolls):
                for each in fleet:
                    each.replica.signal(signal.SIGTERM)
                    await each.until_ready(False)
                    assert await each.replica.wait_end() == 0
                    each.replica.spawn("--static-config", str(each.replica.config))
                    await each.replica.wait_ready()
                    await each.until_ready(True)
            await load.more(50)
        await fleet[0].replica.until(lambda: recorded() == len(load.calls))
    finally:
        for task in watching:
            task.cancel()
        for each in fleet:
            each.replica.clean_up()
    record_property("calls", len(load.calls))
    record_property("failed", len(load.failures))
    assert load.failures == []


@pytest.mark.parametrize("upgrades", [pytest.param(1, id="short"), pytest.param(5, id="long", marks=LONG)])
async def test_the_program_is_upgraded_and_no_call_fails(
    tmp_path: Path, upstream: ModelServer, upgrades: int, record_property: Property
) -> None:
    replica = Replica(tmp_path)
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        async with OpenLoad([Target(replica.port)], 50, MIXED) as load:
            await load.more(50)
            for _ in range(upgrades):
                await replica.upgrade()
                assert (await replica.wait_for(lambda status: True))["ready"]
            await load.more(50)
        record_property("calls", len(load.calls))
        record_property("failed", len(load.failures))
        assert load.failures == []
        await replica.until(lambda: len(replica.records()) == len(load.calls))


async def test_a_connected_replica_is_followed_and_hears_of_changes(
    fleet: Fleet, alpha: ModelServer, beta: ModelServer
) -> None:
    urls = {"alpha": f"{alpha.url}/v1", "beta": f"{beta.url}/v1"}
    await fleet.apply(*tenant_documents("followed", urls, {"alpha": 1, "beta": 0}))
    key, _ = await fleet.make_key("followed", "app")
    replica = fleet.replicas[0]
    chat = f"{replica.url}/followed/v1/chat/completions"
    statuses: list[int] = []

    async def call_on() -> None:
        while True:
            statuses.append((await ask(chat, key, CHAT)).status)

    calling = asyncio.get_running_loop().create_task(call_on())
    try:
        await replica.be_followed()
        await fleet.wait_current()
        changed = document("followed/Model/chat", model_spec({"alpha": 0, "beta": 1}))
        await fleet.call("PUT", "/v1/tenants/followed/models/chat", changed)
        assert await lag(chat, key, time.monotonic(), status=200, body=CHAT, version="beta") < 1.0
    finally:
        calling.cancel()
    assert set(statuses) == {200} and len(statuses) > 10
    assert await replica.metric("isthmus_discovery_failures_total") == 0


async def test_a_replica_says_that_it_goes_before_it_refuses(tmp_path: Path, upstream: ModelServer) -> None:
    upstream.behaviour = Behaviour(gate=asyncio.Event())
    replica = Replica(tmp_path, workers=1, flags=("--drain-delay-seconds", "2"))
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        stream = asyncio.get_running_loop().create_task(exchange(replica.port, chat_request(KEY, stream=True)))
        await asyncio.wait_for(upstream.first_word_sent.wait(), 10)
        idle = await asyncio.open_connection("127.0.0.1", replica.port)
        assert b"connection: close" not in await answer(*idle, KEEPING)
        replica.signal(signal.SIGTERM)
        await replica.wait_for(lambda status: not status["ready"])
        await replica.until(lambda: "leaving seconds=2" in replica.log())
        assert b"connection: close" in await answer(*idle, KEEPING)
        fresh = await asyncio.open_connection("127.0.0.1", replica.port)
        assert b"connection: close" in await answer(*fresh, KEEPING)
        silent = await asyncio.open_connection("127.0.0.1", replica.port)
        await replica.wait_for(lambda status: status["serving"] == 0)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", replica.port)
        assert await asyncio.wait_for(silent[0].read(), 10) == b""
        assert not stream.done()
        assert upstream.behaviour.gate is not None
        upstream.behaviour.gate.set()
        assert (await stream).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        assert await replica.wait_end() == 0
        for _, writer in (idle, fresh, silent):
            writer.transport.abort()


KEEPING = b"GET /nowhere HTTP/1.1\r\nHost: a.example\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """The head of the answer; its body is read, too."""
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await asyncio.wait_for(reader.readexactly(length), 10)
    return head


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.transport.abort()
