"""A collector as it runs: a process with an embedded store, fed by replicas and by spools."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from data_plane.agent.collector_feed import CollectorFeed, Node
from data_plane.telemetry.spool import Spool
from tests.fakes.collector import DEADLINE_SECONDS, POLL_SECONDS, Collector, lines, pki, record, tls_files
from tests.fakes.model_server import model_server
from tests.fakes.probe import CHAT, ask
from tests.fakes.replica import Replica, api_key, configuration

EMPTY_SECONDS = 120.0  # some seconds; minutes on a machine with much else to do
LEDGER = "SELECT sum(calls), sum(charged), sum(incurred), sum(input_uncached), sum(output) FROM isthmus.ledger_hourly"
DETAILS = (
    "SELECT count(), sum(charged), sum(incurred), sum(input_uncached), sum(output) FROM isthmus.call_records FINAL"
)

Result = TypeVar("Result")


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    collector = Collector(tmp_path, pki(tmp_path))
    try:
        await collector.start()
        yield collector
    finally:
        collector.kill()


class Sender:
    """A node without traffic: a spool, and what empties it."""

    def __init__(self, folder: Path, collector: Collector, spool_bytes: int) -> None:
        self._folder = folder / "records"
        self.spool = Spool(self._folder, spool_bytes)
        self._disk = ThreadPoolExecutor(1)
        node = Node("node", "edge", self._folder)
        tls = tls_files(pki(folder))
        self.feed = CollectorFeed(
            self.spool, self._on_disk, node, [collector.address], tls, uniform=lambda a, b: b / 20
        )
        self.written = 0

    async def write(self, count: int) -> None:
        batch = [record(number) for number in range(self.written + 1, self.written + count + 1)]
        self.written += count
        await self._on_disk(lambda: self.spool.append(lines(batch), count))

    async def until_empty(self) -> None:
        async with asyncio.timeout(EMPTY_SECONDS):
            while self.spool.has_records or list(self._folder.glob("s*-*.jsonl")):
                await asyncio.sleep(POLL_SECONDS)

    def expected(self) -> list[int]:
        numbers = range(1, self.written + 1)
        return [
            self.written,
            sum(1000 + number for number in numbers),
            sum(2000 + number for number in numbers),
            sum(300 + number for number in numbers),
            100 * self.written,
        ]

    @contextlib.asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self.feed.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _on_disk(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, function)


async def test_calls_of_a_replica_reach_the_store_and_leave_the_spool(tmp_path: Path) -> None:
    keys = pki(tmp_path, "default")
    collector = Collector(tmp_path, keys)
    gateway = keys.gateway
    await collector.start()
    flags = ["--cert", str(gateway.certificate), "--key", str(gateway.key), "--ca", str(keys.authority)]
    replica = Replica(tmp_path, flags=[*flags, "--collectors", collector.address])
    try:
        async with model_server("alpha") as upstream:
            replica.write_config(configuration({"alpha": upstream.url}))
            async with replica:
                for _ in range(6):
                    assert (await ask(f"{replica.url}/v1/chat/completions", api_key(), CHAT)).status == 200
                await replica.until_metric("isthmus_records_acked_total", 6)
                assert await replica.metric("isthmus_collector_lag_seconds") < 5
                assert replica.records() == []
        assert await collector.stop() == 0
    finally:
        collector.kill()
    ((count, models),) = collector.ask("SELECT count(), groupUniqArray(model) FROM isthmus.call_records")[0]
    assert (count, models) == (6, ["chat"])


@pytest.mark.parametrize(
    ("rounds", "spool_bytes"),
    [
        pytest.param(2, 200_000_000, id="twice"),
        pytest.param(20, 200_000_000, id="20 times", marks=pytest.mark.long),
        pytest.param(20, 16_000_000, id="20 times, the spool overflows", marks=pytest.mark.long),
    ],
)
async def test_kills_of_the_collector_lose_and_double_nothing(
    collector: Collector,
    tmp_path: Path,
    rounds: int,
    spool_bytes: int,
    record_property: Callable[[str, object], None],
) -> None:
    sender = Sender(tmp_path, collector, spool_bytes)
    chance = random.Random(1)
    async with sender.sending():
        for _ in range(rounds):
            await sender.write(5000)
            await asyncio.sleep(chance.uniform(0.1, 1.5))  # amid sending, storing or receipts
            collector.kill()
            await sender.write(100)
            await collector.start()
        await sender.until_empty()
    collector.kill()
    await collector.start()  # sums up what it finds
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await collector.metric("roll_ups_total") or await collector.metric("stale_hours"):
            await asyncio.sleep(POLL_SECONDS)
    assert await collector.stop() == 0
    ledger, details, written = collector.ask(LEDGER, DETAILS, "SELECT count() FROM isthmus.call_records")
    assert ledger == [sender.expected()]
    folded = sender.spool.folded
    assert details[0][0] == sender.written - folded
    assert bool(folded) == (spool_bytes < 100_000_000)
    record_property("records", sender.written)
    record_property("of which folded", folded)
    record_property("rows written again after a kill", written[0][0] - details[0][0])


@pytest.mark.long
async def test_upgrades_and_killed_agents_lose_and_double_no_record(tmp_path: Path) -> None:
    keys = pki(tmp_path, "default")
    collector = Collector(tmp_path, keys)
    gateway = keys.gateway
    await collector.start()
    flags = ["--cert", str(gateway.certificate), "--key", str(gateway.key), "--ca", str(keys.authority)]
    replica = Replica(tmp_path, flags=[*flags, "--collectors", collector.address])
    calls = 0

    async def call(count: int) -> None:
        nonlocal calls
        for _ in range(count):
            assert (await ask(f"{replica.url}/v1/chat/completions", api_key(), CHAT)).status == 200
        calls += count

    try:
        async with model_server("alpha") as upstream:
            replica.write_config(configuration({"alpha": upstream.url}))
            async with replica:
                for _ in range(3):
                    await call(20)
                    collector.kill()
                    await call(20)
                    await replica.upgrade()
                    await call(20)
                    await collector.start()
                await replica.wait_end()  # of the program that the first upgrade has followed
                agent = replica.pid
                replica.signal(signal.SIGKILL)
                await replica.until(lambda: replica.has_ended(agent))
                await call(20)  # served by orphans
                await replica.start()
                await call(20)
                spool = replica.data_dir / "records"
                await replica.until(lambda: list(spool.glob("orphan-*")))
                await replica.until(lambda: not list(spool.glob("orphan-*")))  # adopted
                replica.signal(signal.SIGTERM)
                assert await replica.wait_end() == 0
                assert not [file.name for file in spool.rglob("*.jsonl") if file.stat().st_size]
        assert await collector.stop() == 0
    finally:
        collector.kill()
    ((stored, requests),) = collector.ask("SELECT count(), uniqExact(request_id) FROM isthmus.call_records FINAL")[0]
    assert (stored, requests) == (calls, calls)
