from collections.abc import AsyncIterator

import pytest

from data_plane.deadlines import Deadlines
from data_plane.upstream.cluster import Cluster, ServiceTarget
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from data_plane.upstream.service_dispatch import ServiceDispatcher
from tests.fakes.upstream import ANSWER, ScriptedUpstream, receiver


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    made = ScriptedUpstream()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def pools() -> Pools:
    return Pools(Deadlines())


def service(
    pools: Pools, *upstreams: ScriptedUpstream, retries_stale: bool = False, **more: bytes
) -> ServiceDispatcher:
    cluster = Cluster("default/s", tuple(each.endpoint() for each in upstreams), (1,) * len(upstreams), retries_stale)
    return Dispatchers(pools, lambda: 0.0).for_service(ServiceTarget("default/s", cluster, **more))


async def test_an_answer_is_relayed_and_the_connection_used_again(pools: Pools, upstream: ScriptedUpstream) -> None:
    dispatcher = service(pools, upstream)
    for _ in range(3):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        await call.end()
        assert (call.status, call.body) == (200, ANSWER)
    assert upstream.connections == 1
