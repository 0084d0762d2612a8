"""Replicas as a control plane knows them: records in the store that say what each serves and refuses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from config_schemas.canonical import PATH_PREFIX
from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node
from control_plane.distribution.nodes import audience_of
from control_plane.distribution.quarantine_record import QuarantineKey, QuarantineRecord, encode_record
from control_plane.store.base import Compare, Put
from tests.fakes.rest_api import RestApi

POLL_SECONDS = 0.01


@dataclass
class AckingReplica:
    """Takes every change at once, but for resources whose path contains `refuses`; none while `is_deaf`."""

    api: RestApi
    refuses: str = ""
    is_deaf: bool = False
    node: str = "r1"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["AckingReplica"]:
        task = asyncio.get_running_loop().create_task(self.run())
        try:
            yield self
        finally:
            task.cancel()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> None:
        """Tell the store what is served now."""
        catalog = self.api.catalog
        known = catalog.state.nodes.get(self.node)
        revision = known[0].revision if known and self.is_deaf else catalog.revision
        record = NodeRecord(
            self.node,
            "default",
            "cp-1",
            SCHEMA_VERSION,
            connected=True,
            connected_at="2026-11-24T00:00:00Z",
            revision=revision,
            content_hash="",
        )
        subset = catalog.subset(audience_of(record))
        if self.refuses:
            for path in [path for path in catalog.state.paths() if self.refuses in path]:
                await self._refuse(path)
        if not known or (not self.is_deaf and known[0].content_hash != subset.content_hash.hex()):
            content_hash = "" if self.is_deaf else subset.content_hash.hex()
            await self._put(NODES_PREFIX + self.node, encode_node(replace(record, content_hash=content_hash)))

    async def _refuse(self, path: str) -> None:
        entry = await self.api.store.get(PATH_PREFIX + path)
        key = QuarantineKey("default", path)
        if entry and not self.api.catalog.state.active_quarantine(*key):
            record = QuarantineRecord(entry.revision, "it is bad", self.node, "2026-11-24T00:00:00Z", None)
            await self._put(key.store_key, encode_record(record))

    async def _put(self, key: str, value: bytes) -> None:
        entry = await self.api.store.get(key)
        await self.api.store.transact([Compare(key, entry.revision if entry else 0)], [Put(key, value)])
