"""The control plane's side of one discovery stream, without I/O. Source: proto/isthmus/discovery/v1/discovery.proto."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from google.protobuf.message import DecodeError
from isthmus.discovery.v1 import discovery_pb2 as pb

from config_schemas.digest import BUCKETS, DIGEST_BYTES, content_hash
from control_plane.distribution.epoch import Epoch
from control_plane.distribution.item import Item
from control_plane.distribution.subset import Subset
from control_plane.distribution.update import Update

MAX_NODE_CHARACTERS = 128
MAX_REJECTIONS = 200


class ProtocolError(Exception):
    """The node broke the protocol: the stream ends."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the node is and what it serves."""

    node: str
    gateway: str
    schema_version: int
    epoch: str
    revision: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Acked:
    """The node serves this now."""

    revision: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A resource that the node refuses: the item that it was offered."""

    path: str
    item: Item
    reason: str


@dataclass(frozen=True, slots=True)
class Nacked:
    """The node refuses what it was offered. `rejected` leaves out what was not offered, or has changed since."""

    revision: int
    content_hash: bytes
    rejected: tuple[Rejected, ...]
    is_stuck: bool  # nothing was named that could be left out: nothing more is offered before the next change


Answer = Acked | Nacked


class _State(Enum):
    GREETED = "greeted"
    IDLE = "idle"
    AWAITING_DIGESTS = "awaiting digests"
    IN_FLIGHT = "awaiting the answer to an update"
    REFUSED = "refused by the node"  # it serves another epoch


def parse_hello(message: bytes) -> Hello:
    """Read a stream's first message.

    Raises:
        ProtocolError: it is something else.
    """
    parsed = _parse(message)
    if parsed.WhichOneof("message") != "hello":
        raise ProtocolError("a stream begins with `hello`")
    hello = parsed.hello
    if not 0 < len(hello.node) <= MAX_NODE_CHARACTERS or "/" in hello.node or not hello.node.isprintable():
        raise ProtocolError(f"`node` must have 1 to {MAX_NODE_CHARACTERS} printable characters, none of them '/'")
    if hello.schema_version < 1:
        raise ProtocolError("`schema_version` must be 1 or more")
    if hello.revision < 0 or bool(hello.revision) > bool(hello.epoch):
        raise ProtocolError("a `revision` needs an `epoch`")
    return Hello(hello.node, hello.gateway, hello.schema_version, hello.epoch, hello.revision, hello.content_hash)


class Session:
    """`poll` says what to send next, `receive` takes what came. At most one update is under way."""

    def __init__(self, hello: Hello, subset: Subset, epoch: Epoch) -> None:
        self.hello = hello
        self.subset = subset
        self.accepted = Acked(hello.revision, hello.content_hash)
        self.lags = False  # this control plane behind the one that the node comes from; set by `poll`
        self._epoch = epoch
        self._state = _State.GREETED
        self._is_of_epoch = hello.epoch == epoch.name
        self._digests: tuple[bytes, ...] | None = None
        self._offer: Update | None = None
        self._offered_at = 0  # how often the subset had changed by then
        self._refused_at: int | None = None

    @property
    def is_in_flight(self) -> bool:
        return self._state is _State.IN_FLIGHT

    @property
    def awaits_answer(self) -> bool:
        return self._state in (_State.IN_FLIGHT, _State.AWAITING_DIGESTS)

    @property
    def is_refused(self) -> bool:
        """Whether the node takes nothing from a store of this epoch."""
        return self._state is _State.REFUSED

    def poll(self) -> Iterator[bytes] | None:
        """The messages to send now, all of them and in order; None: nothing before something changes."""
        if self._state is _State.GREETED:
            return self._welcome()
        if self._state is not _State.IDLE or self._is_in_sync() or self.subset.changes == self._refused_at:
            return None
        least = self.accepted.revision if self._is_of_epoch else 0
        self.lags = self.subset.revision < least
        if self.lags:
            return None
        if self._digests is not None:
            update: Update | None = self.subset.update_from_digests(self._digests, least)
        else:
            update = self.subset.update_from(self.accepted.content_hash, least)
        if update is None:
            self._state = _State.AWAITING_DIGESTS
            return iter((pb.ControlPlaneMessage(digests_wanted=pb.DigestsWanted()).SerializeToString(),))
        self._state = _State.IN_FLIGHT
        self._offer = update
        self._offered_at = self.subset.changes
        return update.frames()

    def receive(self, message: bytes) -> Answer | None:
        """Take one message of the node.

        Raises:
            ProtocolError: it may not come now, or is none.
        """
        parsed = _parse(message)
        match parsed.WhichOneof("message"), self._state:
            case "digests", _State.AWAITING_DIGESTS:
                self._take_digests(parsed.digests.digests)
                return None
            case "ack", _State.IN_FLIGHT:
                return self._on_ack(parsed.ack)
            case "nack", _State.IN_FLIGHT:
                return self._on_nack(parsed.nack)
            case kind, state:
                raise ProtocolError(f"'{kind}' may not come while {state.value}")

    def _is_in_sync(self) -> bool:
        return self._is_of_epoch and self.accepted.content_hash == self.subset.content_hash

    def _welcome(self) -> Iterator[bytes]:
        is_new = not self.hello.epoch
        self._state = _State.IDLE if is_new or self._is_of_epoch or self._epoch.accept else _State.REFUSED
        welcome = pb.Welcome(epoch=self._epoch.name, accept_epoch=self._epoch.accept)
        return iter((pb.ControlPlaneMessage(welcome=welcome).SerializeToString(),))

    def _take_digests(self, digests: bytes) -> None:
        if len(digests) != BUCKETS * DIGEST_BYTES:
            raise ProtocolError(f"`digests` must have {BUCKETS} times {DIGEST_BYTES} bytes")
        self._digests = tuple(digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES))
        self.accepted = Acked(self.accepted.revision, content_hash(self._digests))
        self._state = _State.IDLE

    def _on_ack(self, ack: pb.Ack) -> Acked:
        offer = self._close_offer(ack.revision, ack.content_hash)
        self.accepted = Acked(offer.revision, offer.content_hash)
        self._is_of_epoch = True
        self._digests = None
        return self.accepted

    def _on_nack(self, nack: pb.Nack) -> Nacked:
        offer = self._close_offer(nack.revision, nack.content_hash)
        self._refused_at = self._offered_at
        changed = self.subset.changed_since(offer.content_hash)
        rejected = tuple(
            Rejected(rejection.path, item, rejection.reason)
            for rejection in nack.rejected[:MAX_REJECTIONS]
            if changed is not None and rejection.path not in changed and (item := self.subset.find(rejection.path))
        )
        is_stuck = not rejected and self.subset.changes == self._refused_at
        return Nacked(offer.revision, offer.content_hash, rejected, is_stuck)

    def _close_offer(self, revision: int, content_hash: bytes) -> Update:
        offer, self._offer = self._offer, None
        if offer is None or (offer.revision, offer.content_hash) != (revision, content_hash):
            raise ProtocolError(f"revision {revision} was not offered")
        self._state = _State.IDLE
        return offer


def _parse(message: bytes) -> pb.NodeMessage:
    try:
        return pb.NodeMessage.FromString(message)
    except DecodeError as error:
        raise ProtocolError("not a message") from error
