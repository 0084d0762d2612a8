"""What can go wrong at the control plane, as its clients see it: status, code, sentence, and the fields at fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `path` is as in `spec.versions[0].weight`; empty: the document as a whole."""

    path: str
    message: str


RESTORE_UNDER_WAY = "a restore is being applied; `isthmus restore --status` tells how far it is; try again after it"


class ControlPlaneError(Exception):
    """A refusal. Subclasses fix `status` and `code`; the text says what is allowed and never holds a secret."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, field_errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field_errors = tuple(field_errors)


class Malformed(ControlPlaneError):
    """What was sent cannot be read at all."""

    status = 400
    code = "malformed"


class Unauthenticated(ControlPlaneError):
    """No admin token, or one that is not valid."""

    status = 401
    code = "unauthenticated"


class Forbidden(ControlPlaneError):
    """The token is valid and does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(ControlPlaneError):
    """There is no such thing."""

    status = 404
    code = "not_found"


class AlreadyExists(ControlPlaneError):
    """It was to be created and is there."""

    status = 409
    code = "already_exists"


class InUse(ControlPlaneError):
    """It was to be deleted and others refer to it."""

    status = 409
    code = "in_use"


class WriteConflict(ControlPlaneError):
    """Others wrote the same at the same time, more often than was retried."""

    status = 409
    code = "conflict"


class ReplicaTooOld(ControlPlaneError):
    """The write uses a field that a connected replica does not know."""

    status = 409
    code = "replica_too_old"


class StoreNotEmpty(ControlPlaneError):
    """A restore would replace what the store has, and the client did not say that it may."""

    status = 409
    code = "store_not_empty"


class NoSnapshotKey(ControlPlaneError):
    """This control plane was not given the replica group's key."""

    status = 409
    code = "no_snapshot_key"


class Expired(ControlPlaneError):
    """The revision asked for is no longer kept; begin anew."""

    status = 410
    code = "expired"


class RevisionConflict(ControlPlaneError):
    """It is not at the revision that the client expected."""

    status = 412
    code = "revision_conflict"


class TooLarge(ControlPlaneError):
    """More than is taken at once."""

    status = 413
    code = "too_large"


class Invalid(ControlPlaneError):
    """What was sent can be read and is not allowed; `field_errors` has everything that is wrong."""

    status = 422
    code = "invalid"


class StoredInvalid(ControlPlaneError):
    """What the store has is not a valid resource; someone wrote it by hand. It can be replaced or deleted."""

    status = 500
    code = "stored_resource_invalid"


class RestoreUnderWay(ControlPlaneError):
    """A restore is being applied; until it is done nothing else is written."""

    status = 503
    code = "restore_under_way"


class StoreUnavailable(ControlPlaneError):
    """The store could not be asked; a write may or may not have been made."""

    status = 503
    code = "store_unavailable"
