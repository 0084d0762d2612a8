"""From a change and what is stored to what is to be written: pure, before any check that needs other resources."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from config_schemas.base import Metadata
from config_schemas.canonical import encode, to_document
from control_plane.admission.merge_patch import merge_patch
from control_plane.admission.validate import Defaults, parse_document
from control_plane.errors import (
    AlreadyExists,
    FieldError,
    Invalid,
    NotFound,
    RevisionConflict,
    StoredInvalid,
)
from control_plane.secrets.sealer import Sealer
from control_plane.secrets.secret_document import seal_document, show_document
from control_plane.store.base import Entry
from control_plane.store.changes import Action, Change
from control_plane.store.keys import ResourceName, resource_key
from control_plane.store.stored import parse_stored

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`document` is what will be stored, None if nothing; `before` what is stored, None if nothing that can be read."""

    name: ResourceName
    revision: int  # of what is stored; 0: nothing
    before: Document | None = field(repr=False)
    document: Document | None = field(repr=False)
    is_unchanged: bool = False

    @property
    def path(self) -> str:
        return str(self.name)

    @property
    def key(self) -> str:
        return resource_key(self.path)


def plan_change(change: Change, entry: Entry | None, sealer: Sealer, now: str) -> Plan:
    """What the change comes to.

    Raises:
        AlreadyExists, NotFound, RevisionConflict: what is stored is not what the change expects.
        Invalid, Malformed: what the change would store is not allowed.
    """
    _check_expectations(change, entry)
    name, revision = change.target, entry.revision if entry else 0
    before = _readable(entry)
    if change.action is Action.DELETE:
        return Plan(name, revision, before, None)
    written = _admitted(change, before, sealer)
    errors: list[FieldError] = []
    if name.kind == "Secret":
        written, errors = seal_document(sealer, str(name), written, before)
    if errors:
        raise Invalid(f"{name.kind} '{name.name}': `{errors[0].path}` {errors[0].message}", errors)
    if before and _content(before) == _content(written):
        return Plan(name, revision, before, before, is_unchanged=True)
    return Plan(name, revision, before, _versioned(written, before, now))


def _check_expectations(change: Change, entry: Entry | None) -> None:
    what = f"{change.kind} '{change.name}' in tenant '{change.tenant}'"
    if change.expected_revision is not None and change.expected_revision != (entry.revision if entry else 0):
        now = f"is at revision {entry.revision}" if entry else "does not exist"
        raise RevisionConflict(f"{what} {now}, not at revision {change.expected_revision}; read it again")
    if change.require_absent and entry:
        raise RevisionConflict(f"{what} exists, at revision {entry.revision}")
    if change.action is Action.CREATE and entry:
        raise AlreadyExists(f"{what} already exists")
    if change.action in (Action.REPLACE, Action.PATCH, Action.DELETE) and not entry:
        raise NotFound(f"{what} does not exist")


def _readable(entry: Entry | None) -> Document | None:
    try:
        document = parse_stored(entry.value) if entry else None
    except StoredInvalid:
        return None  # it can be replaced and deleted like any other
    has_parts = document and isinstance(document.get("metadata"), dict) and isinstance(document.get("spec"), dict)
    return document if has_parts else None


def _admitted(change: Change, before: Document | None, sealer: Sealer) -> Document:
    document: Any = change.document or {}
    if change.action is Action.PATCH:
        shown = before or {}
        if before and change.kind == "Secret":
            shown = show_document(sealer, str(change.target), before)
        document = merge_patch(shown, document)
    defaults = Defaults(change.kind, change.tenant, change.name)
    return to_document(parse_document(document, defaults=defaults))


def _content(document: Document) -> bytes:
    return encode({"spec": document.get("spec"), "labels": document["metadata"].get("labels", {})})


def _versioned(written: Document, before: Document | None, now: str) -> Document:
    """The document with its generation, which rises with the spec, and its creation time, which stays."""
    generation, created_at = 0, now
    if before and _is_metadata(before["metadata"]):  # else written by hand: as if it were new
        generation, created_at = before["metadata"].get("generation", 0), before["metadata"].get("createdAt", now)
    if before is None or encode(before["spec"]) != encode(written["spec"]):
        generation += 1
    return {**written, "metadata": {**written["metadata"], "generation": generation, "createdAt": created_at}}


def _is_metadata(metadata: Document) -> bool:
    try:
        Metadata.model_validate_json(encode(metadata))
    except ValidationError:
        return False
    return True
