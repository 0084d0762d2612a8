"""Replicas, quarantine and the state of the control plane."""

import asyncio
from collections import Counter

from aiohttp import web

from control_plane.api.call import Call, answer
from control_plane.api.schema import (
    QuarantinedResource,
    QuarantineList,
    RejectedResource,
    Replica,
    ReplicaList,
    RunningControlPlane,
    SystemStatus,
)
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.item import kind_of
from control_plane.distribution.members import Members
from control_plane.distribution.nodes import Nodes, NodeState
from control_plane.distribution.quarantine import Quarantine, QuarantineItem
from control_plane.store.base import Store, StoreError
from control_plane.store.keys import LEADER_KEY

STORE_SECONDS = 1.0


class FleetEndpoints:
    """Answers from memory, so also while the store is away."""

    def __init__(self, catalog: Catalog, nodes: Nodes, quarantine: Quarantine) -> None:
        self._catalog = catalog
        self._nodes = nodes
        self._quarantine = quarantine

    async def replicas(self, call: Call) -> web.Response:
        states = await self._nodes.list()
        return answer(ReplicaList(items=tuple(map(_replica, states)), store_revision=self._catalog.revision))

    async def quarantine(self, call: Call) -> web.Response:
        return answer(QuarantineList(items=tuple(map(_quarantined, self._quarantine.items()))))


class StatusEndpoint:
    def __init__(self, catalog: Catalog, quarantine: Quarantine, store: Store, members: Members) -> None:
        self._catalog = catalog
        self._quarantine = quarantine
        self._store = store
        self._members = members

    async def status(self, call: Call) -> web.Response:
        state = self._catalog.state
        leader, is_reachable = await self._ask_store()
        counts = dict(Counter(kind_of(path) for path in state.paths()))
        counts["replicas"] = sum(record.connected for record, _ in state.nodes.values())
        counts["quarantine"] = len(self._quarantine.items())
        own = self._members.own
        return answer(
            SystemStatus(
                version=own.version,
                schema_version=own.schema_version,
                epoch=state.epoch.name if state.epoch else "",
                store_revision=state.revision,
                store="ok" if is_reachable else "unavailable",
                leader=leader,
                control_plane=own.name,
                control_planes=tuple(
                    RunningControlPlane(name=each.name, version=each.version, schema_version=each.schema_version)
                    for each in self._members.all()
                ),
                counts=counts,
            )
        )

    async def _ask_store(self) -> tuple[str, bool]:
        """Who leads, and whether the store answers."""
        try:
            async with asyncio.timeout(STORE_SECONDS):
                entry = await self._store.get(LEADER_KEY)
        except (StoreError, TimeoutError):
            return "", False
        return entry.value.decode(errors="replace") if entry else "", True


def show_quarantined(item: QuarantineItem) -> dict[str, object]:
    return _quarantined(item).model_dump(by_alias=True)


def _quarantined(item: QuarantineItem) -> QuarantinedResource:
    return QuarantinedResource(
        resource=item.path,
        gateway=item.gateway,
        revision=item.revision,
        reason=item.reason,
        since=item.since,
        served_revision=item.served_revision,
    )


def _replica(state: NodeState) -> Replica:
    record = state.record
    return Replica(
        node=record.node,
        gateway=record.gateway,
        control_plane=record.control_plane,
        schema_version=record.schema_version,
        connected=record.connected,
        connected_at=record.connected_at,
        revision=record.revision,
        content_hash=record.content_hash,
        acked_at=record.acked_at,
        state=state.status,
        rejected=tuple(RejectedResource(resource=each.path, reason=each.reason) for each in state.rejected),
    )
