"""Writes changes: all of them in one transaction with their history and audit entries, or none."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from config_schemas.base import Resource
from config_schemas.canonical import encode
from config_schemas.registry import KINDS
from config_schemas.version import SCHEMA_VERSION
from control_plane.audit.log import AuditChange, audit_put, timestamp
from control_plane.errors import FieldError, Invalid, NotFound, StoredInvalid, TooLarge, WriteConflict
from control_plane.history.entry import HistoryAction, HistoryRecord, encode_record, history_key
from control_plane.identity.actor import Actor
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Conflict, Delete, Entry, Put, Store
from control_plane.store.changes import Action, Change, Outcome, WriteResult
from control_plane.store.checks import Checks, Transaction, release_hash
from control_plane.store.index import Index
from control_plane.store.keys import is_resource_name, resource_key
from control_plane.store.plan import Plan, plan_change
from control_plane.store.skew import OldestReaders, check_skew
from control_plane.store.stored import Reader, store_errors

MAX_CHANGES = 40  # each is a resource, a history entry and up to one more key; etcd takes 128 operations at once
MAX_ATTEMPTS = 8  # each that fails means that another writer got ahead

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """`random_suffix` keeps two entries of one moment apart."""

    def __init__(
        self,
        store: Store,
        index: Index,
        sealer: Sealer,
        *,
        now: Now = utc_now,
        random_suffix: Callable[[], str] = lambda: secrets.token_hex(4),
        readers: OldestReaders = lambda: (SCHEMA_VERSION, ()),
    ) -> None:
        self._store = store
        self._index = index
        self._sealer = sealer
        self._reader = Reader(sealer)
        self._now = now
        self._random_suffix = random_suffix
        self._readers = readers

    async def write(
        self,
        changes: Sequence[Change],
        *,
        actor: Actor,
        dry_run: bool = False,
        allow_skew: bool = False,
        reverts: tuple[int, ...] = (),
    ) -> WriteResult:
        """Make all changes or none. What others wrote meanwhile is looked at again, unless a revision was expected.

        `allow_skew`: also what connected replicas are too old for, which is then left out of what they get.
        `reverts`: the revisions of the writes that this one undoes, for the audit log.

        Raises:
            ControlPlaneError: nothing was written.
        """
        _check_set(changes)
        for attempt in range(MAX_ATTEMPTS):
            try:
                with store_errors():
                    plans = await self._plan(changes)
                    if not allow_skew:
                        check_skew((plan.document for plan in plans if plan.document is not None), self._readers)
                    transaction = await self._checked(plans, is_index_trusted=attempt == 0)
                    return await self._commit(plans, transaction, actor, None if dry_run else reverts)
            except Conflict:
                continue  # an expected revision that no longer holds is found when planning again
        raise WriteConflict("others write the same at the same time; try again")

    async def _plan(self, changes: Sequence[Change]) -> list[Plan]:
        entries = [await self._store.get(resource_key(str(change.target))) for change in changes]
        # In a thread: a document of 1 MiB takes half a second, in which replicas and other clients would wait.
        return await asyncio.to_thread(self._plan_all, changes, entries)

    def _plan_all(self, changes: Sequence[Change], entries: Sequence[Entry | None]) -> list[Plan]:
        now = timestamp(self._now())
        plans, errors = [], []
        for index, (change, entry) in enumerate(zip(changes, entries, strict=True)):
            try:
                plans.append(plan_change(change, entry, self._sealer, now))
            except Invalid as error:
                if len(changes) == 1:
                    raise
                errors += _within(index, error.field_errors)
        if errors:
            raise _invalid_batch(errors)
        return plans

    async def _checked(self, plans: Sequence[Plan], *, is_index_trusted: bool) -> Transaction:
        """What the checks compare and write, for plans that pass them."""
        transaction = Transaction()
        checks = Checks(self._store, self._index, plans, transaction, is_index_trusted=is_index_trusted)
        errors: list[FieldError] = []
        for index, plan in enumerate(plans):
            found = await checks.errors_of(plan)
            errors += found if len(plans) == 1 else _within(index, found)
        if errors and len(plans) > 1:
            raise _invalid_batch(errors)
        if errors:
            name = plans[0].name
            raise Invalid(f"{name.kind} '{name.name}': `{errors[0].path}` {errors[0].message}", errors)
        for plan in plans:
            await checks.check_removals(plan)
        return transaction

    async def _commit(
        self, plans: Sequence[Plan], transaction: Transaction, actor: Actor, reverts: tuple[int, ...] | None
    ) -> WriteResult:
        """`reverts` None: a dry run."""
        moment, revision = self._now(), 0
        changed = [plan for plan in plans if not plan.is_unchanged]
        for plan in changed:
            self._add(plan, transaction, actor, moment)
        if changed and reverts is not None:
            audited = [_audit(plan) for plan in changed]
            transaction.write(audit_put(actor, moment, self._random_suffix(), audited, reverts))
            revision = await self._store.transact(transaction.comparisons(), list(transaction.writes.values()))
        return WriteResult(revision, tuple(self._outcome(plan, revision) for plan in plans))

    def _add(self, plan: Plan, transaction: Transaction, actor: Actor, moment: datetime) -> None:
        transaction.compares[plan.key] = plan.revision
        transaction.write(Delete(plan.key) if plan.document is None else Put(plan.key, encode(plan.document)))
        release_hash(plan, transaction)
        document = plan.document or plan.before or {}
        record = HistoryRecord(timestamp(moment), actor.id, actor.request_id, _action(plan), document)
        transaction.write(Put(history_key(plan.path, moment, self._random_suffix()), encode_record(record)))

    def _outcome(self, plan: Plan, revision: int) -> Outcome:
        before = self._show(plan, plan.before, plan.revision)
        after = before
        if plan.document is not None and not plan.is_unchanged:
            after = self._show(plan, plan.document, revision)
        return Outcome("unchanged" if plan.is_unchanged else _action(plan), plan.name, after, before)

    def _show(self, plan: Plan, document: dict[str, object] | None, revision: int) -> Resource | None:
        try:
            return self._reader.show(plan.name, document, revision) if document else None
        except StoredInvalid:
            return None


def _check_set(changes: Sequence[Change]) -> None:
    if len(changes) > MAX_CHANGES:
        raise TooLarge(
            f"{len(changes)} documents cannot be written at once; at most {MAX_CHANGES} can. "
            "Send fewer, or `atomic: false` to write them one by one in dependency order"
        )
    seen = set()
    for change in changes:
        if change.kind not in KINDS:
            raise NotFound(f"there is no kind '{change.kind}'; there are {', '.join(KINDS)}")
        if change.action is Action.DELETE and not is_resource_name(change.target):  # others are named by admission
            raise NotFound(f"{change.kind} '{change.name}' does not exist in tenant '{change.tenant}'")
        if change.target in seen:
            raise Invalid(f"{change.target} is there twice", [FieldError("", f"{change.target} must be there once")])
        seen.add(change.target)


def _action(plan: Plan) -> HistoryAction:
    if plan.document is None:
        return "deleted"
    return "replaced" if plan.revision else "created"


def _audit(plan: Plan) -> AuditChange:
    tenant, kind, name = plan.name
    return AuditChange(_action(plan), kind, tenant, name, plan.revision)


def _within(index: int, errors: Sequence[FieldError]) -> list[FieldError]:
    start = f"documents[{index}]"
    return [FieldError(f"{start}.{error.path}" if error.path else start, error.message) for error in errors]


def _invalid_batch(errors: Sequence[FieldError]) -> Invalid:
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"`{errors[0].path}` {errors[0].message}{more}", errors)
