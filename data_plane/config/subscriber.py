"""A replica's side of the discovery protocol, without I/O. Source: proto/isthmus/discovery/v1/discovery.proto."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from google.protobuf.message import DecodeError
from isthmus.discovery.v1 import discovery_pb2 as pb

from config_schemas.digest import BUCKETS
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import Changes, Payload, Position, ResourceSet

MAX_UPDATE_BYTES = 1024 * 1024 * 1024  # of paths and payloads in one update: eight times 300,000 credentials
MAX_REJECTIONS = 200  # named in one answer; the next offer brings out the others
MAX_REASON_CHARACTERS = 1024


class ProtocolError(Exception):
    """The control plane broke the protocol: end the stream, start another."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the replica is."""

    node: str
    gateway: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class ConfigUpdate:
    """From what the replica serves to the next whole state. `content_hash` in hex."""

    epoch: str
    revision: int
    content_hash: str
    changed: Mapping[str, bytes]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """Put this message on the stream."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Apply:
    """Try the update, then call `accept` or `reject`."""

    update: ConfigUpdate


@dataclass(frozen=True, slots=True)
class Refused:
    """The control plane has another store than the one served here; nothing is taken from this stream."""

    reason: str


Action = Send | Apply | Refused


class _State(Enum):
    DISCONNECTED = "disconnected"
    GREETED = "greeted"  # Hello is sent
    READY = "ready"  # an update may come, or is coming
    DECIDING = "deciding"  # an update is whole and awaits `accept` or `reject`
    REFUSING = "refusing"


class Subscriber:
    """Keeps `resources` at what was accepted last, over any number of streams.

    One stream: `connect`, then `receive` for each message. `resources` changes in `accept` only.
    """

    def __init__(self, identity: Identity, resources: ResourceSet) -> None:
        self.resources = resources
        self._identity = identity
        self._state = _State.DISCONNECTED
        self._epoch = ""
        self._frames = _Frames()
        self._decided: tuple[Changes, Position] | None = None
        self._hash_is_doubtful = False

    @property
    def has_refused(self) -> bool:
        return self._state is _State.REFUSING

    def connect(self) -> bytes:
        """Begin a stream; what was under way on the last one is void. Returns the first message."""
        self._state = _State.GREETED
        self._frames = _Frames()
        self._decided = None
        position = self.resources.position
        # After a mismatch the usual way would lead to the same mismatch: have the digests compared.
        content_hash = b"" if self._hash_is_doubtful else self.resources.content_hash
        hello = pb.Hello(
            node=self._identity.node,
            gateway=self._identity.gateway,
            schema_version=self._identity.schema_version,
            epoch=position.epoch,
            revision=position.revision,
            content_hash=content_hash,
        )
        return pb.NodeMessage(hello=hello).SerializeToString()

    def receive(self, message: bytes) -> Action | None:
        """Take one message of the control plane.

        Raises:
            ProtocolError: it may not come now, or is none.
        """
        try:
            parsed = pb.ControlPlaneMessage.FromString(message)
        except DecodeError as error:
            raise ProtocolError("not a message") from error
        match parsed.WhichOneof("message"), self._state:
            case "welcome", _State.GREETED:
                return self._on_welcome(parsed.welcome)
            case "digests_wanted", _State.READY if self._frames.is_empty:
                digests = pb.Digests(digests=b"".join(self.resources.bucket_digests()))
                return Send(pb.NodeMessage(digests=digests).SerializeToString())
            case "update", _State.READY:
                return self._on_frame(parsed.update)
            case kind, state:
                raise ProtocolError(f"'{kind}' may not come while {state.value}")

    def accept(self) -> bytes:
        """The update is in force. Returns the Ack."""
        changes, position = self._decide()
        self.resources.apply(changes, position)
        ack = pb.Ack(revision=position.revision, content_hash=self.resources.content_hash)
        return pb.NodeMessage(ack=ack).SerializeToString()

    def reject(self, rejections: Sequence[Rejection]) -> bytes:
        """The update is refused as a whole, for the sake of these resources. Returns the Nack."""
        changes, position = self._decide()
        rejected = [
            pb.Rejection(path=rejection.path, reason=rejection.reason[:MAX_REASON_CHARACTERS])
            for rejection in rejections[:MAX_REJECTIONS]
        ]
        nack = pb.Nack(revision=position.revision, content_hash=self.resources.hash_after(changes), rejected=rejected)
        return pb.NodeMessage(nack=nack).SerializeToString()

    def _decide(self) -> tuple[Changes, Position]:
        if self._state is not _State.DECIDING or self._decided is None:
            raise ValueError("no update awaits a decision")
        decided, self._decided = self._decided, None
        self._state = _State.READY
        return decided

    def _on_welcome(self, welcome: pb.Welcome) -> Refused | None:
        served = self.resources.position.epoch
        if not welcome.epoch:
            raise ProtocolError("a store without an epoch")
        if served and welcome.epoch != served and not welcome.accept_epoch:
            self._state = _State.REFUSING
            return Refused(
                f"the control plane's store has the epoch '{welcome.epoch}', the configuration served here is of "
                f"'{served}'; `isthmus restore --accept` makes replicas take the restored store"
            )
        self._epoch = welcome.epoch
        self._state = _State.READY
        return None

    def _on_frame(self, frame: pb.Update) -> Apply | None:
        served = self.resources.position
        if frame.revision < served.revision and self._epoch == served.epoch:
            raise ProtocolError(f"revision {frame.revision} after {served.revision} in the same epoch")
        self._frames.add(frame)
        if frame.more:
            return None
        frames, self._frames = self._frames, _Frames()
        changes = frames.changes(self.resources)
        if self.resources.hash_after(changes) != frame.content_hash:
            self._hash_is_doubtful = True
            raise ProtocolError(f"revision {frame.revision} does not give the content hash that it should")
        self._hash_is_doubtful = False
        self._decided = (changes, Position(self._epoch, frame.revision))
        self._state = _State.DECIDING
        return Apply(
            ConfigUpdate(
                epoch=self._epoch,
                revision=frame.revision,
                content_hash=frame.content_hash.hex(),
                changed={path: payload.content for path, payload in changes.items() if payload},
                removed=tuple(path for path, payload in changes.items() if payload is None),
            )
        )


class _Frames:
    """The frames of one update, as far as they have come."""

    def __init__(self) -> None:
        self._revision: int | None = None
        self._changed: dict[str, Payload] = {}
        self._removed: set[str] = set()
        self._buckets: set[int] = set()
        self._partial: tuple[str, list[bytes]] | None = None
        self._bytes = 0

    @property
    def is_empty(self) -> bool:
        return self._revision is None

    def add(self, frame: pb.Update) -> None:
        if self._revision not in (None, frame.revision):
            raise ProtocolError(f"a frame of revision {frame.revision} within revision {self._revision}")
        self._revision = frame.revision
        self._bytes += frame.ByteSize()
        if self._bytes > MAX_UPDATE_BYTES:
            raise ProtocolError(f"an update of more than {MAX_UPDATE_BYTES} bytes")
        for resource in frame.changed:
            self._add_resource(resource)
        self._removed.update(frame.removed)
        self._buckets.update(frame.replaced_buckets)
        if self._buckets and max(self._buckets) >= BUCKETS:
            raise ProtocolError(f"bucket {max(self._buckets)} of {BUCKETS}")
        if self._partial and not frame.more:
            raise ProtocolError(f"the payload of `{self._partial[0]}` does not end")

    def changes(self, resources: ResourceSet) -> Changes:
        """What makes the update of what is there; equal payloads are no change."""
        held = resources.payloads
        removed = (self._removed | resources.paths_in(self._buckets)) - self._changed.keys()
        changes: dict[str, Payload | None] = {path: None for path in removed if path in held}
        changes |= {path: payload for path, payload in self._changed.items() if held.get(path) != payload.content}
        return changes

    def _add_resource(self, resource: pb.Resource) -> None:
        path, parts = self._partial or (resource.path, [])
        if resource.path != path:
            raise ProtocolError(f"`{resource.path}` comes within the payload of `{path}`")
        parts.append(resource.payload)
        if resource.continues:
            self._partial = (path, parts)
            return
        self._partial = None
        self._changed[path] = Payload.of(path, parts[0] if len(parts) == 1 else b"".join(parts))
