"""Many resources at once: what `isthmus apply` calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from config_schemas.canonical import default_tenant
from config_schemas.registry import KINDS
from control_plane.api.call import Call, answer, parse_request
from control_plane.api.query import parse_labels
from control_plane.api.schema import BatchAnswer, BatchOutcome, BatchRequest, Prune
from control_plane.api.view import show_bare
from control_plane.errors import ControlPlaneError, FieldError, Invalid
from control_plane.identity.actor import Actor
from control_plane.store.changes import Action, Change, Outcome, WriteResult, in_dependency_order
from control_plane.store.resources import Resources


class BatchEndpoint:
    """Applies documents, and prunes."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def batch(self, call: Call) -> web.Response:
        return await self._answer(call, parse_request(BatchRequest, await call.batch()))

    async def diff(self, call: Call) -> web.Response:
        """A dry run, for who may only read."""
        request = parse_request(BatchRequest, await call.batch())
        return await self._answer(call, request.model_copy(update={"dry_run": True}))

    async def _answer(self, call: Call, request: BatchRequest) -> web.Response:
        changes = _changes(request.documents)
        if request.prune:
            changes += await self._pruned(request.prune, {str(change.target) for change in changes})
        if request.atomic and changes:
            result = await self._resources.write(
                changes, actor=call.actor, dry_run=request.dry_run, allow_skew=request.allow_skew
            )
        else:
            result = await self._one_by_one(in_dependency_order(changes), call.actor, request)
        return answer(BatchAnswer(revision=result.revision, outcomes=tuple(map(_show, result.outcomes))))

    async def _pruned(self, prune: Prune, kept: set[str]) -> list[Change]:
        """Deletions of what has the labels and is in no document."""
        labels = parse_labels(prune.label_selector)
        unknown = sorted(set(prune.kinds or ()) - KINDS.keys())
        if unknown or not labels:
            field, message = (
                ("prune.kinds", _kind_message()) if unknown else ("prune.labelSelector", "must have labels")
            )
            raise Invalid(f"`{field}` {message}", [FieldError(field, message)])
        found: list[Change] = []
        for kind in prune.kinds or KINDS:
            token = ""
            while True:
                page = await self._resources.list(kind, None, labels=labels, token=token)
                for resource in page.items:
                    metadata = resource.metadata
                    change = Change(
                        Action.DELETE, kind, metadata.tenant, metadata.name, expected_revision=metadata.revision
                    )
                    if str(change.target) not in kept:
                        found.append(change)
                token = page.token
                if not token:
                    break
        return in_dependency_order(found)

    async def _one_by_one(self, changes: Sequence[Change], actor: Actor, request: BatchRequest) -> WriteResult:
        outcomes: list[Outcome] = []
        revision = 0
        for change in changes:
            try:
                result = await self._resources.write(
                    [change], actor=actor, dry_run=request.dry_run, allow_skew=request.allow_skew
                )
            except ControlPlaneError as error:
                done = f"{len(outcomes)} of {len(changes)} documents were applied before it"
                raise type(error)(f"{change.target}: {error.message}; {done}", error.field_errors) from error
            outcomes += result.outcomes
            revision = max(revision, result.revision)
        return WriteResult(revision, tuple(outcomes))


def _changes(documents: Sequence[Mapping[str, Any]]) -> list[Change]:
    changes: list[Change] = []
    errors: list[FieldError] = []
    for index, document in enumerate(documents):
        kind = document.get("kind")
        metadata = document.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        name, place = metadata.get("name"), f"documents[{index}]"
        if not isinstance(kind, str) or kind not in KINDS:
            errors.append(FieldError(f"{place}.kind", _kind_message()))
            continue
        tenant = metadata.get("tenant", default_tenant(KINDS[kind]))
        for field, value in (("name", name), ("tenant", tenant)):
            if not isinstance(value, str) or not value:
                errors.append(FieldError(f"{place}.metadata.{field}", "must be a text that is not empty"))
        changes.append(Change(Action.APPLY, kind, str(tenant), str(name), dict(document)))
    if errors:
        raise Invalid(f"`{errors[0].path}` {errors[0].message}", errors)
    return changes


def _kind_message() -> str:
    return f"must be one of {', '.join(KINDS)}"


def _show(outcome: Outcome) -> BatchOutcome:
    tenant, kind, name = outcome.name
    after = outcome.resource if outcome.action != "deleted" else None
    return BatchOutcome(
        action=outcome.action,
        kind=kind,
        tenant=tenant,
        name=name,
        before=show_bare(outcome.before) if outcome.before else None,
        after=show_bare(after) if after else None,
    )
