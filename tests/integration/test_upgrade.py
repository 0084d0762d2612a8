"""A replica whose workers, and whose program, are replaced while clients call: no connection is refused or cut."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.caller import Callers
from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.replica import Replica, configuration


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    replica = Replica(tmp_path, flags=("--listen", f"unix:{tmp_path / 's'}", "--drain-seconds", "5"))
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        yield replica


async def test_all_workers_are_replaced_by_a_signal_and_nobody_notices(replica: Replica) -> None:
    before = set(replica.worker_pids())
    async with Callers(replica.port) as callers:
        await callers.more(30)
        replica.signal(signal.SIGHUP)
        await replica.until(lambda: "workers replaced count=2" in replica.log())
        assert (await replica.wait_for(lambda status: True))["ready"]
        await replica.until(lambda: not before & set(replica.worker_pids()))
        await callers.more(30)
    assert callers.failures == [] and len(replica.worker_pids()) == 2


async def test_a_program_that_starts_anew_takes_over_and_nobody_notices(replica: Replica) -> None:
    ports = replica.port, replica.admin_port
    async with Callers(replica.port) as callers:
        for _ in range(2):
            before = set(replica.worker_pids()), replica.pid
            await callers.more(20)
            await replica.upgrade()
            await replica.until(lambda gone=before[0]: not gone & set(replica.worker_pids()))  # type: ignore[misc]
            assert (await replica.wait_for(lambda status: True))["ready"]
            assert replica.pid != before[1]
        await callers.more(20)
    assert callers.failures == []
    assert (replica.port, replica.admin_port) == ports
    reader, writer = await asyncio.open_unix_connection(str(replica.folder / "s"))
    writer.write(b"GET /rest/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await replica.until(lambda: len(replica.records()) == len(callers.answers) + 1)
    os.kill(replica.pid, signal.SIGTERM)
    await replica.until(lambda: replica.has_ended(replica.pid))
    assert replica.worker_pids() == [] and not (replica.folder / "s").exists()


async def test_a_program_that_cannot_start_leaves_the_one_that_serves(replica: Replica) -> None:
    replica.config.write_text("kind: Nonsense")
    async with Callers(replica.port) as callers:
        replica.signal(signal.SIGUSR2)
        await replica.until(lambda: "upgrade failed; serving on" in replica.log())
        await callers.more(20)
    assert callers.failures == []
    assert (await replica.wait_for(lambda status: True))["ready"]
    assert await replica.metric("isthmus_failed_upgrades_total") == 1
    assert (replica.folder / "s").exists()


async def test_one_that_dies_amid_its_hand_over_is_followed_all_the_same(replica: Replica) -> None:
    before = set(replica.worker_pids())
    async with Callers(replica.port) as callers:
        await callers.more(10)
        replica.signal(signal.SIGUSR2)
        await replica.until(lambda: "handing over" in replica.log())
        replica.note_follower()
        replica.kill_agent()
        await replica.until(lambda: "taken over" in replica.log())
        await replica.until(lambda: not before & set(replica.worker_pids()))
        await replica.upgrade()  # it can be followed itself
        await callers.more(20)
    assert callers.failures == []


async def test_a_queue_of_connections_outlives_a_worker_that_is_killed(tmp_path: Path, upstream: ModelServer) -> None:
    replica = Replica(tmp_path, workers=1)
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        os.kill(replica.worker_pids()[0], signal.SIGSTOP)
        clients = [socket.create_connection(("127.0.0.1", replica.port), 5) for _ in range(50)]
        for client in clients:
            client.sendall(b"GET /rest/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        os.kill(replica.worker_pids()[0], signal.SIGKILL)
        answers = await asyncio.gather(*(asyncio.to_thread(client.recv, 65536) for client in clients))
        for client in clients:
            client.close()
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 50
