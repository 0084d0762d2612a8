"""Pools: who shares one, what waits in them, and what ends it."""

import asyncio

import pytest

from data_plane.upstream import pool as pool_module
from data_plane.upstream.cluster import Endpoint, UpstreamTls
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream, PassTime
from tests.fakes.upstream import FakeReceiver, receiver, service


async def ask_at_once(pools: Pools, endpoint: Endpoint, count: int) -> list[FakeReceiver]:
    dispatcher = service(pools, endpoint)
    calls = [receiver() for _ in range(count)]
    for call in calls:
        dispatcher.send(call, streams_body=False)
    for call in calls:
        await call.end()
    return calls


def test_equal_endpoints_share_a_pool(pools: Pools) -> None:
    tls = UpstreamTls("a.example", "pem")
    pool = pools.get(Endpoint("a", 443, tls))
    assert pools.get(Endpoint("a", 443, UpstreamTls("a.example", "pem"))) is pool
    for other in (Endpoint("a", 443), Endpoint("a", 444, tls), Endpoint("a", 443, UpstreamTls("b.example", "pem"))):
        assert pools.get(other) is not pool


async def test_no_more_connections_wait_than_allowed(
    pools: Pools, open_upstream: OpenUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MAX_IDLE", 2)
    upstream = await open_upstream()
    pool = pools.get(upstream.endpoint())
    calls = await ask_at_once(pools, upstream.endpoint(), 5)
    assert all(call.status == 200 for call in calls)
    assert (upstream.connections, pool.idle, pool.busy) == (5, 2, 0)


async def test_the_connection_that_came_last_goes_first_and_the_first_one_ends(
    pools: Pools, open_upstream: OpenUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = await open_upstream()
    pool = pools.get(upstream.endpoint())
    await ask_at_once(pools, upstream.endpoint(), 3)
    monkeypatch.setattr(pool_module, "MAX_IDLE", 2)
    connections = [pool.acquire() for _ in range(3)]
    for connection in connections:
        pool.release(connection)
    assert [pool.acquire(), pool.acquire()] == [connections[2], connections[1]]
    assert pool.idle == 0
    connections[1].abort()
    connections[2].abort()


async def test_closing_ends_what_waits(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    pool = pools.get(upstream.endpoint())
    await ask_at_once(pools, upstream.endpoint(), 3)
    pools.close()
    assert pool.idle == 0
    await asyncio.wait_for(upstream.closed.wait(), 5)


async def test_a_dead_endpoint_is_logged_once_a_minute(
    pools: Pools, caplog: pytest.LogCaptureFixture, pass_time: PassTime
) -> None:
    endpoint = Endpoint("127.0.0.1", 1)
    keep = pools.get(endpoint)
    await ask_at_once(pools, endpoint, 20)
    assert caplog.text.count(f"upstream unreachable endpoint={keep.address}") == 1
    pass_time(61)
    await ask_at_once(pools, endpoint, 20)
    assert caplog.text.count("upstream unreachable") == 2
