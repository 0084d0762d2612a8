"""The store in memory, as of one revision: resources, quarantine records, replicas' records, epoch. Without I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.epoch import EPOCH_KEY, Epoch, parse_epoch
from control_plane.distribution.item import Item, Items, Unseal, is_resource_path, tenant_of
from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, parse_node
from control_plane.distribution.quarantine_record import (
    QuarantineKey,
    QuarantineRecord,
    parse_key,
    parse_record,
)
from control_plane.store.base import Entry


@dataclass(slots=True)
class Touched:
    """What a step of the state may have changed."""

    paths: set[str] = field(default_factory=set)
    epoch: bool = False
    nodes: bool = False

    def __bool__(self) -> bool:
        return bool(self.paths) or self.epoch or self.nodes


class State:
    """Changes by `put` and `remove`, one store revision at a time; the owner announces what was touched."""

    def __init__(self, unseal: Unseal) -> None:
        self.items = Items(unseal)
        self.revision = 0
        self.epoch: Epoch | None = None
        self._resources: dict[str, dict[str, Item]] = {}  # by tenant, by path
        self._quarantine: dict[QuarantineKey, tuple[QuarantineRecord, int]] = {}
        self._nodes: dict[str, tuple[NodeRecord, int]] = {}
        self._epoch_revision = 0
        self.unreadable_records = 0  # counts records that could not be parsed

    def find(self, path: str) -> Item | None:
        return self._resources.get(tenant_of(path), {}).get(path)

    def of_tenant(self, tenant: str) -> Mapping[str, Item]:
        """By path."""
        return MappingProxyType(self._resources.get(tenant, {}))

    def paths(self) -> Iterable[str]:
        return (path for resources in self._resources.values() for path in resources)

    @property
    def quarantine(self) -> Mapping[QuarantineKey, tuple[QuarantineRecord, int]]:
        """All records with the revision of each, also those that no longer apply."""
        return MappingProxyType(self._quarantine)

    @property
    def nodes(self) -> Mapping[str, tuple[NodeRecord, int]]:
        """By node, with the revision of each."""
        return MappingProxyType(self._nodes)

    def active_quarantine(self, gateway: str, path: str) -> QuarantineRecord | None:
        """The record that applies to the resource as it is now; it ends when the resource changes."""
        found = self._quarantine.get(QuarantineKey(gateway, path))
        item = self.find(path)
        if found is None or item is None or found[0].revision != item.revision:
            return None
        return found[0]

    def offered(self, gateway: str, path: str) -> Item | None:
        """What the replicas of a gateway get for a path; None: nothing."""
        record = self.active_quarantine(gateway, path)
        return record.served if record else self.find(path)

    def keys(self) -> Mapping[str, int]:
        """The revision of each key that is held: for comparison with the store."""
        keys = {PATH_PREFIX + path: item.revision for r in self._resources.values() for path, item in r.items()}
        keys |= {key.store_key: revision for key, (_, revision) in self._quarantine.items()}
        keys |= {NODES_PREFIX + node: revision for node, (_, revision) in self._nodes.items()}
        if self._epoch_revision:
            keys[EPOCH_KEY] = self._epoch_revision
        return keys

    @staticmethod
    def keeps(key: str) -> bool:
        """Whether a key is one of those that are held."""
        if key == EPOCH_KEY or key.startswith(NODES_PREFIX):
            return True
        return parse_key(key) is not None or is_resource_path(key.removeprefix(PATH_PREFIX))

    def put(self, entry: Entry, touched: Touched) -> None:
        """Take in a key's new value. Keys of other purposes are passed over."""
        path = entry.key.removeprefix(PATH_PREFIX)
        if entry.key == EPOCH_KEY:
            self.epoch, self._epoch_revision = parse_epoch(entry.value), entry.revision
            touched.epoch = True
        elif key := parse_key(entry.key):
            self._put_record(key, entry, touched)
        elif entry.key.startswith(NODES_PREFIX):
            self._put_node(entry, touched)
        elif is_resource_path(path):
            item = self.items.make(path, entry.value, entry.revision)
            self._resources.setdefault(tenant_of(path), {})[path] = item
            touched.paths.add(path)

    def remove(self, key: str, touched: Touched) -> None:
        """Take in that a key is gone."""
        path = key.removeprefix(PATH_PREFIX)
        if key == EPOCH_KEY:
            self.epoch, self._epoch_revision = None, 0
            touched.epoch = True
        elif record_key := parse_key(key):
            if self._quarantine.pop(record_key, None):
                touched.paths.add(record_key.path)
        elif key.startswith(NODES_PREFIX):
            touched.nodes |= self._nodes.pop(key.removeprefix(NODES_PREFIX), None) is not None
        else:
            resources = self._resources.get(tenant_of(path), {})
            if resources.pop(path, None):
                touched.paths.add(path)
            if not resources:
                self._resources.pop(tenant_of(path), None)

    def _put_record(self, key: QuarantineKey, entry: Entry, touched: Touched) -> None:
        record = parse_record(key, entry.value, self.items)
        touched.paths.add(key.path)
        if record is None:
            self.unreadable_records += 1
            self._quarantine.pop(key, None)
        else:
            self._quarantine[key] = (record, entry.revision)

    def _put_node(self, entry: Entry, touched: Touched) -> None:
        node = entry.key.removeprefix(NODES_PREFIX)
        touched.nodes = True
        if (record := parse_node(node, entry.value)) is None:
            self.unreadable_records += 1
            self._nodes.pop(node, None)
        else:
            self._nodes[node] = (record, entry.revision)
