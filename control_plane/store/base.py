"""What the control plane needs of a store: etcd's guarantees, without etcd's client.

Keys are text, values bytes. The store has one revision, which every transaction that changes something raises by one.
Semantics follow
etcd's API guarantees (etcd.io/docs/v3.5/learning/api_guarantees, 2026-11): strictly serialisable reads and writes,
watches ordered and whole per revision.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class StoreError(Exception):
    """The store did not do what was asked."""


class Conflict(StoreError):
    """A comparison failed; nothing was written. `key` is the first that differs, `revision` the one it has now."""

    def __init__(self, key: str, revision: int) -> None:
        super().__init__(f"`{key}` is at revision {revision}")
        self.key = key
        self.revision = revision


class Compacted(StoreError):
    """The revision asked for is no longer kept; list again. `revision` is the oldest that is."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the store keeps nothing before revision {revision}")
        self.revision = revision


class Unavailable(StoreError):
    """The store could not be asked in time, or has no space left. A write may or may not have been made."""


class Denied(Unavailable):
    """The store refuses our credentials, or what they may do. Retrying helps only once an operator has changed them."""


class UnderRestore(Unavailable):
    """A restore is being applied: the store is between two sets, and takes no other writes until it is done."""

    def __init__(self) -> None:
        super().__init__("a restore is under way")


class LeaseEnded(StoreError):
    """A key was to be written under a lease that has ended; nothing was written."""


class TooLarge(StoreError):
    """A transaction is over the store's limits: 128 operations, 1.5 MiB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value. `revision` is that of its last write, `created_revision` of its creation."""

    key: str
    value: bytes
    revision: int
    created_revision: int
    lease: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Entries by key. `revision` is the store's that they show; `next_key` is where the next page starts."""

    entries: tuple[Entry, ...]
    revision: int
    next_key: str | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """Require that a key was last written at `revision`; 0: does not exist; None: exists, at whatever revision."""

    key: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value; under a lease, the key goes when the lease ends."""

    key: str
    value: bytes
    lease: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key; no error if it does not exist."""

    key: str


Write = Put | Delete


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `entry` is None when the key was removed."""

    key: str
    entry: Entry | None
    revision: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a watch yields: all events under the prefix up to `revision`, whole revisions; none on a progress notice."""

    revision: int
    events: tuple[Event, ...]


class Store(Protocol):
    """Configuration's source of truth. Every call has a deadline of its own and raises `Unavailable` past it."""

    async def get(self, key: str) -> Entry | None:
        """Read one key, as of now."""

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Read entries whose key begins with `prefix`, from key `start` on.

        `limit` 0: all (read in pages inside). `revision` 0: as of now.

        Raises:
            Compacted: `revision` is no longer kept.
        """

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        """Make all writes in one revision if every comparison holds. Returns that revision.

        Every write is a compare-and-swap: writes without a comparison are a `ValueError`. To be repeated safely after
        a lost answer, a transaction compares the revision of a key that it writes. After `Unavailable` the writes may
        have been made.

        Raises:
            Conflict: a comparison failed; nothing was written.
            LeaseEnded: nothing was written.
            TooLarge: nothing was written.
        """

    def watch(self, prefix: str, *, start_revision: int) -> AsyncIterator[Batch]:
        """Yield changes under `prefix` from `start_revision` on, for ever; survives lost connections by resuming.

        Raises:
            Compacted: `start_revision`, or where a resume would start, is no longer kept.
        """

    async def grant_lease(self, ttl_seconds: int) -> int:
        """Make a lease that ends `ttl_seconds` after its last renewal. Returns its id."""

    async def renew_lease(self, lease: int) -> bool:
        """Restart the lease's time; False if it has ended."""

    async def revoke_lease(self, lease: int) -> None:
        """End a lease and remove its keys; no error if it has ended."""

    async def close(self) -> None:
        """Let go of connections; watches end."""
