"""What a watch makes of etcd's answers."""

import pytest
from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.watch_cursor import BROADCAST, WatchCursor


def _answer(*revisions: int, fragment: bool = False) -> pb.WatchResponse:
    events = [pb.Event(kv=pb.KeyValue(key=b"/a", mod_revision=revision)) for revision in revisions]
    header = pb.ResponseHeader(revision=revisions[-1])
    return pb.WatchResponse(header=header, events=events, fragment=fragment)


def _empty(revision: int, *, created: bool = False, watch_id: int = 0) -> pb.WatchResponse:
    return pb.WatchResponse(header=pb.ResponseHeader(revision=revision), created=created, watch_id=watch_id)


@pytest.mark.parametrize(
    ("answers", "yielded", "resumes_at"),
    [
        ([_answer(5)], [(5, [5])], 6),
        ([_answer(5, 5, 6), _answer(9)], [(6, [5, 5, 6]), (9, [9])], 10),
        ([_answer(5, 6, fragment=True)], [(5, [5])], 6),
        ([_answer(5, 6, fragment=True), _answer(6, 7)], [(5, [5]), (7, [6, 6, 7])], 8),
        ([_answer(6, fragment=True), _answer(6, fragment=True), _answer(6)], [(6, [6, 6, 6])], 7),
        ([_answer(5, 6), _answer(5, 6, 7)], [(6, [5, 6]), (7, [7])], 8),
        ([_answer(5), _answer(5)], [(5, [5])], 6),
        ([_empty(20, created=True)], [], 5),
        ([_empty(20, watch_id=BROADCAST)], [], 5),
        ([_empty(20)], [(20, [])], 21),
        ([_answer(5), _empty(20), _answer(21)], [(5, [5]), (20, []), (21, [21])], 22),
        ([_empty(20), _empty(19), _empty(20)], [(20, [])], 21),
        ([_empty(3)], [], 5),
    ],
    ids=[
        "one event",
        "several revisions",
        "a fragment's last revision is held back",
        "fragments are joined",
        "one revision in three fragments",
        "repeated events are dropped",
        "a repeated answer is dropped",
        "creation is no progress",
        "a heartbeat is no progress",
        "progress moves on",
        "progress between events",
        "progress never goes back",
        "a member behind us is no progress",
    ],
)
def test_whole_revisions_are_yielded_once(
    answers: list[pb.WatchResponse], yielded: list[tuple[int, list[int]]], resumes_at: int
) -> None:
    cursor = WatchCursor(5)
    changes = [item for answer in answers for item in cursor.feed(answer)]
    seen = [(item.revision, [event.kv.mod_revision for event in item.events]) for item in changes]
    assert (seen, cursor.next_revision) == (yielded, resumes_at)


def test_a_held_revision_is_forgotten_when_the_stream_breaks_since_it_comes_again() -> None:
    cursor = WatchCursor(5)
    assert [item.revision for item in cursor.feed(_answer(5, 6, fragment=True))] == [5]
    cursor.restart()
    assert cursor.next_revision == 6
    assert [len(item.events) for item in cursor.feed(_answer(6, 6))] == [2]


@pytest.mark.parametrize(
    ("answer", "kind", "revision"),
    [
        (pb.WatchResponse(canceled=True, compact_revision=9), Kind.COMPACTED, 9),
        (pb.WatchResponse(canceled=True, cancel_reason="etcdserver: permission denied"), Kind.DENIED, 0),
        (pb.WatchResponse(canceled=True, cancel_reason="etcdserver: invalid auth token"), Kind.STALE_TOKEN, 0),
        (pb.WatchResponse(canceled=True, cancel_reason="etcdserver: no leader"), Kind.UNAVAILABLE, 0),
        (pb.WatchResponse(canceled=True, created=True), Kind.UNAVAILABLE, 0),
    ],
    ids=["compacted", "denied", "stale token", "no leader", "no reason"],
)
def test_the_end_of_a_watch_has_a_reason(answer: pb.WatchResponse, kind: Kind, revision: int) -> None:
    cursor = WatchCursor(5)
    with pytest.raises(EtcdError) as caught:
        cursor.feed(answer)
    assert (caught.value.kind, caught.value.revision) == (kind, revision)
    assert not cursor.established
