"""The audit log: one entry per transaction, written with it. Newest first by key."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from control_plane.errors import Malformed
from control_plane.identity.actor import Actor
from control_plane.store.base import Put, Store
from control_plane.store.keys import AUDIT_PREFIX
from control_plane.store.stored import store_errors

LATEST_MILLISECONDS = 10**15 - 1  # keys count down from it, so that the newest entry comes first
MAX_PAGE = 1_000
FIND_PAGES = 10


@dataclass(frozen=True, slots=True)
class AuditChange:
    """What was done to one thing. Revisions 0: there was, or is, none.

    The revision after is that of the entry, which is written in the same transaction; so it is not stored.
    """

    action: str
    kind: str
    tenant: str
    name: str
    before_revision: int
    after_revision: int = 0


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when, in which request. `reverts`: the revisions of the writes that it undid."""

    id: str
    time: str
    actor: str
    request_id: str
    revision: int
    changes: tuple[AuditChange, ...]
    reverts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`token` asks for the entries before these; empty: there are none."""

    entries: tuple[AuditEntry, ...]
    token: str


def audit_put(
    actor: Actor, moment: datetime, suffix: str, changes: Sequence[AuditChange], reverts: Sequence[int] = ()
) -> Put:
    """The write that records changes; to go into their transaction."""
    value: dict[str, Any] = {
        "time": timestamp(moment),
        "actor": actor.id,
        "requestId": actor.request_id,
        "changes": [_record(change) for change in changes],
    }
    if reverts:
        value["reverts"] = list(reverts)
    return Put(first_key_before(moment) + suffix, json.dumps(value, separators=(",", ":")).encode())


def moment_of(key: str) -> int:
    """The milliseconds since 1970 in an audit key; 0 if it is none."""
    digits = key.removeprefix(AUDIT_PREFIX).partition("-")[0]
    return LATEST_MILLISECONDS - int(digits) if digits.isdecimal() else 0


def first_key_before(moment: datetime) -> str:
    """Where the entries older than this begin."""
    return f"{AUDIT_PREFIX}{LATEST_MILLISECONDS - int(moment.timestamp() * 1000):015d}-"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, whole milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _record(change: AuditChange) -> dict[str, Any]:
    return {key: value for key, value in asdict(change).items() if key != "after_revision"}


class AuditLog:
    """Reads the log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, *, limit: int = 100, token: str = "", tenant: str | None = None) -> AuditPage:
        """Entries, newest first; with a tenant, those that changed something of it.

        Raises:
            Malformed: no token of ours.
            StoreUnavailable: the store cannot be asked.
        """
        start = AUDIT_PREFIX + token
        if token and not moment_of(start):
            raise Malformed("`continue` must be what the page before gave")
        limit = max(1, min(limit, MAX_PAGE))
        found: list[AuditEntry] = []
        while True:
            with store_errors():
                page = await self._store.list(AUDIT_PREFIX, start=start, limit=limit)
            for entry in page.entries:
                if len(found) == limit:
                    return AuditPage(tuple(found), entry.key.removeprefix(AUDIT_PREFIX))
                parsed = _parse(entry.key, entry.value, entry.revision)
                if parsed and (tenant is None or any(change.tenant == tenant for change in parsed.changes)):
                    found.append(parsed)
            if page.next_key is None:
                return AuditPage(tuple(found), "")
            start = page.next_key

    async def find(self, revisions: Collection[int]) -> Sequence[AuditEntry]:
        """The entries of these revisions that are among the newest ones, in no order.

        Raises:
            StoreUnavailable: the store cannot be asked.
        """
        wanted, found, start = set(revisions), [], AUDIT_PREFIX
        for _ in range(FIND_PAGES):
            with store_errors():
                page = await self._store.list(AUDIT_PREFIX, start=start, limit=MAX_PAGE)
            for entry in page.entries:
                if entry.revision in wanted and (parsed := _parse(entry.key, entry.value, entry.revision)):
                    found.append(parsed)
            if len(found) == len(wanted) or page.next_key is None:
                break
            start = page.next_key
        return found


def _parse(key: str, value: bytes, revision: int) -> AuditEntry | None:
    """None: the entry cannot be read."""
    try:
        match json.loads(value):
            case {
                "time": str(time),
                "actor": str(actor),
                "requestId": str(request_id),
                "changes": list(changes),
                **more,
            }:
                made = tuple(_change(change, revision) for change in changes)
                undone = more.get("reverts")
                reverts = tuple(map(int, undone)) if isinstance(undone, list) else ()
                return AuditEntry(key.removeprefix(AUDIT_PREFIX), time, actor, request_id, revision, made, reverts)
    except (ValueError, TypeError):
        pass
    return None


def _change(record: dict[str, Any], revision: int) -> AuditChange:
    return AuditChange(**record, after_revision=0 if record.get("action") == "deleted" else revision)
