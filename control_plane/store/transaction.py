"""What callers must keep to before any store is asked: the same for all stores."""

from collections.abc import Sequence

from control_plane.store.base import Compare, Put, TooLarge, Write

MAX_OPERATIONS = 128  # etcd's --max-txn-ops; it counts comparisons and writes apart
MAX_BYTES = 1536 * 1024  # etcd's --max-request-bytes
OPERATION_BYTES = 32  # framing of one operation on the wire, rounded up


def check_transaction(compares: Sequence[Compare], writes: Sequence[Write]) -> None:
    """Refuse what etcd would refuse, or what could not be repeated safely.

    Raises:
        ValueError: writes without a comparison, a key written or compared twice, an empty key.
        TooLarge: more operations or bytes than one transaction may have.
    """
    if writes and not compares:
        raise ValueError("a transaction that writes must compare")
    for role, keys in (("compared", [c.key for c in compares]), ("written", [w.key for w in writes])):
        if "" in keys:
            raise ValueError(f"an empty key cannot be {role}")
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key is {role} twice in one transaction: {sorted(keys)}")
        if len(keys) > MAX_OPERATIONS:
            raise TooLarge(f"{len(keys)} keys are {role} in one transaction; at most {MAX_OPERATIONS} may be")
    size = sum(_size(operation) for operation in (*compares, *writes))
    if size > MAX_BYTES:
        raise TooLarge(f"the transaction has {size} bytes; at most {MAX_BYTES} are allowed")


def check_start(start_revision: int) -> None:
    """Refuse what etcd would take for "from now on": a watch follows what was read at a revision."""
    if start_revision < 1:
        raise ValueError(f"a watch starts at a revision from 1 on, not at {start_revision}")


def _size(operation: Compare | Write) -> int:
    value = operation.value if isinstance(operation, Put) else b""
    return OPERATION_BYTES + len(operation.key.encode()) + len(value)
