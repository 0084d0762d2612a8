"""Turns etcd's refusals into the store's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from control_plane.etcd.errors import EtcdError, Kind
from control_plane.store.base import Compacted, Denied, LeaseEnded, StoreError, TooLarge, Unavailable

ERRORS: dict[Kind, type[StoreError]] = {
    Kind.UNAVAILABLE: Unavailable,
    Kind.STALE_TOKEN: Denied,  # it asks for a user and we have none
    Kind.DENIED: Denied,
    Kind.NO_SPACE: Unavailable,
    Kind.LEASE_NOT_FOUND: LeaseEnded,
    Kind.REQUEST_TOO_LARGE: TooLarge,
}
ADVICE = {
    Kind.STALE_TOKEN: "; it asks for a username and a password",
    Kind.DENIED: "; check the user, its password and the permissions of its role",
    Kind.NO_SPACE: "; compact and defragment it, raise its quota, then disarm the alarm",
}


@contextmanager
def store_errors(*, revision: int = 0) -> Iterator[None]:
    """Raise the store's errors for etcd's; `revision` is the one that was asked for."""
    try:
        yield
    except EtcdError as error:
        if error.kind is Kind.COMPACTED:
            raise Compacted(error.revision or revision + 1) from error
        kind = ERRORS.get(error.kind, StoreError)
        raise kind(f"etcd: {error}{ADVICE.get(error.kind, '')}") from error
