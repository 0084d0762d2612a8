"""A store's log, control planes that have read a part of it, and replicas on streams between which all can happen."""

from collections import deque

from isthmus.discovery.v1 import discovery_pb2 as pb

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.epoch import EPOCH_KEY, Epoch, encode_epoch
from control_plane.distribution.item import Item
from control_plane.distribution.quarantine_record import QuarantineKey, QuarantineRecord, encode_record
from control_plane.distribution.session import Nacked, Session, parse_hello
from control_plane.distribution.state import State, Touched
from control_plane.distribution.subset import Audience, Subset
from control_plane.store.base import Entry
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import Apply, Identity, Refused, Send, Subscriber
from tests.fakes.distribution import gateway, tenant, unseal

TENANTS = ("acme", "bolt", "core")
MODELS = tuple(f"{name}/Model/m{index}" for name in TENANTS for index in range(3))
PATHS = (*MODELS, "acme/Secret/s", "platform/Model/p")
CONTROL_PLANES = 2
NODES = 3
FIRST_REVISION = 10
BAD = b'"bad"'


class World:
    """A store's log, control planes that each have read a part of it, nodes that are connected or not."""

    def __init__(self) -> None:
        self.revision = FIRST_REVISION
        self.store: dict[str, Entry] = {}
        self.log: list[tuple[int, str, Entry | None]] = []
        self.epoch = Epoch("first")
        self.clock = 0.0
        self.planes = [Plane(self) for _ in range(CONTROL_PLANES)]
        self.nodes = [Node(self, index) for index in range(NODES)]
        self.commit({EPOCH_KEY: encode_epoch(self.epoch)})
        self.write(dict([gateway("edge", tier="gold"), *(tenant(name, tier="gold") for name in TENANTS)]))
        for plane in self.planes:
            plane.read_all()

    def commit(self, values: dict[str, bytes | None]) -> None:
        self.revision += 1
        for key, value in values.items():
            entry = None if value is None else Entry(key, value, self.revision, self.revision)
            self._enter(self.revision, key, entry)

    def _enter(self, revision: int, key: str, entry: Entry | None) -> None:
        self.log.append((revision, key, entry))
        if entry:
            self.store[key] = entry
        else:
            self.store.pop(key, None)

    def write(self, changes: dict[str, bytes | None]) -> None:
        self.commit({PATH_PREFIX + path: payload for path, payload in changes.items()})

    def restore(self, accept: bool) -> None:
        """The store as it was at an earlier revision, with a new epoch; the control planes start over."""
        self.revision = (FIRST_REVISION + self.revision) // 2
        log, self.log, self.store = self.log, [], {}
        for revision, key, entry in log:
            if revision <= self.revision:
                self._enter(revision, key, entry)
        self.epoch = Epoch(f"{self.epoch.name}+", accept)
        for node in self.nodes:
            node.disconnect()
        self.planes = [Plane(self) for _ in range(CONTROL_PLANES)]
        self.commit({EPOCH_KEY: encode_epoch(self.epoch)})

    def settle(self) -> None:
        """Deliver everything until nothing is left to deliver."""
        for plane in self.planes:
            plane.read_all()
        for _ in range(10_000):
            for node in self.nodes:
                if node.stream is None:
                    node.connect(self.planes[0])
            moved = [node.step() for node in self.nodes]
            if not any([*moved, *(plane.read() for plane in self.planes)]):
                return
        raise AssertionError("it never comes to rest")


