"""The replicas of the fleet: what each serves, the same on every control plane, from small keys in the store."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node, parse_node
from control_plane.distribution.subset import Audience, Subset
from control_plane.store.base import Compare, Conflict, LeaseEnded, Put, Store, StoreError

WRITE_SECONDS = 1.0  # a replica's key is written at most so often
LEASE_SECONDS = 15  # after which the replicas of a control plane that died are gone
DEPARTED_SECONDS = 600  # how long a replica that left is still shown
NODES_PER_WRITE = 60  # a transaction has 128 operations

NodeStatus = Literal["Current", "Behind", "Quarantining", "Rejecting", "Disconnected"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RejectedResource:
    """`path` empty: the node named nothing that could be left out."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class NodeState:
    """A replica, as the API shows it."""

    record: NodeRecord
    status: NodeStatus
    rejected: tuple[RejectedResource, ...]


@dataclass(slots=True)
class _Own:
    """A replica that is connected here. `written`: the revision of its key as we left it; None: not written yet."""

    record: NodeRecord
    written: int | None = None
    is_dirty: bool = True


def audience_of(record: NodeRecord) -> Audience:
    """Which offer a replica gets: nothing is newer than this control plane."""
    return Audience(record.gateway, min(record.schema_version, SCHEMA_VERSION))


class Nodes:
    """Streams call `connect`, `change` and `leave`; `run` writes the keys."""

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self._catalog = catalog
        self._store = store
        self._own: dict[str, _Own] = {}
        self._lease = 0
        self._departed_lease = (0, 0.0)
        self.write_failures = 0

    async def list(self) -> tuple[NodeState, ...]:
        """All replicas by name, also those that left a short while ago."""
        return self.states()

    def states(self) -> tuple[NodeState, ...]:
        """The same, for who does not wait."""
        return tuple(self._state(record) for record in self.records())

    def records(self) -> Iterable[NodeRecord]:
        nodes = self._catalog.state.nodes
        return (nodes[node][0] for node in sorted(nodes))

    def oldest_connected(self) -> tuple[int, tuple[str, ...]]:
        """The lowest schema version of a connected replica, and which have it; our own if none is connected."""
        connected = [record for record in self.records() if record.connected]
        oldest = min((record.schema_version for record in connected), default=SCHEMA_VERSION)
        return oldest, tuple(record.node for record in connected if record.schema_version == oldest)

    def connect(self, record: NodeRecord) -> None:
        """A replica has begun a stream here."""
        self._own[record.node] = _Own(record)

    def change(self, record: NodeRecord) -> None:
        """What is known of a connected replica has changed."""
        own = self._own.get(record.node)
        if own and own.record != record:
            own.record = record
            own.is_dirty = True

    def leave(self, node: str) -> None:
        """A replica's stream has ended."""
        if own := self._own.get(node):
            own.record = replace(own.record, connected=False)
            own.is_dirty = True

    async def run(self) -> None:
        """Until cancelled; then the keys of the replicas that were connected here go, so that another may take over."""
        try:
            while True:
                try:
                    await self._write()
                except StoreError as error:
                    self.write_failures += 1
                    logger.warning("nodes_not_written reason=%r", str(error))
                await asyncio.sleep(WRITE_SECONDS)
        finally:
            await self._give_up_lease()

    async def _give_up_lease(self) -> None:
        if not self._lease:
            return
        try:
            await self._store.revoke_lease(self._lease)
        except StoreError as error:
            logger.warning("nodes_lease_kept reason=%r", str(error))

    async def _write(self) -> None:
        if not self._lease or not await self._store.renew_lease(self._lease):
            self._lease = await self._store.grant_lease(LEASE_SECONDS)
            for own in self._own.values():
                own.is_dirty = True  # the keys went with the old lease
        dirty = iter([own for own in self._own.values() if own.is_dirty])
        while batch := list(islice(dirty, NODES_PER_WRITE)):
            await self._write_batch(batch)

    async def _write_batch(self, batch: Sequence[_Own]) -> None:
        while batch:
            records = [own.record for own in batch]
            compares = [Compare(NODES_PREFIX + own.record.node, self._expected(own)) for own in batch]
            puts = [await self._put(record) for record in records]
            try:
                revision = await self._store.transact(compares, puts)
            except LeaseEnded:
                self._lease, self._departed_lease = 0, (0, 0.0)
                return  # the next round has a new one
            except Conflict as conflict:
                contested = next(own for own in batch if NODES_PREFIX + own.record.node == conflict.key)
                if not await self._resolve(contested):
                    batch = [own for own in batch if own is not contested]
                continue
            for own, record in zip(batch, records, strict=True):
                self._written(own, record, revision)
            return

    def _written(self, own: _Own, record: NodeRecord, revision: int) -> None:
        own.written = revision
        if own.record == record:
            own.is_dirty = False
            if not record.connected and self._own.get(record.node) is own:
                del self._own[record.node]

    def _expected(self, own: _Own) -> int:
        if own.written is not None:
            return own.written
        known = self._catalog.state.nodes.get(own.record.node)
        return known[1] if known else 0

    async def _resolve(self, own: _Own) -> bool:
        """After a conflict: whether the key is ours to write. A stream that is new here wins over an older one."""
        node = own.record.node
        entry = await self._store.get(NODES_PREFIX + node)
        there = parse_node(node, entry.value) if entry else None
        is_new = own.written is None and own.record.connected
        is_ours = there is None or _stream(there) == _stream(own.record)
        if is_new or is_ours:
            own.written = entry.revision if entry else 0
            return True
        if self._own.get(node) is own:  # it has moved to another control plane
            del self._own[node]
        return False

    async def _put(self, record: NodeRecord) -> Put:
        lease = self._lease if record.connected else await self._lease_of_departed()
        return Put(NODES_PREFIX + record.node, encode_node(record), lease)

    async def _lease_of_departed(self) -> int:
        """One lease for all that leave within a while, never renewed."""
        lease, granted = self._departed_lease
        now = asyncio.get_running_loop().time()
        if not lease or now - granted > DEPARTED_SECONDS / 2:
            lease = await self._store.grant_lease(DEPARTED_SECONDS)
            self._departed_lease = (lease, now)
        return lease

    def _state(self, record: NodeRecord) -> NodeState:
        state = self._catalog.state
        rejected = [
            RejectedResource(key.path, found.reason)
            for key, (found, _) in sorted(state.quarantine.items(), key=lambda item: item[0])
            if key.gateway == record.gateway and state.active_quarantine(*key) is found
        ]
        if record.stuck:
            rejected.append(RejectedResource("", record.reason))
        subset = self._catalog.subset(audience_of(record))
        return NodeState(record, _status(record, subset, bool(rejected)), tuple(rejected))


def _stream(record: NodeRecord) -> tuple[str, str]:
    return record.control_plane, record.connected_at


def _status(record: NodeRecord, subset: Subset, has_rejected: bool) -> NodeStatus:
    if not record.connected:
        return "Disconnected"
    if record.stuck:
        return "Rejecting"
    if record.content_hash != subset.content_hash.hex():
        return "Behind"
    return "Quarantining" if has_rejected else "Current"
