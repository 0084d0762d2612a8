"""Refuses a write that a connected replica, or another control plane that runs, could not understand."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from config_schemas.version import SINCE, document_version
from control_plane.errors import ReplicaTooOld

MAX_NAMED = 5

Readers = tuple[int, tuple[str, ...]]  # the lowest schema version, and the names of those that have it
OldestReaders = Callable[[], Readers]


def oldest_of(first: Readers, second: Readers) -> Readers:
    """The older of two groups; both where they are equally old."""
    if first[0] == second[0]:
        return first[0], first[1] + second[1]
    return min(first, second)


def check_skew(
    documents: Iterable[Mapping[str, Any]], readers: OldestReaders, since: Mapping[str, int] = SINCE
) -> None:
    """Compare what the documents use with what the fleet knows.

    Raises:
        ReplicaTooOld: one would be left without part of what is written; the text names some.
    """
    needed = max((document_version(document, since) for document in documents), default=0)
    if needed <= 1:
        return
    known, nodes = readers()
    if needed <= known:
        return
    named = ", ".join(f"'{node}'" for node in nodes[:MAX_NAMED])
    more = f" and {len(nodes) - MAX_NAMED} more" if len(nodes) > MAX_NAMED else ""
    raise ReplicaTooOld(
        f"this uses fields of schema version {needed}; of what runs, these know version {known}: {named}{more}. "
        "Upgrade them, or write with `allowSkew` to leave such fields out for them"
    )
