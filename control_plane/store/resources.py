"""Resources as clients see them: read, list, watch, write, history. Secrets appear as fingerprints only."""

import base64
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from config_schemas.base import PLATFORM_TENANT, Resource
from config_schemas.canonical import PATH_PREFIX
from config_schemas.conversion.upgrade import UnknownVersion, upgrade
from config_schemas.registry import KINDS
from control_plane.errors import Malformed, NotFound, StoredInvalid
from control_plane.history.entry import HistoryEntry, parse_record
from control_plane.history.retention import MAX_VERSIONS
from control_plane.identity.actor import Actor
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Batch, Compacted, Entry, Event, Store
from control_plane.store.changes import Action, Change, WriteResult
from control_plane.store.keys import (
    ResourceName,
    find_resource_name,
    history_prefix,
    is_resource_name,
    kind_prefix,
    resource_key,
)
from control_plane.store.stored import Reader, store_errors
from control_plane.store.writer import Writer

MAX_PAGE = 1_000
NO_TOKEN = "`continue` must be what the page before gave"

Labels = Mapping[str, str]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResourceList:
    """`revision` is the store's that all pages show. `token` asks for the next page; empty: there is none."""

    items: tuple[Resource, ...]
    revision: int
    token: str


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """One change. `resource` of a deletion is what was there last; None: that is no longer known."""

    type: Literal["added", "modified", "deleted"]
    name: ResourceName
    resource: Resource | None
    revision: int


class _Position(NamedTuple):
    """Where the next page starts, and which revision all pages show."""

    revision: int
    tenant: str
    key: str


