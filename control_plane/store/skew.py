"""Refuses a write that a connected replica could not understand."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from config_schemas.version import SINCE, document_version
from control_plane.errors import ReplicaTooOld

MAX_NAMED = 5

# The lowest schema version of a connected replica, and the nodes that have it.
OldestReaders = Callable[[], tuple[int, tuple[str, ...]]]


def check_skew(
    documents: Iterable[Mapping[str, Any]], readers: OldestReaders, since: Mapping[str, int] = SINCE
) -> None:
    """Compare what the documents use with what the fleet knows.

    Raises:
        ReplicaTooOld: a replica would be left without part of what is written; the text names replicas.
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
        f"this uses fields of schema version {needed}; connected replicas know version {known}: {named}{more}. "
        "Upgrade them, or write with `allowSkew` to leave such fields out for them"
    )
