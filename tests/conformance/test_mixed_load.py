"""Many requests of every kind: none is answered wrongly, and the worker is as it was before."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.fakes.ports import lasting_ports
from tests.fakes.replica import Replica, api_key, configuration
from tests.fakes.worker_usage import MEBIBYTE, WorkerUsage

Figure = Callable[[str, object], None]
SPARE_DESCRIPTORS = 80  # connections to the upstream that may be used again


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """With one worker, in front of an upstream in a process of its own."""
    (port,) = lasting_ports(1)
    upstream = subprocess.Popen([sys.executable, "-m", "tests.fakes.canned_upstream", str(port)])
    try:
        replica = Replica(tmp_path, workers=1, flags=("--spool-mebibytes", "16"))
        replica.write_config(configuration({"canned": f"http://127.0.0.1:{port}"}))
        async with replica:
            yield replica
    finally:
        upstream.kill()
        upstream.wait(10)


async def ask(replica: Replica, count: int) -> float:
    """Have so many requests answered; how many a second."""
    command = (sys.executable, "-m", "tests.fakes.mixed_load", str(replica.port), str(count), api_key())
    load = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        output, _ = await load.communicate()
    finally:
        if load.returncode is None:
            load.kill()
    told = json.loads(output)
    assert told["wrong"] == []
    assert told["done"] == count
    return count / float(told["seconds"])


@pytest.mark.parametrize(
    ("warm_up", "count"),
    [(10_000, 20_000), pytest.param(200_000, 1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])],
    ids=["short", "long"],
)
async def test_a_worker_is_after_many_requests_as_it_was(
    warm_up: int, count: int, replica: Replica, record_property: Figure
) -> None:
    (pid,) = replica.worker_pids()
    usage = WorkerUsage(pid)
    idle = usage.descriptors
    await ask(replica, warm_up)
    warm = usage.resident_bytes
    rate = await ask(replica, count - warm_up)
    grown = usage.resident_bytes - warm
    record_property("requests", count)
    record_property("requests a second", round(rate))
    record_property("MiB after the warm-up", round(warm / MEBIBYTE, 1))
    record_property("MiB more at the end", round(grown / MEBIBYTE, 1))
    assert grown < max(warm / 10, 8 * MEBIBYTE if count < 100_000 else 0)
    assert replica.worker_pids() == [pid]
    await replica.until(lambda: usage.descriptors <= idle + SPARE_DESCRIPTORS)
    async with asyncio.timeout(10):
        while any([await replica.metric(f"isthmus_{name}") for name in ("connections", "exchanges", "held_bytes")]):
            await asyncio.sleep(0.1)
