"""The keys of replicas: who writes them, what they say, when they go."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node, parse_node
from control_plane.distribution.nodes import LEASE_SECONDS, Nodes
from control_plane.distribution.programmed import Programming
from control_plane.distribution.subset import Audience
from control_plane.store.base import Compare, Put, Unavailable, Write
from control_plane.store.memory import MemoryStore
from tests.fakes.distribution import document, eventually, gateway, running, tenant, unseal, write

MODEL = "acme/Model/chat"


class CountingStore(MemoryStore):
    """Counts writes; fails while `is_away`; its leases end by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(lambda: self.now)
        self.writes: list[int] = []
        self.is_away = False

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        if self.is_away:
            raise Unavailable("away")
        self.writes.append(len(writes))
        return await super().transact(compares, writes)


def record(node: str = "n1", control_plane: str = "cp-1", connected_at: str = "t1", **fields: object) -> NodeRecord:
    return NodeRecord(node, "edge", control_plane, 1, True, connected_at, 0, "", **fields)  # type: ignore[arg-type]


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> CountingStore:
    monkeypatch.setattr("control_plane.distribution.nodes.WRITE_SECONDS", 0.01)
    store = CountingStore()
    await write(store, dict([gateway(), tenant("acme"), (MODEL, document(MODEL))]))
    return store


@pytest.fixture
async def catalog(store: CountingStore) -> AsyncIterator[Catalog]:
    catalog = Catalog(store, unseal)
    await catalog.start()
    async with running(catalog.run()):
        yield catalog


def test_fields_of_a_newer_control_plane_are_passed_over() -> None:
    value = json.dumps({**json.loads(encode_node(record())), "zone": "a"}).encode()
    assert parse_node("n1", value) == record()


async def stored(store: MemoryStore, node: str = "n1") -> NodeRecord | None:
    entry = await store.get(NODES_PREFIX + node)
    return parse_node(node, entry.value) if entry else None


async def test_many_changes_are_one_write(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    for number in range(100):
        nodes.connect(record(f"n{number}"))
        for revision in range(5):
            nodes.change(replace(record(f"n{number}"), revision=revision))
    store.writes.clear()
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 100)
    assert store.writes == [60, 40]


async def test_what_has_not_changed_is_not_written(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 1)
        store.writes.clear()
        nodes.change(record())
        nodes.connect(record("n2"))
        await eventually(lambda: len(catalog.state.nodes) == 2)
    assert store.writes == [1]


async def test_a_replica_that_left_is_shown_for_a_while(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 1)
        nodes.leave("n1")
        await eventually(lambda: [state.status for state in nodes.states()] == ["Disconnected"])
        store.now += 601.0
        store.expire_leases()
        await eventually(lambda: nodes.states() == ())


async def test_the_replicas_of_a_control_plane_that_stops_or_dies_go(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 1)
    await eventually(lambda: not catalog.state.nodes)


async def test_after_a_lease_was_lost_all_keys_are_written_again(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 1)
        _, revision = catalog.state.nodes["n1"]
        store.now += LEASE_SECONDS + 1
        store.expire_leases()
        await eventually(lambda: "n1" in catalog.state.nodes and catalog.state.nodes["n1"][1] > revision)


async def test_a_replica_that_moved_belongs_to_the_new_control_plane(store: CountingStore, catalog: Catalog) -> None:
    one, two = Nodes(catalog, store), Nodes(catalog, store)
    one.connect(record())
    async with running(one.run(), two.run()):
        await eventually(lambda: "n1" in catalog.state.nodes)
        two.connect(record(control_plane="cp-2", connected_at="t2"))
        await eventually(lambda: catalog.state.nodes["n1"][0].control_plane == "cp-2")
        one.leave("n1")  # it notices late
        await eventually(lambda: not one._own)
        found = await stored(store)
        assert found and (found.control_plane, found.connected) == ("cp-2", True)


async def test_writes_go_on_when_the_store_is_back(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    async with running(nodes.run()):
        await eventually(lambda: "n1" in catalog.state.nodes)
        store.is_away = True
        nodes.change(replace(record(), revision=7))
        await eventually(lambda: nodes.write_failures > 2)
        store.is_away = False
        await eventually(lambda: catalog.state.nodes["n1"][0].revision == 7)


async def test_the_state_of_a_replica_is_computed(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    current = catalog.subset(Audience("edge", 1)).content_hash.hex()
    nodes.connect(replace(record("current"), content_hash=current))
    nodes.connect(record("behind"))
    nodes.connect(record("stuck", stuck=True, reason="why"))
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 3)
        states = {state.record.node: state for state in await nodes.list()}
    assert {node: state.status for node, state in states.items()} == {
        "current": "Current",
        "behind": "Behind",
        "stuck": "Rejecting",
    }
    assert states["stuck"].rejected[0].reason == "why"


async def test_programmed_waits_for_every_connected_replica(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    assert Programming(catalog).condition(MODEL).reason == "NoReplicas"
    assert Programming(catalog).condition("acme/Model/unheard-of").reason == "NotFound"
    nodes.connect(replace(record("n1"), revision=catalog.revision))
    nodes.connect(record("n2"))
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 2)
        condition = Programming(catalog).condition(MODEL)
        assert (condition.status, condition.reason) == ("False", "Pending") and "n2" in condition.message
        nodes.leave("n2")
        await eventually(lambda: Programming(catalog).condition(MODEL).status == "True")


async def test_the_oldest_connected_replica_is_known(store: CountingStore, catalog: Catalog) -> None:
    nodes = Nodes(catalog, store)
    assert nodes.oldest_connected() == (SCHEMA_VERSION, ())
    nodes.connect(replace(record("new"), schema_version=9))
    nodes.connect(replace(record("old"), schema_version=3))
    async with running(nodes.run()):
        await eventually(lambda: len(catalog.state.nodes) == 2)
        assert nodes.oldest_connected() == (3, ("old",))


@pytest.mark.parametrize("value", [b"", b"[]", b"{}", b'{"node":"other"}'])
async def test_a_record_that_cannot_be_read_is_passed_over(
    store: CountingStore, catalog: Catalog, value: bytes
) -> None:
    await store.transact([Compare(NODES_PREFIX + "n1", 0)], [Put(NODES_PREFIX + "n1", value)])
    await eventually(lambda: catalog.state.unreadable_records == 1)
    assert not catalog.state.nodes


@pytest.mark.parametrize(
    ("path", "spec", "message"),
    [
        ("acme/CorsPolicy/a", {}, "it is left out of what gateway `edge` gets"),
        (
            "acme/Route/a",
            {"redirect": {"port": 1}},
            "gateway `edge`: its replicas of schema version 1 get it without what came later",
        ),
    ],
    ids=["a kind", "a field"],
)
async def test_what_old_replicas_are_not_sent_is_not_programmed(
    store: CountingStore, catalog: Catalog, path: str, spec: dict[str, object], message: str
) -> None:
    await write(store, {path: document(path, spec), "acme/Route/b": document("acme/Route/b")})
    nodes = Nodes(catalog, store)
    nodes.connect(record())
    subset = catalog.subset(Audience("edge", 1))
    async with running(nodes.run()):
        await eventually(lambda: subset.find("acme/Route/b") is not None and len(catalog.state.nodes) == 1)
        nodes.change(replace(record(), revision=catalog.revision, content_hash=subset.content_hash.hex()))
        await eventually(lambda: Programming(catalog).condition("acme/Route/b").status == "True")
        condition = Programming(catalog).condition(path)
        assert (condition.status, condition.reason, condition.message) == ("False", "ReplicaTooOld", message)
