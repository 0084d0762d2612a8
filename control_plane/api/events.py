"""What happens in the fleet, as server-sent events: changes, acks, refusals, replicas, leaders."""

import asyncio
import logging
from collections.abc import Iterator, Mapping

from aiohttp import web

from control_plane.api.call import Call
from control_plane.api.fleet import show_quarantined
from control_plane.api.sse import Bookmark, Outbox, ServerEvent, send_events
from control_plane.api.watch import Watches
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.node_record import NodeRecord
from control_plane.distribution.quarantine import Quarantine, QuarantineItem
from control_plane.distribution.state import Touched
from control_plane.store.base import Store, StoreError
from control_plane.store.keys import LEADER_KEY

RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Events:
    """Compares what the catalog shows after each step with what it showed before; `run` follows the leader."""

    def __init__(self, catalog: Catalog, quarantine: Quarantine, store: Store, watches: Watches) -> None:
        self._catalog = catalog
        self._quarantine = quarantine
        self._store = store
        self._watches = watches
        self._outboxes: set[Outbox] = set()
        self._nodes = self._current_nodes()
        self._refused = self._current_refused()
        self._seen = catalog.revision
        catalog.subscribe(self._on_change)

    async def events(self, call: Call) -> web.StreamResponse:
        """Answer with what happens from now on."""
        async with self._watches.outbox() as outbox:
            self._outboxes.add(outbox)
            try:
                return await send_events(call.request, outbox, bookmark=Bookmark(self._catalog.revision))
            finally:
                self._outboxes.discard(outbox)

    async def run(self) -> None:
        """Until cancelled."""
        leader = ""
        while True:
            try:
                entry = await self._store.get(LEADER_KEY)
                leader = self._announce_leader(leader, entry.value if entry else b"", self._catalog.revision)
                start = (await self._store.list(LEADER_KEY, limit=1)).revision + 1
                async for batch in self._store.watch(LEADER_KEY, start_revision=start):
                    for event in batch.events:
                        value = event.entry.value if event.entry else b""
                        leader = self._announce_leader(leader, value, event.revision)
            except StoreError as error:
                logger.warning("events_store_lost reason=%r", str(error))
            await asyncio.sleep(RETRY_SECONDS)

    def _announce_leader(self, before: str, value: bytes, revision: int) -> str:
        leader = value.decode(errors="replace")
        if leader != before:
            self._send(ServerEvent("leader", {"leader": leader}, revision))
        return leader

    def _on_change(self, touched: Touched) -> None:
        events = [*self._resource_events(touched)]
        events += self._node_events() if touched.nodes else ()
        events += self._quarantine_events() if touched.paths else ()
        for event in events:
            self._send(event)

    def _send(self, event: ServerEvent) -> None:
        for outbox in self._outboxes:
            outbox.put(event)

    def _resource_events(self, touched: Touched) -> Iterator[ServerEvent]:
        before, self._seen = self._seen, self._catalog.revision
        for path in sorted(touched.paths):
            item = self._catalog.state.find(path)
            if item is None:
                yield self._event("resource", {"resource": path, "action": "deleted", "revision": self._seen})
            elif item.revision > before:  # else something about it changed, as a quarantine
                data = {"resource": path, "action": "changed", "revision": item.revision}
                yield ServerEvent("resource", data, item.revision)

    def _node_events(self) -> Iterator[ServerEvent]:
        before, self._nodes = self._nodes, self._current_nodes()
        if before == self._nodes:
            return
        for node in sorted(before.keys() | self._nodes.keys()):
            old, new = before.get(node), self._nodes.get(node)
            shown = new or old
            if shown is None or old == new:
                continue
            data = {"node": node, "gateway": shown.gateway, "controlPlane": shown.control_plane}
            if bool(new and new.connected) != bool(old and old.connected):
                yield self._event("replica", data | {"connected": bool(new and new.connected)})
            if new and new.acked_at and (old is None or old.acked_at != new.acked_at):
                yield self._event("ack", data | {"revision": new.revision, "contentHash": new.content_hash})
            if new and new.stuck and not (old and old.stuck):
                yield self._event("nack", data | {"reason": new.reason})

    def _quarantine_events(self) -> Iterator[ServerEvent]:
        before, self._refused = self._refused, self._current_refused()
        for key in sorted(before.keys() | self._refused.keys()):
            old, new = before.get(key), self._refused.get(key)
            if old != new and (item := new or old):
                yield self._event("quarantine", show_quarantined(item) | {"active": new is not None})

    def _event(self, name: str, data: Mapping[str, object]) -> ServerEvent:
        return ServerEvent(name, data, self._catalog.revision)

    def _current_nodes(self) -> dict[str, NodeRecord]:
        return {node: record for node, (record, _) in self._catalog.state.nodes.items()}

    def _current_refused(self) -> dict[tuple[str, str], QuarantineItem]:
        return {(item.gateway, item.path): item for item in self._quarantine.items()}
