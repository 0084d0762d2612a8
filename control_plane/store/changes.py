"""What is to be written, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from config_schemas.base import Resource
from config_schemas.registry import KINDS
from control_plane.store.keys import ResourceName


class Action(Enum):
    """What a change does. `APPLY` creates or replaces; `PATCH` is a JSON merge patch."""

    CREATE = "create"
    REPLACE = "replace"
    APPLY = "apply"
    PATCH = "patch"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one resource. `document` is as a client wrote it; a delete has none.

    `expected_revision`: refuse if it is not at this one. `require_absent`: refuse if it exists.
    """

    action: Action
    kind: str
    tenant: str
    name: str
    document: dict[str, Any] | None = None
    expected_revision: int | None = None
    require_absent: bool = False

    @property
    def target(self) -> ResourceName:
        return ResourceName(self.tenant, self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`resource` is what is there now; of a delete, what was there last. None: nothing, or nothing that can be read."""

    action: Literal["created", "replaced", "unchanged", "deleted"]
    name: ResourceName
    resource: Resource | None
    before: Resource | None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Outcomes in the order of the changes. `revision` 0: nothing was written."""

    revision: int
    outcomes: tuple[Outcome, ...]


def in_dependency_order(changes: Sequence[Change]) -> list[Change]:
    """The order in which changes can be made one by one: what is referred to first, and removed last."""
    order = {kind: index for index, kind in enumerate(KINDS)}
    last = len(order)

    def rank(change: Change) -> int:
        position = order.get(change.kind, last)
        return 2 * last - position if change.action is Action.DELETE else position

    return sorted(changes, key=rank)
