"""One version of a resource as the history keeps it: who made it, when, and the document as it was stored.

The entry is written in the transaction of the change, so its own store revision is that of the version.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from config_schemas.base import Resource
from control_plane.store.keys import history_prefix

HistoryAction = Literal["created", "replaced", "deleted"]


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """`document` is the version's; of a delete, that of the last one. Values of Secrets are sealed."""

    time: str
    actor: str
    request_id: str
    action: HistoryAction
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version as it is shown: Secrets as fingerprints. `resource` None: it cannot be read."""

    revision: int
    generation: int
    time: str
    actor: str
    request_id: str
    action: HistoryAction
    resource: Resource | None


def history_key(path: str, moment: datetime, suffix: str) -> str:
    """Keys of one resource sort by time; `suffix` keeps two of one moment apart."""
    return f"{history_prefix(path)}{int(moment.timestamp() * 1000):015d}-{suffix}"


def moment_of(key: str) -> int:
    """The milliseconds since 1970 in a history key; 0 if it is none."""
    digits = key.rpartition("/")[2].partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def encode_record(record: HistoryRecord) -> bytes:
    return json.dumps(
        {
            "time": record.time,
            "actor": record.actor,
            "requestId": record.request_id,
            "action": record.action,
            "document": record.document,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def parse_record(value: bytes) -> HistoryRecord | None:
    """None: the record cannot be read."""
    try:
        match json.loads(value):
            case {
                "time": str(time),
                "actor": str(actor),
                "requestId": str(request_id),
                "action": ("created" | "replaced" | "deleted") as action,
                "document": dict(document),
            }:
                return HistoryRecord(time, actor, request_id, action, document)
    except ValueError:
        pass
    return None
