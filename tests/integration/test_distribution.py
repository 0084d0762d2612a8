"""Control planes and replicas over real gRPC and TLS, on the store in memory."""

from pathlib import Path

import pytest

from control_plane.store.memory import MemoryStore
from tests.fakes.distribution import (
    Replica,
    TestPki,
    control_plane,
    document,
    eventually,
    gateway,
    tenant,
    write,
)

MODEL = "acme/Model/chat"


@pytest.fixture
def pki(tmp_path: Path) -> TestPki:
    return TestPki(tmp_path)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(store, dict([gateway(), tenant("acme"), (MODEL, document(MODEL, {"description": "1"}))]))
    return store


async def test_a_change_reaches_a_replica_and_is_acked(store: MemoryStore, pki: TestPki) -> None:
    async with control_plane(store, pki) as cp, Replica("r1").running([cp.port], pki.gateway()) as replica:
        await eventually(lambda: len(replica.resources.payloads) == 3)
        await write(store, {MODEL: document(MODEL, {"description": "2"})})
        await eventually(lambda: b'"2"' in replica.resources.payloads[MODEL])
        assert replica.updates[-1].changed.keys() == {MODEL}
        await eventually(lambda: bool(cp.catalog.state.nodes))
        (node,) = await cp.nodes.list()
        assert (node.record.node, node.record.gateway, node.status) == ("r1", "edge", "Current")
