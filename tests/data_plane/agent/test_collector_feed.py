"""The spool's way to collectors, with a collector in this process."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import grpc
import pytest

from control_plane.cli.pki import Authority, GatewayIdentity, KeyPair, Pki
from data_plane.agent import collector_feed as collector_feed_module
from data_plane.agent.collector_feed import CollectorFeed, Node
from data_plane.telemetry import delivery as delivery_module
from data_plane.telemetry.spool import Spool
from tests.fakes.collector import lines, pki, record, tls_files
from tests.fakes.record_collector import FakeCollector, fake_collector

DEADLINE_SECONDS = 10.0

Result = TypeVar("Result")


class Scene:
    """A spool and what empties it."""

    def __init__(self, folder: Path, keys: Pki, *targets: str) -> None:
        self.folder = folder / "records"
        self.spool = Spool(self.folder, 1_000_000)
        node = Node("node", "edge", self.folder)
        self.feed = CollectorFeed(self.spool, self.on_disk, node, targets, tls_files(keys), uniform=lambda a, b: 0.0)

    async def on_disk(self, function: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(function)

    def write(self, *numbers: int, gateway: str = "edge") -> None:
        self.spool.append(lines([record(number, gateway=gateway) for number in numbers]), len(numbers))

    def files(self) -> list[str]:
        """With something in them."""
        return sorted(file.name for file in self.folder.glob("*.jsonl") if has_content(file))

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self.feed.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector_feed_module, "POLL_SECONDS", 0.02)


@pytest.fixture
def keys(tmp_path: Path) -> Pki:
    return pki(tmp_path)


@pytest.fixture
async def collector(keys: Pki) -> AsyncIterator[FakeCollector]:
    async with fake_collector(keys) as collector:
        yield collector


def has_content(file: Path) -> bool:
    """False for one that has gone meanwhile, too."""
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_records_are_sent_and_removed_once_they_are_confirmed(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    scene = Scene(tmp_path, keys, collector.target)
    collector.limit = 0
    scene.write(1, 2)
    async with scene.sending():
        await eventually(collector.records)
        assert scene.files() == ["sending-00000001.jsonl"]
        collector.limit = None
        scene.write(3)
    assert collector.records() == [1, 2]
    async with scene.sending():
        await eventually(lambda: scene.files() == [])
        scene.write(4)
        await eventually(lambda: scene.files() == [] and 4 in collector.records())
        assert scene.feed.lag_seconds < DEADLINE_SECONDS
    assert collector.records() == [1, 2, 1, 2, 3, 4]
    assert (scene.feed.counters.sent, scene.feed.counters.acked) == (6, 4)


async def test_after_a_broken_stream_it_goes_on_where_receipts_ended(
    tmp_path: Path, keys: Pki, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "CHUNK_BYTES", 1000)  # one record each
    scene = Scene(tmp_path, keys, collector.target)
    scene.write(1, 2, 3)
    collector.limit = 2
    async with scene.sending():
        await eventually(lambda: scene.feed.counters.acked == 2 and 3 in collector.records())
    collector.limit = None
    async with scene.sending():
        await eventually(lambda: scene.files() == [])
    assert collector.records() == [1, 2, 3, 3]


async def test_no_more_is_under_way_than_the_window(
    tmp_path: Path, keys: Pki, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(collector_feed_module, "WINDOW", 2)
    monkeypatch.setattr(collector_feed_module, "RECEIPT_SECONDS", 0.3)
    scene = Scene(tmp_path, keys, collector.target)
    scene.write(1, 2, 3)
    collector.limit = 0
    async with scene.sending():
        await eventually(lambda: scene.feed.counters.failures)  # it waits no longer
    assert collector.records()[:2] == [1, 2]
    assert 3 not in collector.records()


async def test_another_collector_takes_over(tmp_path: Path, keys: Pki, collector: FakeCollector) -> None:
    async with fake_collector(keys) as ill:
        ill.refusal = (grpc.StatusCode.UNAVAILABLE, "nothing can be stored now")
        scene = Scene(tmp_path, keys, ill.target, collector.target)
        scene.write(1)
        async with scene.sending():
            await eventually(lambda: scene.files() == [])
            assert scene.feed.connected_to == collector.target
    assert collector.records() == [1]
    assert scene.feed.counters.failures >= 1


async def test_without_a_collector_records_stay(tmp_path: Path, keys: Pki) -> None:
    scene = Scene(tmp_path, keys, "localhost:1")
    scene.write(1)
    async with scene.sending():
        await asyncio.sleep(0.1)
        await scene.feed.finish()  # does not wait for what cannot come
    assert scene.files() == ["records.jsonl"]
    assert scene.feed.connected_to is None


async def test_lines_that_no_collector_would_take_are_counted_and_hold_up_nothing(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    scene = Scene(tmp_path, keys, collector.target)
    scene.write(1, gateway="former")
    scene.spool.append(b"damaged\n", 1)
    scene.write(2)
    async with scene.sending():
        await eventually(lambda: scene.files() == [])
    assert collector.records() == [2]
    assert scene.feed.counters.unusable == 2


async def test_sums_of_folded_records_are_sent_under_one_name(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    scene = Scene(tmp_path, keys, collector.target)
    for number in range(2000):
        scene.write(number)
    assert scene.spool.folded
    collector.limit = 0
    async with scene.sending():
        await eventually(collector.sums)
    collector.limit = None
    async with scene.sending():
        await eventually(lambda: scene.files() == ["sums.jsonl"])  # the next table, which is empty
    sent = collector.sums()
    assert len({table for table, _, _ in sent}) == 1
    assert [application for _, application, _ in sorted(sent)] == ["app-0", "app-1", "app-2"]
    assert sum(calls for _, _, calls in sent) == scene.spool.folded
    assert len(set(collector.records())) == 2000 - scene.spool.folded


async def test_what_other_processes_left_is_sent_and_what_they_still_write_is_not(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    left = Spool(tmp_path / "records" / "orphan-17", 1_000_000)
    left.append(lines([record(1)]), 1)
    left.close()
    alive = Spool(tmp_path / "records" / "successor", 1_000_000)
    alive.append(lines([record(2)]), 1)
    scene = Scene(tmp_path, keys, collector.target)
    async with scene.sending():
        await eventually(lambda: 1 in collector.records())
        await eventually(lambda: scene.files() == [])
    assert collector.records() == [1]
    assert not (tmp_path / "records" / "orphan-17").exists()
    assert (tmp_path / "records" / "successor" / "records.jsonl").stat().st_size
    alive.close()


async def test_the_end_waits_for_what_a_collector_takes_at_once(
    tmp_path: Path, keys: Pki, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector_feed_module, "POLL_SECONDS", 1.0)
    scene = Scene(tmp_path, keys, collector.target)
    async with scene.sending():
        await eventually(lambda: scene.feed.connected_to)
        scene.write(1)
        await scene.feed.finish()
        assert scene.files() == []
        collector.limit = 0
        monkeypatch.setattr(collector_feed_module, "FINISH_SECONDS", 0.2)
        scene.write(2)
        await scene.feed.finish()
    assert scene.files() == ["sending-00000002.jsonl"]


async def test_the_end_is_not_fooled_by_a_look_into_the_spool_before_the_last_records(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    scene = Scene(tmp_path, keys, collector.target)
    claim = scene.spool.claim_records
    looked, go_on = threading.Event(), threading.Event()

    def claim_slowly() -> list[Path]:
        found = claim()
        looked.set()
        assert go_on.wait(DEADLINE_SECONDS)
        return found

    scene.spool.claim_records = claim_slowly  # type: ignore[method-assign]
    async with scene.sending():
        await eventually(looked.is_set)
        scene.write(1)
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        await scene.feed.finish()
    assert collector.records() == [1]


async def test_a_new_certificate_is_used_for_the_next_stream(
    tmp_path: Path, keys: Pki, collector: FakeCollector
) -> None:
    scene = Scene(tmp_path, keys, collector.target)
    async with scene.sending():
        scene.write(1)
        await eventually(lambda: scene.files() == [])
        reissue(keys)
        await eventually(lambda: scene.feed.counters.connects == 2)
        scene.write(2)
        await eventually(lambda: scene.files() == [])
    assert [len(stream) for stream in collector.streams] == [1, 1]
    assert scene.feed.counters.failures == 0


def reissue(keys: Pki) -> None:
    authority = Authority(KeyPair(keys.authority.read_bytes(), keys.authority.with_name("ca-key.pem").read_bytes()))
    pair = authority.issue_gateway(GatewayIdentity("edge"), datetime.now(UTC))
    keys.gateway.key.write_bytes(pair.key)
    keys.gateway.certificate.write_bytes(pair.certificate)


async def test_a_folder_that_lets_nothing_be_claimed_is_not_asked_without_end(
    tmp_path: Path, keys: Pki, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector_feed_module, "POLL_SECONDS", 0.2)
    scene = Scene(tmp_path, keys, collector.target)
    scene.write(1)
    asked = 0

    def refuse() -> list[Path]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(scene.spool, "claim_records", refuse)
    async with scene.sending():
        await eventually(lambda: asked == 2)
        began = asyncio.get_running_loop().time()
        await eventually(lambda: asked >= 4)
        assert asyncio.get_running_loop().time() - began > 0.1
