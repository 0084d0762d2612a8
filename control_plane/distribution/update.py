"""One update in frames: made once, as the first stream comes to them, and shared by all streams that need it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from isthmus.discovery.v1 import discovery_pb2 as pb

from control_plane.distribution.item import Item

MAX_MESSAGE_BYTES = 1024 * 1024
FRAME_BYTES = MAX_MESSAGE_BYTES - 32 * 1024  # leaves room for field headers and the list of buckets
RESOURCE_BYTES = 16  # field headers of one resource, rounded up


@dataclass(frozen=True, slots=True)
class Part:
    """A payload, or a piece of one that does not fit into a frame."""

    path: str
    payload: bytes
    continues: bool

    @property
    def bytes(self) -> int:
        return len(self.path.encode()) + len(self.payload) + RESOURCE_BYTES


@dataclass(frozen=True, slots=True)
class Difference:
    """What leads from one state to another; `replaced_buckets` are named whole in `changed`."""

    changed: Sequence[tuple[str, Item]] = ()
    removed: Sequence[str] = ()
    replaced_buckets: Sequence[int] = ()


class Update:
    """Leads to the state named by `content_hash`. Frames are made when they are first asked for."""

    def __init__(
        self, revision: int, content_hash: bytes, difference: Difference, payload_of: Callable[[str, Item], bytes]
    ) -> None:
        self.revision = revision
        self.content_hash = content_hash
        self._payload_of = payload_of
        self._made: list[bytes] = []
        self._source = self._make(difference)

    def frames(self) -> Iterator[bytes]:
        """All frames, from the first."""
        index = 0
        while True:
            if index == len(self._made):
                frame = next(self._source, None)
                if frame is None:
                    return
                self._made.append(frame)
            yield self._made[index]
            index += 1

    def _make(self, difference: Difference) -> Iterator[bytes]:
        frame = pb.Update(revision=self.revision, more=True, replaced_buckets=difference.replaced_buckets)
        size = 0
        for path in difference.removed:
            size += len(path.encode()) + RESOURCE_BYTES
            if size > FRAME_BYTES:
                yield _encode(frame)
                frame, size = pb.Update(revision=self.revision, more=True), len(path.encode()) + RESOURCE_BYTES
            frame.removed.append(path)
        for part in self._parts(difference.changed):
            size += part.bytes
            if size > FRAME_BYTES:
                yield _encode(frame)
                frame, size = pb.Update(revision=self.revision, more=True), part.bytes
            frame.changed.add(path=part.path, payload=part.payload, continues=part.continues)
        frame.more = False
        frame.content_hash = self.content_hash
        yield _encode(frame)

    def _parts(self, changed: Sequence[tuple[str, Item]]) -> Iterator[Part]:
        for path, item in changed:
            payload = self._payload_of(path, item)
            room = FRAME_BYTES - len(path.encode()) - RESOURCE_BYTES
            starts = range(0, max(len(payload), 1), room)
            for start in starts:
                yield Part(path, payload[start : start + room], continues=start != starts[-1])


def _encode(frame: pb.Update) -> bytes:
    return pb.ControlPlaneMessage(update=frame).SerializeToString()
