"""Calls that fail: how long they are repeated, and what they say."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest
from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.cli.etcd_process import free_ports
from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import RANGE
from control_plane.etcd.settings import EtcdSettings
from tests.fakes.etcd_cluster import EtcdCluster

REQUEST = pb.RangeRequest(key=b"/a")


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _dead() -> tuple[str, ...]:
    return tuple(f"http://127.0.0.1:{port}" for port in free_ports(2))


@pytest.mark.parametrize(("once", "at_least", "at_most"), [(True, 0.0, 0.5), (False, 0.7, 1.5)])
async def test_only_what_may_be_done_twice_is_repeated_until_the_deadline(
    once: bool, at_least: float, at_most: float
) -> None:
    endpoints = _dead()
    client = EtcdClient(EtcdSettings(endpoints, total_seconds=1.0))
    began = time.monotonic()
    with pytest.raises(EtcdError) as caught:
        await client.call(RANGE, REQUEST, once=once)
    assert at_least <= time.monotonic() - began < at_most
    assert caught.value.kind is Kind.UNAVAILABLE
    assert all(endpoint in str(caught.value) for endpoint in endpoints)
    await client.close()


async def test_a_silent_endpoint_costs_one_attempt(etcd: EtcdCluster, silent: str) -> None:
    client = EtcdClient(EtcdSettings((silent, *etcd.endpoints), call_seconds=0.3), jitter=lambda: 0.0)
    began = time.monotonic()
    await client.call(RANGE, REQUEST)
    first = time.monotonic() - began
    await asyncio.gather(*(client.call(RANGE, REQUEST) for _ in range(20)))
    assert 0.3 <= first < 1.0
    assert time.monotonic() - began - first < 0.3
    await client.close()


async def test_calls_that_fail_together_move_on_by_one_endpoint(etcd: EtcdCluster, silent: str) -> None:
    endpoints = (silent, *etcd.endpoints, silent)
    client = EtcdClient(EtcdSettings(endpoints, call_seconds=0.3), jitter=lambda: 0.0)
    began = time.monotonic()
    await asyncio.gather(*(client.call(RANGE, REQUEST) for _ in range(3)))
    assert time.monotonic() - began < 0.6
    await client.close()


async def test_a_cancelled_call_is_cancelled(silent: str) -> None:
    client = EtcdClient(EtcdSettings((silent,)))
    task = asyncio.get_running_loop().create_task(client.call(RANGE, REQUEST))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.close()


async def test_a_call_under_which_the_client_is_closed_fails_without_being_cancelled(silent: str) -> None:
    client = EtcdClient(EtcdSettings((silent,)))
    task = asyncio.get_running_loop().create_task(client.call(RANGE, REQUEST))
    await asyncio.sleep(0.05)
    await client.close()
    with pytest.raises(EtcdError, match="closed"):
        await task
