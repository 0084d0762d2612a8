"""Makes the store what a staged backup says. Begun again after a failure, it goes on from where it was.

Nobody looks meanwhile: the catalogs of all control planes serve from memory what was there before (`RESTORE_KEY`), and
nobody else writes (`FencedStore`). The last transaction makes the new set the store's: it takes that key away and
announces the new epoch.
"""

import json
import logging
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence

from config_schemas.canonical import PATH_PREFIX
from control_plane.admission.ties import CLAIMING_KINDS
from control_plane.audit.log import AuditChange, audit_put, timestamp
from control_plane.backup.bundle import Bundle
from control_plane.backup.compare import Difference, side_by_side
from control_plane.backup.contents import SYSTEM_KEYS, pages
from control_plane.backup.file import Section
from control_plane.backup.marker import Marker, Restored, encode, parse_marker
from control_plane.backup.staging import clean_up, staged
from control_plane.backup.verify import stored
from control_plane.distribution.epoch import EPOCH_KEY, Epoch, encode_epoch
from control_plane.history.entry import HistoryAction, HistoryRecord, encode_record, history_key
from control_plane.identity.actor import Actor
from control_plane.store.base import Compare, Delete, Put, Store, Write
from control_plane.store.keys import (
    GUARDS_PREFIX,
    RESTORE_KEY,
    RESTORED_KEY,
    claims_guard,
    credential_hash_key,
    find_resource_name,
    references_guard,
    token_key,
)
from control_plane.store.writer import Now, utc_now

PERIOD_SECONDS = 1.0
HISTORY_ENTRIES = 2_000  # spread over transactions at once: no two versions of a resource may be of one revision

logger = logging.getLogger(__name__)


class RestoreDuty:
    """A duty of the leader: finishes a restore that any control plane began, and removes what others left staged."""

    name = "restore"
    period_seconds = PERIOD_SECONDS

    def __init__(self, store: Store, *, now: Now = utc_now) -> None:
        self._store = store
        self._now = now

    async def run(self, fence: Compare) -> None:
        """Finish the restore that is under way, if there is one."""
        entry = await self._store.get(RESTORE_KEY)
        if entry is not None:
            marker = parse_marker(entry)
            logger.warning("restore_applies backup=%s token=%s", marker.backup, marker.token)
            await _Application(self._store, marker, (fence, Compare(RESTORE_KEY, entry.revision)), self._now).run()
            logger.warning("restore_finished backup=%s epoch=%s", marker.backup, marker.epoch)
        await clean_up(self._store, fence)


