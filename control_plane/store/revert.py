"""Undoes whole writes: what each of them changed becomes what it was before, unless somebody has changed it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from config_schemas.registry import KINDS
from control_plane.audit.log import AuditChange, AuditEntry, AuditLog
from control_plane.errors import ControlPlaneError, NotFound, RestoreUnderWay, StoreUnavailable
from control_plane.identity.actor import Actor
from control_plane.store.changes import Action, Change, in_dependency_order
from control_plane.store.keys import ResourceName
from control_plane.store.resources import Resources
from control_plane.store.writer import MAX_CHANGES

AWAY = (StoreUnavailable, RestoreUnderWay)


@dataclass(frozen=True, slots=True)
class Reverted:
    """What became of one resource. `kept`: it stays as it is, for `reason`."""

    name: ResourceName
    action: Literal["restored", "deleted", "kept"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Revert:
    """What came of it. `revision` 0: nothing was written."""

    revision: int
    outcomes: tuple[Reverted, ...]


class Reverting:
    """Knows from the audit log what a write changed, and from the history what was there before."""

    def __init__(self, resources: Resources, audit_log: AuditLog) -> None:
        self._resources = resources
        self._audit_log = audit_log

    async def revert(self, revisions: Sequence[int], *, actor: Actor) -> Revert:
        """Undo the writes of these store revisions together: all at once if that can be, else one resource after the
        other. What cannot be undone is kept, and named.

        Raises:
            NotFound: the audit log has no write of a revision.
            ControlPlaneError: the store cannot be asked; some may be undone.
        """
        entries = await self._audit_log.find(revisions)
        if missing := sorted(set(revisions) - {entry.revision for entry in entries}):
            raise NotFound(f"the audit log has no write of revision {missing[0]}")
        changes: list[Change] = []
        kept: list[Reverted] = []
        for revision, change in _first_changes(entries):
            try:
                changes.append(await self._undoing(change, revision))
            except AWAY:
                raise
            except ControlPlaneError as error:
                kept.append(Reverted(_name(change), "kept", error.message))
        written, outcomes = await self._write(changes, actor, tuple(sorted(revisions)))
        return Revert(written, (*outcomes, *kept))

    async def _undoing(self, change: AuditChange, revision: int) -> Change:
        """The change that undoes one; it expects what that one left behind."""
        name = _name(change)
        expected = 0 if change.action == "deleted" else revision
        if not change.before_revision:
            return Change(Action.DELETE, name.kind, name.tenant, name.name, expected_revision=expected)
        document = await self._resources.version(name, change.before_revision)
        return Change(Action.APPLY, name.kind, name.tenant, name.name, document, expected_revision=expected)

    async def _write(
        self, changes: Sequence[Change], actor: Actor, reverts: tuple[int, ...]
    ) -> tuple[int, list[Reverted]]:
        ordered = in_dependency_order(changes)
        if 0 < len(ordered) <= MAX_CHANGES:
            try:
                return await self._write_some(ordered, actor, reverts)
            except AWAY:
                raise
            except ControlPlaneError:
                pass  # one by one, it is seen which of them it is
        revision, outcomes = 0, []
        for change in ordered:
            try:
                written, (outcome,) = await self._write_some([change], actor, reverts)
            except AWAY:
                raise
            except ControlPlaneError as error:
                outcomes.append(Reverted(change.target, "kept", error.message))
            else:
                outcomes.append(outcome)
                revision = max(revision, written)
        return revision, outcomes

    async def _write_some(
        self, changes: Sequence[Change], actor: Actor, reverts: tuple[int, ...]
    ) -> tuple[int, list[Reverted]]:
        # What a replica is too old for was there before: it is no reason to leave what is worse.
        result = await self._resources.write(changes, actor=actor, allow_skew=True, reverts=reverts)
        return result.revision, [
            Reverted(change.target, "deleted" if change.action is Action.DELETE else "restored") for change in changes
        ]


def _first_changes(entries: Sequence[AuditEntry]) -> Iterator[tuple[int, AuditChange]]:
    """What was done to each resource, with the revision that it has since, if nobody else changed it.

    Where several of the writes changed one: what was there before the first of them, and the revision of the last.
    """
    first: dict[ResourceName, AuditChange] = {}
    last: dict[ResourceName, tuple[int, AuditChange]] = {}
    for entry in sorted(entries, key=lambda each: each.revision):
        for change in entry.changes:
            if change.kind in KINDS:
                first.setdefault(_name(change), change)
                last[_name(change)] = entry.revision, change
    for name, (revision, change) in last.items():
        yield (
            revision,
            AuditChange(change.action, change.kind, change.tenant, change.name, first[name].before_revision),
        )


def _name(change: AuditChange) -> ResourceName:
    return ResourceName(change.tenant, change.kind, change.name)
