"""What the store knows of a replica: a small key under a lease, written by the control plane that serves it."""

import json
from dataclasses import asdict, dataclass

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


def encode_node(record: NodeRecord) -> bytes:
    return json.dumps(asdict(record)).encode()


def parse_node(node: str, value: bytes) -> NodeRecord | None:
    """None: the record cannot be read."""
    try:
        record = NodeRecord(**json.loads(value))
    except (ValueError, TypeError):
        return None
    return record if record.node == node and isinstance(record.revision, int) else None
