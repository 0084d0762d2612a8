"""What etcd's refusals mean. Source: etcd's api/v3rpc/rpctypes/error.go, the same texts from 3.4 to 3.6."""

from enum import Enum, auto

import grpc


class Kind(Enum):
    UNAVAILABLE = auto()  # no answer; what was asked may have been done
    STALE_TOKEN = auto()  # nothing was done; authenticate and ask again
    DENIED = auto()
    NO_SPACE = auto()
    COMPACTED = auto()
    FUTURE_REVISION = auto()
    LEASE_NOT_FOUND = auto()
    REQUEST_TOO_LARGE = auto()
    ANSWER_TOO_LARGE = auto()
    INVALID = auto()  # a fault of ours


class EtcdError(Exception):
    """etcd did not do what was asked. `revision` is the oldest kept one if `kind` is COMPACTED and etcd told it."""

    def __init__(self, kind: Kind, message: str, *, revision: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.revision = revision


TEXTS = (
    ("required revision has been compacted", Kind.COMPACTED),
    ("required revision is a future revision", Kind.FUTURE_REVISION),
    ("database space exceeded", Kind.NO_SPACE),
    ("requested lease not found", Kind.LEASE_NOT_FOUND),
    ("request is too large", Kind.REQUEST_TOO_LARGE),
    ("too many operations in txn request", Kind.REQUEST_TOO_LARGE),
    ("Received message larger than max", Kind.ANSWER_TOO_LARGE),  # said by our own gRPC
    ("received message larger than max", Kind.REQUEST_TOO_LARGE),  # said by etcd's
    ("permission denied", Kind.DENIED),
    ("invalid user ID or password", Kind.DENIED),
    ("invalid auth token", Kind.STALE_TOKEN),
    ("revision of auth store is old", Kind.STALE_TOKEN),
    ("user name is empty", Kind.STALE_TOKEN),  # authentication was switched on after we connected
)
INVALID_CODES = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.NOT_FOUND,
)


def classify(code: grpc.StatusCode, details: str) -> Kind:
    """What a failed call means. A code that is not known to say otherwise means that another member may do better."""
    for text, kind in TEXTS:
        if text in details:
            return kind
    return Kind.INVALID if code in INVALID_CODES else Kind.UNAVAILABLE
