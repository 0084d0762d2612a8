"""What the store says of a restore: the one that is under way, and the last one that was finished."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from control_plane.store.base import Entry


@dataclass(frozen=True, slots=True)
class Marker:
    """`stage` names the staged chunks, `backup` the file that they are of. `epoch` is announced when it is finished.

    `token` is the admin token that began it: it stays valid, or nobody might be able to see how it ended.
    """

    stage: str
    backup: str
    epoch: str
    token: str
    request_id: str
    started_at: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """The last restore."""

    backup: str
    epoch: str
    token: str
    started_at: str
    finished_at: str
    counts: Mapping[str, int]


def encode(record: Marker | Restored) -> bytes:
    return json.dumps(asdict(record)).encode()


def parse_marker(entry: Entry) -> Marker:
    """The marker.

    Raises:
        ValueError: a later release wrote it.
    """
    try:
        return Marker(**json.loads(entry.value))
    except TypeError as error:
        raise ValueError("the restore that is under way was begun by another release") from error


def parse_restored(entry: Entry | None) -> Restored | None:
    """None: there was none, or one of a later release."""
    if entry is None:
        return None
    try:
        return Restored(**json.loads(entry.value))
    except (ValueError, TypeError):
        return None