class _Application:
    """`held`: that we lead, and that the restore is still this one."""

    def __init__(self, store: Store, marker: Marker, held: Sequence[Compare], now: Now) -> None:
        self._store = store
        self._marker = marker
        self._held = held
        self._now = now
        self._actor = Actor(marker.token, request_id=marker.request_id)
        self._system: dict[str, bytes] = {}
        self._tenants: set[str] = set()

    async def run(self) -> None:
        self._system = {key: value async for key, value in self._records(Section.SYSTEM)}
        await self._tokens()
        await self._history()
        await self._audit()
        await self._removals()
        await self._writes()
        await self._guards()
        await self._finish()

    async def _records(self, section: Section) -> AsyncIterator[tuple[str, bytes]]:
        async for chunk in staged(self._store, self._marker.stage, section):
            for name, value in chunk.records():
                yield stored(section, name, value)

    async def _differences(self, section: Section) -> AsyncIterator[Difference]:
        async for each in side_by_side(self._records(section), pages(self._store, section, 0)):
            if not each.is_none:
                yield each

    def _bundle(self) -> Bundle:
        return Bundle(self._store, self._held, self._actor, self._now)

    async def _tokens(self) -> None:
        bundle = self._bundle()
        async for each in self._differences(Section.TOKENS):
            if each.key == token_key(self._marker.token):
                continue
            id = each.key.rpartition("/")[2]
            change = AuditChange(
                _action(each), "AdminToken", "platform", id, each.stored.revision if each.stored else 0
            )
            await bundle.add(_write(each), change=change)
        await bundle.flush()

    async def _history(self) -> None:
        """Versions are added to those that are there. Its entry's revision is a version's: the older the lower."""
        bundle = self._bundle()
        waiting: dict[str, deque[Put]] = defaultdict(deque)
        count = 0
        async for each in self._differences(Section.HISTORY):
            if each.stored is None and each.wanted is not None:
                waiting[each.key.rpartition("/")[0]].append(Put(each.key, each.wanted))
                count += 1
            if count >= HISTORY_ENTRIES:
                await _spread(bundle, waiting)
                count = 0
        await _spread(bundle, waiting)

    async def _audit(self) -> None:
        """Entries are added to those that are there."""
        bundle = self._bundle()
        async for each in self._differences(Section.AUDIT):
            if each.stored is None and each.wanted is not None:
                await bundle.add(Put(each.key, each.wanted))
        await bundle.flush()

    async def _removals(self) -> None:
        """First what goes, and the hashes that end with it: another Credential may have them afterwards."""
        bundle = self._bundle()
        async for each in self._differences(Section.RESOURCES):
            if each.stored is None:
                continue
            before, after = _hash_of(each.stored.value), _hash_of(each.wanted)
            released = [Delete(credential_hash_key(before))] if before and before != after else []
            if each.wanted is None:
                await self._change(bundle, each, *released)
            elif released:
                await bundle.add(*released)
        await bundle.flush()

    async def _writes(self) -> None:
        bundle = self._bundle()
        async for each in self._differences(Section.RESOURCES):
            if each.wanted is None:
                continue
            self._tenants.add(each.key.removeprefix(PATH_PREFIX).partition("/")[0])
            hash = _hash_of(each.wanted)
            path = each.key.removeprefix(PATH_PREFIX)
            await self._change(bundle, each, *([Put(credential_hash_key(hash), path.encode())] if hash else []))
        await bundle.flush()

    async def _change(self, bundle: Bundle, each: Difference, *beside: Write) -> None:
        """A resource with its history, as any other change has it."""
        name = find_resource_name(each.key)
        if name is None:
            await bundle.add(_write(each), *beside)  # of a kind that is unknown here, and goes
            return
        moment = bundle.moment()
        document = _document(each.wanted if each.wanted is not None else each.stored.value if each.stored else b"")
        record = HistoryRecord(timestamp(moment), self._actor.id, self._actor.request_id, _action(each), document)
        history = Put(history_key(str(name), moment, secrets.token_hex(4)), encode_record(record))
        change = AuditChange(
            _action(each), name.kind, name.tenant, name.name, each.stored.revision if each.stored else 0
        )
        await bundle.add(_write(each), history, *beside, change=change)

    async def _guards(self) -> None:
        """Whoever decided by what was there before must find that it has changed."""
        page = await self._store.list(GUARDS_PREFIX)
        keys = {entry.key for entry in page.entries}
        for tenant in self._tenants:
            keys |= {references_guard(tenant), *(claims_guard(tenant, kind) for kind in CLAIMING_KINDS)}
        bundle = self._bundle()
        for key in sorted(keys):
            await bundle.add(Put(key, b""))
        await bundle.flush()

    async def _finish(self) -> None:
        marker, moment = self._marker, self._now()
        restored = Restored(
            marker.backup, marker.epoch, marker.token, marker.started_at, timestamp(moment), marker.counts
        )
        change = AuditChange("restored", "Backup", "platform", marker.backup, 0)
        writes: list[Write] = [
            *(Put(key, value) for key, value in self._system.items() if key in SYSTEM_KEYS),
            Put(EPOCH_KEY, encode_epoch(Epoch(marker.epoch, accept=True))),
            Put(RESTORED_KEY, encode(restored)),
            Delete(RESTORE_KEY),
            audit_put(self._actor, moment, secrets.token_hex(4), [change]),
        ]
        await self._store.transact(self._held, writes)


async def _spread(bundle: Bundle, waiting: dict[str, deque[Put]]) -> None:
    """Write the oldest version of each resource in one go, then the next ones."""
    while waiting:
        for path in list(waiting):
            await bundle.add(waiting[path].popleft())
            if not waiting[path]:
                del waiting[path]
        await bundle.flush()


def _write(each: Difference) -> Write:
    return Delete(each.key) if each.wanted is None else Put(each.key, each.wanted)


def _action(each: Difference) -> HistoryAction:
    if each.wanted is None:
        return "deleted"
    return "replaced" if each.stored else "created"


def _document(value: bytes) -> dict[str, object]:
    """What the history keeps of a value; of one that is no document, nothing."""
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _hash_of(value: bytes | None) -> str | None:
    """The hash of a Credential; None: it is none."""
    document = _document(value or b"")
    spec = document.get("spec")
    hash = spec.get("hash") if document.get("kind") == "Credential" and isinstance(spec, dict) else None
    return hash if isinstance(hash, str) else None
