"""Where a watch stands: turns etcd's answers into whole revisions, without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.etcd.errors import EtcdError, Kind, classify

BROADCAST = -1  # the watch id of the answer to a heartbeat


@dataclass(frozen=True, slots=True)
class Changes:
    """All events up to `revision` that were not yielded before; none: nothing has changed up to there."""

    revision: int
    events: tuple[pb.Event, ...]


class WatchCursor:
    """Holds back the events of a revision until all of them have come: at most those of one transaction."""

    def __init__(self, start_revision: int) -> None:
        self.next_revision = start_revision
        self.established = False  # etcd accepted the watch on this stream
        self._held: list[pb.Event] = []

    def restart(self) -> None:
        """The stream broke: the next one begins at `next_revision`."""
        self.established = False
        self._held = []

    def feed(self, answer: pb.WatchResponse) -> Sequence[Changes]:
        """What the answer completes: no more than one item.

        Raises:
            EtcdError: etcd ended the watch.
        """
        if answer.canceled:
            raise _ended(answer)
        self.established = True
        # etcd 3.4 before 3.4.25 may send events twice when a watch catches up.
        self._held.extend(event for event in answer.events if event.kv.mod_revision >= self.next_revision)
        if self._held:
            return self._complete(fragment=answer.fragment)
        # The answer to a heartbeat is no progress: before 3.4.25 and 3.5.8 it may overtake events that come before it.
        is_progress = not answer.events and not answer.created and answer.watch_id != BROADCAST
        if not is_progress or answer.header.revision < self.next_revision:
            return ()
        self.next_revision = answer.header.revision + 1
        return (Changes(answer.header.revision, ()),)

    def _complete(self, *, fragment: bool) -> Sequence[Changes]:
        """Events come by revision; the last one of a fragment may go on in the next."""
        last = self._held[-1].kv.mod_revision
        whole = [event for event in self._held if not fragment or event.kv.mod_revision < last]
        self._held = self._held[len(whole) :]
        if not whole:
            return ()
        revision = whole[-1].kv.mod_revision
        self.next_revision = revision + 1
        return (Changes(revision, tuple(whole)),)


def _ended(answer: pb.WatchResponse) -> EtcdError:
    if answer.compact_revision:
        message = f"compacted up to revision {answer.compact_revision}"
        return EtcdError(Kind.COMPACTED, message, revision=answer.compact_revision)
    reason = answer.cancel_reason or "etcd ended the watch"
    return EtcdError(classify(grpc.StatusCode.UNAVAILABLE, reason), reason)
