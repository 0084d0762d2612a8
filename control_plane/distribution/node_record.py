"""What the store knows of a replica: a small key under a lease, written by the control plane that serves it."""

import json
from dataclasses import asdict, dataclass, fields

from config_schemas.canonical import PATH_PREFIX

NODES_PREFIX = f"{PATH_PREFIX}_nodes/"


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """`revision` and `content_hash` (hex) are what the replica accepted last; `acked_at` empty: nothing on this stream.

    `stuck`: it refuses the newest configuration, and nothing that it named can be left out; `reason` says why.
    """

    node: str
    gateway: str
    control_plane: str
    schema_version: int
    connected: bool
    connected_at: str
    revision: int
    content_hash: str
    acked_at: str = ""
    stuck: bool = False
    reason: str = ""


_FIELDS = frozenset(field.name for field in fields(NodeRecord))


def encode_node(record: NodeRecord) -> bytes:
    return json.dumps(asdict(record)).encode()


def parse_node(node: str, value: bytes) -> NodeRecord | None:
    """None: the record cannot be read. A newer control plane may have written more than we know."""
    try:
        known = {name: field for name, field in json.loads(value).items() if name in _FIELDS}
        record = NodeRecord(**known)
    except (ValueError, TypeError, AttributeError):
        return None
    return record if record.node == node and isinstance(record.revision, int) else None