class Plane:
    """One control plane."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = State(unseal)
        self.subset = Subset(Audience("edge", 1), self.state, lambda: self.world.clock)
        self.position = 0
        self.offered: set[bytes] = {self.subset.content_hash}

    def read(self) -> bool:
        """Take in one more revision."""
        if self.position >= len(self.world.log):
            return False
        revision = self.world.log[self.position][0]
        touched = Touched()
        while self.position < len(self.world.log) and self.world.log[self.position][0] == revision:
            _, key, entry = self.world.log[self.position]
            if entry:
                self.state.put(entry, touched)
            else:
                self.state.remove(key, touched)
            self.position += 1
        self.state.revision = revision
        self.subset.refresh(touched.paths)
        self.offered.add(self.subset.content_hash)
        return True

    def read_all(self) -> None:
        while self.read():
            pass

    def quarantine(self, nacked: Nacked, node: "Node") -> None:
        """As the quarantine does, with a store that answers at once: the last good version is that of the node."""
        for rejected in nacked.rejected:
            key = QuarantineKey("edge", rejected.path)
            resource = self.world.store.get(PATH_PREFIX + rejected.path)
            held = self.world.store.get(key.store_key)
            if resource is None or resource.revision != rejected.item.revision or (held and _is_for(held, resource)):
                continue
            served = Item(node.shown[rejected.path], 1, b"") if rejected.path in node.shown else None
            record = QuarantineRecord(resource.revision, rejected.reason, node.name, "", served)
            self.world.commit({key.store_key: encode_record(record)})


class Stream:
    """What is under way in each direction, in order."""

    def __init__(self, plane: Plane, hello: bytes) -> None:
        self.plane = plane
        epoch = plane.state.epoch
        assert epoch
        self.session = Session(parse_hello(hello), plane.subset, epoch)
        self.epoch = epoch
        self.down: deque[bytes] = deque()
        self.up: deque[bytes] = deque()
        self.open_updates = 0
        self.offered = 0
        self.refused: int | None = None


class Node:
    """One replica; it refuses what contains `BAD`."""

    def __init__(self, world: World, index: int) -> None:
        self.world = world
        self.name = f"n{index}"
        self.subscriber = Subscriber(Identity(self.name, "edge", 1), ResourceSet())
        self.stream: Stream | None = None
        self.shown: dict[str, bytes] = {}

    def connect(self, plane: Plane) -> None:
        if plane.state.epoch is not None:
            self.stream = Stream(plane, self.subscriber.connect())

    def disconnect(self) -> None:
        self.stream = None

    def step(self) -> bool:
        """Move one thing on this node's stream."""
        stream = self.stream
        if stream is None:
            return False
        if stream.plane.state.epoch != stream.epoch:
            self.stream = None  # the control plane ends the stream
            return True
        return self.hear() or self.answer() or self.offer()

    def offer(self) -> bool:
        """Have the control plane put on the stream what it has to say."""
        stream = self.stream
        messages = stream.session.poll() if stream else None
        if stream is None or messages is None:
            return False
        sent = list(messages)
        assert all(len(message) <= 1024 * 1024 for message in sent)
        if _closes(sent[-1]):
            stream.open_updates += 1
            assert stream.open_updates == 1, "two updates are under way"
            assert stream.plane.subset.changes != stream.refused, "what was refused is offered again"
            stream.offered = stream.plane.subset.changes
        stream.down.extend(sent)
        return True

    def answer(self) -> bool:
        """Have the control plane take one message of the node."""
        stream = self.stream
        if stream is None or not stream.up:
            return False
        answer = stream.session.receive(stream.up.popleft())
        stream.open_updates -= answer is not None
        if isinstance(answer, Nacked):
            stream.refused = stream.offered
            stream.plane.quarantine(answer, self)
        return True

    def hear(self) -> bool:
        """Take one message of the control plane."""
        stream = self.stream
        if stream is None or not stream.down:
            return False
        match self.subscriber.receive(stream.down.popleft()):
            case Send(message):
                stream.up.append(message)
            case Apply(update):
                bad = [Rejection(path, "bad") for path, payload in update.changed.items() if BAD in payload]
                after = {**self.shown, **update.changed}
                for path in update.removed:
                    del after[path]
                stream.up.append(self.subscriber.reject(bad) if bad else self.subscriber.accept())
                self.shown = self.shown if bad else after
            case Refused(_):
                assert self.subscriber.has_refused
            case None:
                pass
        return True


def _closes(message: bytes) -> bool:
    return bool(pb.ControlPlaneMessage.FromString(message).update.content_hash)


def _is_for(record: Entry, resource: Entry) -> bool:
    return f'"revision": {resource.revision},'.encode() in record.value


def expected(world: World) -> dict[str, bytes]:
    """What a node of `edge` must hold, by the store alone and by other means than the subset's."""

    def offered(path: str) -> bytes | None:
        entry = world.store.get(PATH_PREFIX + path)
        record = world.store.get(QuarantineKey("edge", path).store_key)
        if entry is None:
            return None
        if record and _is_for(record, entry):
            return record.value.partition(b"\n")[2] or None
        return unseal(path, entry.value) if "/Secret/" in path else entry.value

    tenants = {name: payload for name in TENANTS if (payload := offered(f"platform/Tenant/{name}"))}
    gold = {name for name, payload in tenants.items() if b'"tier":"gold"' in payload}
    own = offered("platform/Gateway/edge")
    if own is None:
        return {}
    chosen = gold if b'"tier":"gold"' in own else set(tenants)
    result = {}
    for key in world.store:
        path = key.removeprefix(PATH_PREFIX)
        if path.startswith("_"):
            continue
        owner, kind, name = path.split("/")
        mine = (
            owner in chosen
            or (owner == "platform" and kind not in ("Gateway", "Tenant"))
            or (kind == "Tenant" and name in chosen)
            or path == "platform/Gateway/edge"
        )
        if mine and (payload := offered(path)) is not None:
            result[path] = payload
    return result


def check(world: World) -> None:
    """What holds at any time."""
    for node in world.nodes:
        assert dict(node.subscriber.resources.payloads) == node.shown
        assert not any(BAD in payload for payload in node.shown.values())


def check_end(world: World) -> None:
    """What holds when nothing is left to deliver."""
    for node in world.nodes:
        assert dict(node.subscriber.resources.payloads) == expected(world)
        assert node.subscriber.resources.position.epoch == world.epoch.name
