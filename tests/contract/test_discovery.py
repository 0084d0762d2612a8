"""Both sides of the discovery protocol against each other in memory, under random schedules.

Whatever the order of writes, refusals, lost streams, other control planes and restores: a node shows only whole states
that some control plane offered, at most one update is under way, and at the end all nodes hold what the store has
for them.
"""

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from config_schemas.canonical import PATH_PREFIX
from tests.fakes.discovery_world import CONTROL_PLANES, NODES, PATHS, TENANTS, Plane, World, check, check_end
from tests.fakes.distribution import document, gateway, seal, secret, tenant


class Discovery(RuleBasedStateMachine):
    """Random schedules."""

    world: World

    @initialize()
    def begin(self) -> None:
        self.world = World()

    @rule(path=st.sampled_from(PATHS), number=st.integers(0, 3))
    def write(self, path: str, number: int) -> None:
        self.world.write({path: _payload(path, number)})

    @rule(paths=st.sets(st.sampled_from(PATHS), min_size=2), number=st.integers(0, 3))
    def write_many(self, paths: set[str], number: int) -> None:
        self.world.write({path: _payload(path, number) for path in sorted(paths)})

    @rule(path=st.sampled_from([path for path in PATHS if "Secret" not in path]))
    def write_bad(self, path: str) -> None:
        self.world.write({path: document(path, {"description": "bad"})})

    @rule(path=st.sampled_from(PATHS))
    def delete(self, path: str) -> None:
        if PATH_PREFIX + path in self.world.store:
            self.world.write({path: None})

    @rule(key=st.sampled_from(["k1", "k2"]))
    def seal_anew(self, key: str) -> None:
        if PATH_PREFIX + "acme/Secret/s" in self.world.store:
            self.world.write(dict([secret("acme/Secret/s", seal("the same", key))]))

    @rule(name=st.sampled_from(TENANTS), tier=st.sampled_from(["gold", "tin"]))
    def label_tenant(self, name: str, tier: str) -> None:
        self.world.write(dict([tenant(name, tier=tier)]))

    @rule(labels=st.sampled_from([{}, {"tier": "gold"}]))
    def write_gateway(self, labels: dict[str, str]) -> None:
        self.world.write(dict([gateway("edge", **labels), gateway("other")]))

    @rule(plane=st.integers(0, CONTROL_PLANES - 1), revisions=st.integers(1, 5))
    def plane_reads(self, plane: int, revisions: int) -> None:
        for _ in range(revisions):
            self.world.planes[plane].read()

    @rule(node=st.integers(0, NODES - 1), plane=st.integers(0, CONTROL_PLANES - 1))
    def connect(self, node: int, plane: int) -> None:
        self.world.nodes[node].connect(self.world.planes[plane])

    @rule(node=st.integers(0, NODES - 1), plane=st.integers(0, CONTROL_PLANES - 1), steps=st.integers(1, 8))
    def step(self, node: int, plane: int, steps: int) -> None:
        if self.world.nodes[node].stream is None:
            self.world.nodes[node].connect(self.world.planes[plane])
        for _ in range(steps):
            self.world.nodes[node].step()

    @rule(node=st.integers(0, NODES - 1))
    def offer(self, node: int) -> None:
        self.world.nodes[node].offer()

    @rule(node=st.integers(0, NODES - 1))
    def hear(self, node: int) -> None:
        self.world.nodes[node].hear()

    @rule(seconds=st.sampled_from([1.0, 400.0]), gateway_goes=st.booleans())
    def time_passes(self, seconds: float, gateway_goes: bool) -> None:
        self.world.clock += seconds
        if gateway_goes and PATH_PREFIX + "platform/Gateway/edge" in self.world.store:
            self.world.write({"platform/Gateway/edge": None})

    @rule(fault=st.sampled_from(["stream", "stream", "control plane", "restore"]), index=st.integers(0, 1))
    def fail(self, fault: str, index: int) -> None:
        lost = self.world.planes[index]
        if fault == "restore":
            self.world.restore(accept=True)
        elif fault == "stream":
            self.world.nodes[index].disconnect()
        else:
            self.world.planes[index] = Plane(self.world)
            for node in self.world.nodes:
                if node.stream and node.stream.plane is lost:
                    node.disconnect()

    @rule()
    def settle(self) -> None:
        self.world.settle()
        check_end(self.world)

    @invariant()
    def nodes_show_whole_accepted_states(self) -> None:
        if hasattr(self, "world"):
            check(self.world)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.settle()


def _payload(path: str, number: int) -> bytes:
    if "/Secret/" in path:
        return secret(path, seal(str(number)))[1]
    return document(path, {"description": str(number)})


TestDiscovery = Discovery.TestCase
TestDiscovery.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


class Schedule:
    """A long schedule, drawn at once: reaches states that the machine, which draws step by step, seldom does."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World()

    def run(self, steps: int) -> None:
        acts = (self.step, self.step, self.step, self.read, self.read, self.write, self.write, self.reconnect)
        rare = (self.relabel, self.fail, self.pause)
        for _ in range(steps):
            self.random.choice(rare if self.random.random() < 0.05 else acts)()
            check(self.world)
        self.world.settle()
        check_end(self.world)

    def step(self) -> None:
        node = self.random.choice(self.world.nodes)
        for _ in range(self.random.randint(1, 6)):
            self.random.choice((node.step, node.step, node.offer, node.hear, node.answer))()

    def read(self) -> None:
        plane = self.random.choice(self.world.planes)
        for _ in range(self.random.randint(1, 4)):
            plane.read()

    def write(self) -> None:
        changes: dict[str, bytes | None] = {}
        for path in self.random.sample(PATHS, self.random.randint(1, 3)):
            if self.random.random() < 0.2 and PATH_PREFIX + path in self.world.store:
                changes[path] = None
            elif self.random.random() < 0.2 and "Secret" not in path:
                changes[path] = document(path, {"description": "bad"})
            else:
                changes[path] = _payload(path, self.random.randint(0, 3))
        self.world.write(changes)

    def reconnect(self) -> None:
        self.random.choice(self.world.nodes).connect(self.random.choice(self.world.planes))

    def relabel(self) -> None:
        tier = self.random.choice(("gold", "tin"))
        self.world.write(dict([self.random.choice((tenant(self.random.choice(TENANTS), tier=tier), gateway("edge")))]))

    def fail(self) -> None:
        if self.random.random() < 0.2:
            self.world.restore(accept=True)
            return
        lost = self.random.randrange(CONTROL_PLANES)
        for node in self.world.nodes:
            if node.stream and node.stream.plane is self.world.planes[lost]:
                node.disconnect()
        self.world.planes[lost] = Plane(self.world)

    def pause(self) -> None:
        self.world.clock += 400.0


@pytest.mark.parametrize("seeds", [range(100), pytest.param(range(100, 3000), marks=pytest.mark.long)], ids=str)
def test_nodes_converge_after_long_schedules(seeds: range) -> None:
    for seed in seeds:
        try:
            Schedule(seed).run(150)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
