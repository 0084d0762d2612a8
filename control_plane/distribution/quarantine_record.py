"""What the store keeps of a resource that a gateway's replicas refuse: at which revision, why, what they get instead.

A line of JSON, then the payload that is served instead, as it was stored (sealed values stay sealed). One record for
each gateway and resource, at `/isthmus/v1/_quarantine/<gateway>/<tenant>/<Kind>/<name>`.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.item import Item, Items, is_resource_path

QUARANTINE_PREFIX = f"{PATH_PREFIX}_quarantine/"
MAX_REASON_CHARACTERS = 1024
FIRST_SCHEMA_VERSION = 1  # of records that do not say: its control planes wrote none


class QuarantineKey(NamedTuple):
    """For whom, and what."""

    gateway: str
    path: str

    @property
    def store_key(self) -> str:
        return f"{QUARANTINE_PREFIX}{self.gateway}/{self.path}"


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
    """`revision` is that of the refused version; another version of the resource is offered as it is.

    `served` None: nothing was ever accepted, the gateway goes without the resource. `schema_version` is that of the
    replica that refused it: newer ones may accept it.
    """

    revision: int
    reason: str
    node: str
    since: str
    served: Item | None
    schema_version: int = FIRST_SCHEMA_VERSION


def parse_key(store_key: str) -> QuarantineKey | None:
    """None: the key is not that of a record."""
    if not store_key.startswith(QUARANTINE_PREFIX):
        return None
    gateway, _, path = store_key.removeprefix(QUARANTINE_PREFIX).partition("/")
    return QuarantineKey(gateway, path) if gateway and is_resource_path(path) else None


def encode_record(record: QuarantineRecord) -> bytes:
    head = {
        "revision": record.revision,
        "reason": record.reason[:MAX_REASON_CHARACTERS],
        "node": record.node,
        "since": record.since,
        "servedRevision": record.served.revision if record.served else 0,
        "schemaVersion": record.schema_version,
    }
    return json.dumps(head).encode() + b"\n" + (record.served.payload if record.served else b"")


def parse_record(key: QuarantineKey, value: bytes, items: Items) -> QuarantineRecord | None:
    """None: the record cannot be read."""
    head, _, payload = value.partition(b"\n")
    try:
        match json.loads(head):
            case {
                "revision": int(revision),
                "reason": str(reason),
                "node": str(node),
                "since": str(since),
                "servedRevision": int(served),
                **rest,
            }:
                item = items.make(key.path, payload, served) if served else None
                known = rest.get("schemaVersion")
                schema_version = known if isinstance(known, int) else FIRST_SCHEMA_VERSION
                return QuarantineRecord(revision, reason, node, since, item, schema_version)
    except ValueError:
        pass
    return None
