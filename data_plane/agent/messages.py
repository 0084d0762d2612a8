"""What agent and worker tell each other over their socketpair."""

import msgspec

from data_plane.listen_address import ListenAddress
from data_plane.observability.delta import Delta

CHUNK_BYTES = 1024 * 1024  # of resources in one message: what the discovery protocol allows, too


class Listening(msgspec.Struct, frozen=True):
    """A socket that a worker inherits, by its descriptor, and how it is to be served."""

    address: ListenAddress
    descriptor: int


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate from files: its chain and private key in PEM."""

    name: str
    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"KeyPair({self.name})"


class Start(msgspec.Struct, tag=True, frozen=True):
    """The agent's first message: who the worker is. `agent` is new each time that an agent starts."""

    node: str
    gateway: str
    agent: str
    worker: int
    incarnation: int  # counts the processes that have had this worker's place
    data_dir: str
    drain_seconds: float
    listening: tuple[Listening, ...] = ()
    certificates: tuple[KeyPair, ...] = ()


class Changes(msgspec.Struct, tag=True, frozen=True):
    """Resources by path, in canonical bytes. They take effect with the next `Commit`, never before."""

    changed: dict[str, bytes]
    removed: list[str]


class Commit(msgspec.Struct, tag=True, frozen=True):
    """The changes since the last one make this revision, whose whole set has this hash."""

    epoch: str
    revision: int
    content_hash: str


class Accept(msgspec.Struct, tag=True, frozen=True):
    """Begin to take connections."""


class LameDuck(msgspec.Struct, tag=True, frozen=True):
    """Go on accepting, but close each connection after its answer: clients are to go elsewhere."""


class Drain(msgspec.Struct, tag=True, frozen=True):
    """Take no more connections, end what is under way, flush, exit. `at_once`: cut off what is under way."""

    at_once: bool = False


class Certificates(msgspec.Struct, tag=True, frozen=True):
    """The certificates from files, in place of those before."""

    certificates: tuple[KeyPair, ...]


class Stored(msgspec.Struct, tag=True, frozen=True):
    """The batch of call records with this sequence, and all before, are in the spool."""

    sequence: int


class Accepting(msgspec.Struct, tag=True, frozen=True):
    """The worker takes connections."""


class Draining(msgspec.Struct, tag=True, frozen=True):
    """The worker takes no more connections, whoever asked it to; its place is free."""


class Applied(msgspec.Struct, tag=True, frozen=True):
    """The worker serves this revision; `seconds` from the commit's arrival."""

    revision: int
    content_hash: str
    seconds: float


class Records(msgspec.Struct, tag=True, frozen=True):
    """Call records as JSON lines. Kept by the worker until they are `Stored`."""

    sequence: int
    count: int
    lines: bytes


class Report(msgspec.Struct, tag=True, frozen=True):
    """Once a second and at exit: what was counted since the last one, and values as they are. A sign of life, too."""

    deltas: list[Delta]
    gauges: list[Delta]
    lost_records: int = 0  # since the last report


ToWorker = Start | Changes | Commit | Accept | LameDuck | Drain | Certificates | Stored
ToAgent = Accepting | Draining | Applied | Records | Report