class Resources:
    """`writer` has an index; whoever starts this starts and runs that one first."""

    def __init__(self, store: Store, sealer: Sealer, writer: Writer) -> None:
        self._store = store
        self._reader = Reader(sealer)
        self._writer = writer

    async def get(self, kind: str, tenant: str, name: str) -> Resource:
        """One resource as of now.

        Raises:
            NotFound: there is none.
            StoredInvalid: what is stored is not valid.
            StoreUnavailable: the store cannot be asked.
        """
        _check_kind(kind)
        wanted = ResourceName(tenant, kind, name)
        with store_errors():
            entry = await self._store.get(resource_key(str(wanted))) if is_resource_name(wanted) else None
        if entry is None:
            raise NotFound(f"{kind} '{name}' does not exist in tenant '{tenant}'")
        return self._reader.read(wanted, entry)

    async def list(
        self, kind: str, tenant: str | None, *, labels: Labels | None = None, limit: int = 0, token: str = ""
    ) -> ResourceList:
        """Resources of a kind by tenant and name; without a tenant, those of all. `limit` 0: 1,000, the most there is.

        Raises:
            Expired: the token's revision is no longer kept.
            Malformed: no token of ours.
            StoreUnavailable: the store cannot be asked.
        """
        _check_kind(kind)
        limit = min(limit, MAX_PAGE) if limit > 0 else MAX_PAGE
        position = _parse_token(token) if token else _Position(0, "", "")
        with store_errors():
            tenants, revision = await self._tenants(tenant, 0)
            if position.revision > revision:
                raise Malformed(NO_TOKEN)
            if token:
                tenants, revision = await self._tenants(tenant, position.revision)
            items: MutableSequence[Resource] = []
            for each in (name for name in tenants if name >= position.tenant):
                start = position.key if each == position.tenant else ""
                rest = await self._fill(items, ResourceName(each, kind, ""), (labels or {}, limit, revision, start))
                if rest:
                    return ResourceList(tuple(items), revision, _make_token(_Position(revision, each, rest)))
        return ResourceList(tuple(items), revision, "")

    async def write(
        self,
        changes: Sequence[Change],
        *,
        actor: Actor,
        dry_run: bool = False,
        allow_skew: bool = False,
        reverts: tuple[int, ...] = (),
    ) -> WriteResult:
        """As `Writer.write`."""
        return await self._writer.write(changes, actor=actor, dry_run=dry_run, allow_skew=allow_skew, reverts=reverts)

    async def watch(
        self, kind: str | None, tenant: str | None, *, labels: Labels | None = None, start_revision: int
    ) -> AsyncGenerator[ResourceEvent, None]:
        """Changes from `start_revision` on, for ever. One that ends or begins to match the labels deletes or adds.

        Raises:
            Expired: the revision is no longer kept.
            StoreUnavailable: the store ended the watch.
        """
        if kind is not None:
            _check_kind(kind)
        prefix = PATH_PREFIX if tenant is None else f"{PATH_PREFIX}{tenant}/"
        if tenant is not None and kind is not None:
            prefix = kind_prefix(tenant, kind)
        with store_errors():
            batches: AsyncIterator[Batch] = self._store.watch(prefix, start_revision=start_revision)
            try:
                async for batch in batches:
                    for event in batch.events:
                        name = find_resource_name(event.key)
                        if (
                            name
                            and kind in (None, name.kind)
                            and (made := await self._event(name, event, labels or {}))
                        ):
                            yield made
            finally:
                if isinstance(batches, AsyncGenerator):
                    await batches.aclose()

    async def history(self, kind: str, tenant: str, name: str) -> Sequence[HistoryEntry]:
        """The versions of a resource that are kept, newest first, also of one that was deleted.

        Raises:
            NotFound: nothing is known of it.
            StoreUnavailable: the store cannot be asked.
        """
        wanted, found = ResourceName(tenant, kind, name), []
        for entry in await self._history_entries(wanted):
            if record := parse_record(entry.value):
                generation = record.document.get("metadata", {}).get("generation", 0)
                resource = self._find(wanted, record.document, entry.revision)
                found.append(
                    HistoryEntry(
                        entry.revision,
                        generation,
                        record.time,
                        record.actor,
                        record.request_id,
                        record.action,
                        resource,
                    )
                )
        return found

    async def rollback(
        self, kind: str, tenant: str, name: str, *, to_revision: int, actor: Actor, dry_run: bool = False
    ) -> Resource:
        """Write the spec and labels that a version in the history has, as a new version, through admission.

        Raises:
            NotFound: the history has no such version.
            ControlPlaneError: as `write`.
        """
        wanted = ResourceName(tenant, kind, name)
        entry = next((each for each in await self._history_entries(wanted) if each.revision == to_revision), None)
        record = parse_record(entry.value) if entry else None
        if record is None:
            raise NotFound(f"{kind} '{name}' in tenant '{tenant}' has no version {to_revision} in its history")
        document = self._reader.open(wanted, record.document)
        change = Change(Action.APPLY, kind, tenant, name, document)
        outcome = (await self.write([change], actor=actor, dry_run=dry_run)).outcomes[0]
        if outcome.resource is None:
            raise StoredInvalid(f"what is stored as {wanted} cannot be read; replace or delete it")
        return outcome.resource

    async def version(self, name: ResourceName, revision: int) -> dict[str, Any]:
        """What a resource was at a revision of its own, to be written again; never to be shown.

        Raises:
            NotFound: the history no longer has it.
            StoredInvalid: it does not open.
        """
        for entry in await self._history_entries(name):
            record = parse_record(entry.value)
            # Older: a new master key seals a Secret anew, which is no version.
            if record and entry.revision <= revision and record.action != "deleted":
                return self._reader.open(name, record.document)
        raise NotFound(f"{name.kind} '{name.name}' in tenant '{name.tenant}' has no version {revision} in its history")

    async def _tenants(self, tenant: str | None, revision: int) -> tuple[Sequence[str], int]:
        """The tenants to list, in order, and the revision to list at."""
        prefix = kind_prefix(PLATFORM_TENANT, "Tenant")
        if tenant is not None:
            page = await self._store.list(prefix, limit=1, revision=revision)
            return [tenant], page.revision
        page = await self._store.list(prefix, revision=revision)
        return sorted({PLATFORM_TENANT, *(entry.key.removeprefix(prefix) for entry in page.entries)}), page.revision

    async def _fill(
        self, items: MutableSequence[Resource], name: ResourceName, wanted: tuple[Labels, int, int, str]
    ) -> str | None:
        """Add a tenant's resources of a kind until there are enough. Returns the key of the first one left, if any."""
        labels, limit, revision, start = wanted
        prefix = kind_prefix(name.tenant, name.kind)
        while True:
            page = await self._store.list(prefix, start=start, limit=limit, revision=revision)
            for entry in page.entries:
                if len(items) == limit:
                    return entry.key
                found = find_resource_name(entry.key)
                if found and (resource := self._readable(found, entry)) and _matches(resource, labels):
                    items.append(resource)
            if page.next_key is None:
                return None
            start = page.next_key

    async def _event(self, name: ResourceName, event: Event, labels: Labels) -> ResourceEvent | None:
        """What a watcher with these labels sees of an event; None: nothing."""
        before = await self._last_before(name, event) if event.entry is None or labels else None
        after = self._readable(name, event.entry) if event.entry else None
        was = before is not None and _matches(before, labels)
        if event.entry is None:
            return ResourceEvent("deleted", name, before, event.revision) if was or not labels else None
        if after is None:
            return None
        if not _matches(after, labels):
            return ResourceEvent("deleted", name, after, event.revision) if was else None
        is_new = event.entry.created_revision == event.revision or (bool(labels) and not was)
        return ResourceEvent("added" if is_new else "modified", name, after, event.revision)

    async def _last_before(self, name: ResourceName, event: Event) -> Resource | None:
        try:
            page = await self._store.list(event.key, limit=1, revision=event.revision - 1)
        except Compacted:
            return None
        entry = next((entry for entry in page.entries if entry.key == event.key), None)
        return self._readable(name, entry) if entry else None

    async def _history_entries(self, name: ResourceName) -> Sequence[Entry]:
        """The newest first: by revision, since clocks of several control planes may differ."""
        _check_kind(name.kind)
        entries: Sequence[Entry] = ()
        if is_resource_name(name):
            with store_errors():
                entries = (await self._store.list(history_prefix(str(name)))).entries
        if not entries:
            raise NotFound(f"nothing is known of {name.kind} '{name.name}' in tenant '{name.tenant}'")
        return sorted(entries, key=lambda entry: -entry.revision)[:MAX_VERSIONS]

    def _readable(self, name: ResourceName, entry: Entry) -> Resource | None:
        """None: what is stored is not valid. One that was written by hand must not hide all others."""
        try:
            return self._reader.read(name, entry)
        except StoredInvalid as error:
            logger.warning(
                "stored_resource_invalid resource=%s revision=%d reason=%r", name, entry.revision, str(error)
            )
            return None

    def _find(self, name: ResourceName, document: dict[str, Any], revision: int) -> Resource | None:
        try:
            return self._reader.show(name, upgrade(document), revision)
        except (StoredInvalid, UnknownVersion):
            return None


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise NotFound(f"there is no kind '{kind}'; there are {', '.join(KINDS)}")


def _matches(resource: Resource, labels: Labels) -> bool:
    return labels.items() <= resource.metadata.labels.items()


def _make_token(position: _Position) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _parse_token(token: str) -> _Position:
    try:
        match json.loads(base64.urlsafe_b64decode(token)):
            case [int(revision), str(tenant), str(key)] if revision > 0:
                return _Position(revision, tenant, key)
    except ValueError:
        pass
    raise Malformed(NO_TOKEN)
