"""Takes resources that replicas refuse out of what their gateway is offered, until they or the replicas change.

The records are in the store, so that every control plane offers the same. A refused resource is served at its last
accepted version: as of the newest revision before the refused one that a replica of the gateway has accepted.
"""

import asyncio
import logging
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, replace

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.item import Item
from control_plane.distribution.quarantine_record import QuarantineKey, QuarantineRecord, encode_record
from control_plane.distribution.session import Rejected
from control_plane.distribution.state import Touched
from control_plane.distribution.version import FindVersion
from control_plane.store.base import Compare, Conflict, Delete, Put, Store, StoreError, TooLarge

MAX_REVISIONS = 256  # remembered for each gateway
MAX_PENDING = 10_000
RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QuarantineItem:
    """A resource that a gateway does not get as it is. `served_revision` 0: it goes without."""

    gateway: str
    path: str
    revision: int
    reason: str
    since: str
    served_revision: int


@dataclass(frozen=True, slots=True)
class _Refusal:
    node: str
    item: Item
    reason: str
    schema_version: int


class Quarantine:
    """`reject` and `accepted` note what came over the streams; `run` writes records. `clock`: RFC 3339."""

    def __init__(self, catalog: Catalog, store: Store, *, find_version: FindVersion, clock: Callable[[], str]) -> None:
        self._catalog = catalog
        self._store = store
        self._find_version = find_version
        self._clock = clock
        self._accepted: dict[str, list[int]] = {}  # revisions by gateway, ascending
        self._refused: dict[QuarantineKey, _Refusal] = {}
        self._ended: dict[QuarantineKey, int] = {}  # with the revision of the record
        self._tried_again: dict[QuarantineKey, tuple[int, int]] = {}  # resource's revision and replicas' schema version
        self._wanted = asyncio.Event()
        self.records_written = 0
        self.refusals_dropped = 0
        catalog.subscribe(self._on_change)
        self._end_of_removed()

    def items(self) -> tuple[QuarantineItem, ...]:
        """What is in quarantine now, the same on every control plane."""
        state = self._catalog.state
        return tuple(
            QuarantineItem(
                key.gateway,
                key.path,
                record.revision,
                record.reason,
                record.since,
                record.served.revision if record.served else 0,
            )
            for key, (record, _) in sorted(state.quarantine.items(), key=lambda item: item[0])
            if state.active_quarantine(*key) is record
        )

    def reject(self, gateway: str, node: str, rejected: Rejected, *, schema_version: int) -> None:
        """A replica that knows `schema_version` refuses a resource as it was offered."""
        key = QuarantineKey(gateway, rejected.path)
        if len(self._refused) >= MAX_PENDING and key not in self._refused:
            self.refusals_dropped += 1
            return
        self._refused[key] = _Refusal(node, rejected.item, rejected.reason, schema_version)
        self._wanted.set()

    def accepted(self, gateway: str, revision: int, *, is_newest: bool) -> None:
        """A replica serves this revision; `is_newest`: what it serves is what the gateway is offered now."""
        revisions = self._accepted.setdefault(gateway, [])
        at = bisect_left(revisions, revision)
        if revisions[at : at + 1] != [revision]:
            insort(revisions, revision)
            del revisions[:-MAX_REVISIONS]
        if is_newest:
            self._end_of_changed(gateway)

    async def run(self) -> None:
        """Until cancelled. What the store does not take is tried again."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._write_pending()
            except StoreError as error:
                logger.warning("quarantine_not_written reason=%r", str(error))
                self._wanted.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _write_pending(self) -> None:
        """One that fails does not hold back the others.

        Raises:
            StoreError: the last failure.
        """
        failure: StoreError | None = None
        for key, refusal in tuple(self._refused.items()):
            try:
                await self._record(key, refusal)
            except StoreError as error:
                failure = error
                continue
            if self._refused.get(key) is refusal:
                del self._refused[key]
        for key, revision in tuple(self._ended.items()):
            await self._delete(key, revision)
            self._ended.pop(key, None)
        if failure:
            raise failure

    async def _record(self, key: QuarantineKey, refusal: _Refusal) -> None:
        state = self._catalog.state
        resource = state.find(key.path)
        if resource is None:
            return
        found = state.quarantine.get(key)
        record = await self._next_record(key, resource, refusal)
        if record is None:
            return
        compares = [
            Compare(key.store_key, found[1] if found else 0),
            Compare(PATH_PREFIX + key.path, resource.revision),
        ]
        try:
            await self._put(key, record, compares)
        except Conflict:
            return  # it changed, or another control plane was faster: what is offered changes, too
        self.records_written += 1
        logger.error(
            "config_quarantined gateway=%s resource=%s revision=%d served_revision=%d node=%s reason=%r",
            key.gateway,
            key.path,
            record.revision,
            record.served.revision if record.served else 0,
            refusal.node,
            record.reason,
        )

    async def _put(self, key: QuarantineKey, record: QuarantineRecord, compares: list[Compare]) -> None:
        try:
            await self._store.transact(compares, [Put(key.store_key, encode_record(record))])
        except TooLarge:
            await self._store.transact(compares, [Put(key.store_key, encode_record(replace(record, served=None)))])

    async def _next_record(self, key: QuarantineKey, resource: Item, refusal: _Refusal) -> QuarantineRecord | None:
        """None: what was refused is no longer offered."""
        active = self._catalog.state.active_quarantine(*key)
        if active is None:
            if refusal.item.revision != resource.revision:
                return None
            served = await self._last_accepted(key, resource)
            return QuarantineRecord(
                resource.revision, refusal.reason, refusal.node, self._clock(), served, refusal.schema_version
            )
        if active.served is None or active.served.revision != refusal.item.revision:
            return None
        return replace(
            active, reason=f"{active.reason}; revision {active.served.revision}: {refusal.reason}", served=None
        )

    async def _last_accepted(self, key: QuarantineKey, resource: Item) -> Item | None:
        revision = self._last_accepted_revision(key.gateway, resource.revision)
        entry = await self._find_version(key.path, revision) if revision else None
        if entry is None or entry.revision == resource.revision:
            return None
        earlier = self._catalog.state.quarantine.get(key)
        if earlier and earlier[0].revision == entry.revision:
            return earlier[0].served  # that version was refused, too, and this is what was served instead
        item = self._catalog.state.items.make(key.path, entry.value, entry.revision)
        return None if item.digest in (None, resource.digest) else item

    def _last_accepted_revision(self, gateway: str, before: int) -> int:
        """The newest accepted revision before that one; 0: the gateway's replicas never accepted anything.

        If only later ones are known, the one right before is tried: if it is refused, the gateway goes without.
        """
        known = {record.revision for record, _ in self._catalog.state.nodes.values() if record.gateway == gateway}
        known.update(self._accepted.get(gateway, ()))
        known.discard(0)
        earlier = [revision for revision in known if revision < before]
        if earlier:
            return max(earlier)
        return before - 1 if known else 0

    async def _delete(self, key: QuarantineKey, revision: int) -> None:
        try:
            await self._store.transact([Compare(key.store_key, revision)], [Delete(key.store_key)])
        except Conflict:
            return  # gone already, or used again

    def _on_change(self, touched: Touched) -> None:
        if touched.epoch:
            self._accepted.clear()  # the revisions were another store's
        if touched.paths:
            self._end_of_removed()
        if touched.nodes and self._catalog.state.quarantine:
            self._end_of_outgrown()

    def _end_of_removed(self) -> None:
        state = self._catalog.state
        self._end({key for key in state.quarantine if state.find(key.path) is None})
        self._tried_again = {key: tried for key, tried in self._tried_again.items() if state.find(key.path)}

    def _end_of_changed(self, gateway: str) -> None:
        state = self._catalog.state
        self._end({key for key in state.quarantine if key.gateway == gateway and state.active_quarantine(*key) is None})

    def _end_of_outgrown(self) -> None:
        """Offer a resource again once all replicas of its gateway are newer than the one that refused it.

        Once for each version of it: a record of an older control plane does not say how old the replica was.
        """
        state = self._catalog.state
        oldest: dict[str, int] = {}
        for record, _ in state.nodes.values():
            if record.connected:
                oldest[record.gateway] = min(record.schema_version, oldest.get(record.gateway, record.schema_version))
        keys = set()
        for key, (found, _) in state.quarantine.items():
            known = oldest.get(key.gateway, 0)
            attempt = (found.revision, known)
            if found.schema_version < known and self._tried_again.get(key) != attempt:
                self._tried_again[key] = attempt
                keys.add(key)
        self._end(keys)

    def _end(self, keys: set[QuarantineKey]) -> None:
        if keys:
            self._ended.update({key: self._catalog.state.quarantine[key][1] for key in keys})
            self._wanted.set()
