"""The condition `Programmed` of a resource: whether every connected replica that should have it has accepted it."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from control_plane.distribution.catalog import Catalog
from control_plane.distribution.item import Item
from control_plane.distribution.node_record import NodeRecord
from control_plane.distribution.nodes import audience_of
from control_plane.distribution.subset import Audience


@dataclass(frozen=True, slots=True)
class Condition:
    """As in a resource's `status.conditions`."""

    type: Literal["Programmed"]
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str


class Programming:
    """What holds now; make a new one for each answer."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._quarantined: dict[str, list[str]] = defaultdict(list)  # gateways by path
        for gateway, path in sorted(catalog.state.quarantine):
            if catalog.state.active_quarantine(gateway, path):
                self._quarantined[path].append(gateway)
        self._nodes: dict[Audience, list[NodeRecord]] = defaultdict(list)
        for record, _ in catalog.state.nodes.values():
            if record.connected:
                self._nodes[audience_of(record)].append(record)

    def condition(self, path: str) -> Condition:
        """Of the resource `<tenant>/<Kind>/<name>` as the store has it."""
        item = self._catalog.state.find(path)
        if item is None:
            return _condition("Unknown", "NotFound", "the resource is not in the store")
        for gateway in self._quarantined.get(path, ()):
            record = self._catalog.state.active_quarantine(gateway, path)
            if record:
                instead = f"revision {record.served.revision} is served" if record.served else "it is left out"
                return _condition("False", "Quarantined", f"gateway `{gateway}`: {record.reason}; {instead}")
        audiences = [audience for audience in self._nodes if self._catalog.subset(audience).includes(path)]
        if not audiences:
            return _condition("Unknown", "NoReplicas", "no connected replica serves it")
        for audience in audiences:
            if left_out := self._left_out(audience, path, item):
                return left_out
        waiting = [record.node for audience in audiences for record in self._behind(audience, item.revision)]
        if waiting:
            return _condition("False", "Pending", f"not accepted yet by {len(waiting)} replicas, as `{waiting[0]}`")
        return _condition("True", "Accepted", "every connected replica has accepted it")

    def _left_out(self, audience: Audience, path: str, item: Item) -> Condition | None:
        """What is said if the audience's replicas do not get all of the resource."""
        if self._catalog.subset(audience).find(path) is None:
            reason = "SecretUnreadable" if item.digest is None else "ReplicaTooOld"
            return _condition("False", reason, f"it is left out of what gateway `{audience.gateway}` gets")
        if self._catalog.state.items.sent_digest(path, item, audience.schema_version) != item.digest:
            oldest = f"its replicas of schema version {audience.schema_version}"
            message = f"gateway `{audience.gateway}`: {oldest} get it without what came later"
            return _condition("False", "ReplicaTooOld", message)
        return None

    def _behind(self, audience: Audience, revision: int) -> list[NodeRecord]:
        newest = self._catalog.subset(audience).content_hash.hex()
        return [r for r in self._nodes[audience] if r.content_hash != newest and r.revision < revision]


def _condition(status: Literal["True", "False", "Unknown"], reason: str, message: str) -> Condition:
    return Condition("Programmed", status, reason, message)
