"""Begins restores, announces epochs, and tells how a restore goes. What is begun, the leader finishes."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

from control_plane.audit.log import AuditChange, audit_put, timestamp
from control_plane.backup.compare import side_by_side
from control_plane.backup.contents import pages
from control_plane.backup.file import Chunk, Reader, Section
from control_plane.backup.marker import Marker, Restored, encode, parse_marker, parse_restored
from control_plane.backup.staging import StagingLost, stage
from control_plane.backup.verify import Record, records, verify
from control_plane.distribution.epoch import EPOCH_KEY, announce_epoch, parse_epoch
from control_plane.errors import RESTORE_UNDER_WAY, RestoreUnderWay, StoreNotEmpty, WriteConflict
from control_plane.identity.actor import Actor
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Compare, Conflict, Delete, Put, Store, Write
from control_plane.store.keys import RESTORE_KEY, RESTORED_KEY, resource_key, token_key
from control_plane.store.stored import store_errors

INITIAL_KEYS = frozenset(map(resource_key, ("platform/Tenant/default", "platform/Gateway/default")))

DIFFERENT = ("Created", "Replaced", "Deleted")  # what may become of a resource or token

State = Literal["None", "DryRun", "Unchanged", "Applying", "Finished"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a restore would do, does or did: counts of resources and tokens by what becomes of them."""

    state: State
    backup: str = ""
    epoch: str = ""
    by: str = ""
    started_at: str = ""
    finished_at: str = ""
    master_keys: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None
    is_store_empty: bool = True


class Restores:
    """Works on the store itself: what is under way stops others, not this."""

    def __init__(self, store: Store, sealer: Sealer, now: Callable[[], datetime]) -> None:
        self._store = store
        self._sealer = sealer
        self._now = now

    async def restore(self, file: BinaryIO, actor: Actor, *, accept: bool, dry_run: bool) -> Outcome:
        """Verify, compare, and begin. `accept`: also in place of what the store has, or of a restore that is under way.

        Raises:
            Invalid: the backup cannot be restored here; nothing was written.
            StoreNotEmpty: the store has resources, and `accept` was not given; nothing was written.
            RestoreUnderWay: another one is, and `accept` was not given.
            StoreUnavailable: nothing of it is live; the same call may be made again.
        """
        verified = await asyncio.to_thread(verify, file, self._sealer)
        with store_errors():
            under_way = await self._store.get(RESTORE_KEY)
            if under_way and not accept and not dry_run:
                raise RestoreUnderWay(RESTORE_UNDER_WAY)
            counts, is_empty = await self._compare(file, actor)
            summary, id = verified.summary, verified.header.id
            found = Outcome("DryRun", id, master_keys=summary.master_keys, counts=counts, is_store_empty=is_empty)
            if dry_run:
                return found
            if under_way is None and (last := await self._already(id, counts)):
                return last
            if not is_empty and not accept:
                raise StoreNotEmpty(f"the store has resources. The restore would {_told(counts)}: accept that to go on")
            await self._begin(file, id, actor, counts, under_way.revision if under_way else 0)
            return await self.status()

    async def status(self) -> Outcome:
        """The restore that is under way, else the last one."""
        with store_errors():
            if entry := await self._store.get(RESTORE_KEY):
                marker = parse_marker(entry)
                return Outcome(
                    "Applying", marker.backup, marker.epoch, marker.token, marker.started_at, counts=marker.counts
                )
            restored = parse_restored(await self._store.get(RESTORED_KEY))
        return _finished(restored) if restored else Outcome("None")

    async def announce(self, actor: Actor) -> str:
        """A new epoch, which replicas take with whatever the store has. Returns it.

        Raises:
            RestoreUnderWay: the restore announces one itself.
        """
        change = AuditChange("announced", "Epoch", "platform", "epoch", 0)
        with store_errors():
            if await self._store.get(RESTORE_KEY):
                raise RestoreUnderWay(RESTORE_UNDER_WAY)
            audit = audit_put(actor, self._now(), secrets.token_hex(4), [change])
            try:
                return (await announce_epoch(self._store, mint_epoch, audit)).name
            except Conflict as error:
                raise WriteConflict("another epoch was announced at the same time") from error

    async def _compare(self, file: BinaryIO, actor: Actor) -> tuple[dict[str, int], bool]:
        """Counts by what would become of resources and tokens, and whether the store is as it is at its beginning."""
        revision = (await self._store.list(EPOCH_KEY, limit=1)).revision
        counts: Counter[str] = Counter()
        is_empty = True
        names = {
            Section.RESOURCES: "resources",
            Section.TOKENS: "tokens",
            Section.HISTORY: "history",
            Section.AUDIT: "audit",
        }
        for section, name in names.items():
            async for each in side_by_side(_slowly(records(file, section)), pages(self._store, section, revision)):
                if each.stored and section is Section.RESOURCES and each.key not in INITIAL_KEYS:
                    is_empty = False
                if each.is_none:
                    counts[f"{name}Unchanged"] += 1
                elif each.stored is None:
                    counts[f"{name}Created"] += 1
                elif section in (Section.RESOURCES, Section.TOKENS) and each.key != token_key(actor.id):
                    counts[f"{name}{'Deleted' if each.wanted is None else 'Replaced'}"] += 1
        return dict(counts), is_empty

    async def _already(self, id: str, counts: Mapping[str, int]) -> Outcome | None:
        """The last restore, if it was of this backup and the store is still as that left it."""
        restored = parse_restored(await self._store.get(RESTORED_KEY))
        epoch = await self._store.get(EPOCH_KEY)
        current = parse_epoch(epoch.value) if epoch else None
        if restored is None or restored.backup != id or current is None or current.name != restored.epoch:
            return None
        differs = any(counts.get(f"{name}{what}") for name in ("resources", "tokens") for what in DIFFERENT)
        return None if differs else _finished(restored, "Unchanged")

    async def _begin(self, file: BinaryIO, id: str, actor: Actor, counts: Mapping[str, int], under_way: int) -> None:
        stage_id = secrets.token_hex(8)
        marker = Marker(stage_id, id, mint_epoch(), actor.id, actor.request_id, timestamp(self._now()), counts)
        try:
            held = await stage(self._store, stage_id, _chunks(file))
            writes: list[Write] = [Put(RESTORE_KEY, encode(marker)), Delete(held.key)]
            await self._store.transact([Compare(RESTORE_KEY, under_way), held], writes)
        except StagingLost as error:
            raise WriteConflict(str(error)) from error
        except Conflict as error:
            raise WriteConflict("another restore has begun at the same time, or this one took too long") from error


def mint_epoch() -> str:
    """A name that no store has had."""
    return secrets.token_hex(8)


def _chunks(file: BinaryIO) -> Iterator[Chunk]:
    file.seek(0)
    return Reader(file).chunks()


async def _slowly(found: Iterator[Record]) -> AsyncIterator[Record]:
    for number, record in enumerate(found):
        if number % 200 == 0:
            await asyncio.sleep(0)  # others run in between
        yield record


def _told(counts: Mapping[str, int]) -> str:
    made, replaced, deleted = (counts.get(f"resources{what}", 0) for what in DIFFERENT)
    tokens = sum(counts.get(f"tokens{what}", 0) for what in DIFFERENT)
    return f"create {made}, replace {replaced} and delete {deleted} of them, and change {tokens} admin tokens"


def _finished(restored: Restored, state: State = "Finished") -> Outcome:
    return Outcome(
        state,
        restored.backup,
        restored.epoch,
        restored.token,
        restored.started_at,
        restored.finished_at,
        counts=restored.counts,
    )
