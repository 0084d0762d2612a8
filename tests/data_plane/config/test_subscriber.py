"""A replica's side of the protocol: what it takes, what it refuses, and that nothing is taken by halves."""

import pytest
from isthmus.discovery.v1 import discovery_pb2 as pb

from config_schemas.digest import BUCKETS, EMPTY_CONTENT_HASH, bucket_of
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import Payload, Position, ResourceSet
from data_plane.config.subscriber import (
    MAX_REJECTIONS,
    Action,
    Apply,
    Identity,
    ProtocolError,
    Refused,
    Send,
    Subscriber,
)

HELD = {"t/Model/a": b"1", "t/Model/b": b"1"}


def holding(resources: dict[str, bytes], position: Position) -> ResourceSet:
    made = ResourceSet()
    made.apply({path: Payload.of(path, payload) for path, payload in resources.items()}, position)
    return made


def connected(
    resources: dict[str, bytes] | None = None, *, epoch: str = "first", served: Position | None = None
) -> Subscriber:
    held = holding(resources or {}, served or (Position("first", 5) if resources else Position()))
    subscriber = Subscriber(Identity("n1", "edge", 1), held)
    subscriber.connect()
    assert receive(subscriber, welcome=pb.Welcome(epoch=epoch)) is None
    return subscriber


def receive(subscriber: Subscriber, **message: object) -> Action | None:
    return subscriber.receive(pb.ControlPlaneMessage(**message).SerializeToString())  # type: ignore[arg-type]


def closing(resources: dict[str, bytes], revision: int = 6, **fields: object) -> pb.Update:
    """A frame that ends an update which leads to these resources."""
    content_hash = holding(resources, Position()).content_hash
    return pb.Update(revision=revision, content_hash=content_hash, **fields)  # type: ignore[arg-type]


def changed(**payloads: bytes) -> list[pb.Resource]:
    return [pb.Resource(path=f"t/Model/{name}", payload=payload) for name, payload in payloads.items()]


def sent(message: bytes) -> pb.NodeMessage:
    return pb.NodeMessage.FromString(message)


def test_the_first_message_says_what_is_served() -> None:
    resources = holding(HELD, Position("first", 5))
    hello = sent(Subscriber(Identity("n1", "edge", 3), resources).connect()).hello
    assert (hello.node, hello.gateway, hello.schema_version) == ("n1", "edge", 3)
    assert (hello.epoch, hello.revision, hello.content_hash) == ("first", 5, resources.content_hash)
    assert sent(Subscriber(Identity("n1", "edge", 1), ResourceSet()).connect()).hello.content_hash == EMPTY_CONTENT_HASH


def test_an_update_takes_effect_when_it_is_accepted() -> None:
    subscriber = connected(HELD)
    goal = {"t/Model/a": b"2", "t/Model/c": b"1"}
    assert receive(subscriber, update=pb.Update(revision=6, more=True, removed=["t/Model/b"])) is None
    action = receive(subscriber, update=closing(goal, changed=changed(a=b"2", c=b"1")))
    assert isinstance(action, Apply)
    assert (action.update.epoch, action.update.revision) == ("first", 6)
    assert (action.update.changed, action.update.removed) == (goal, ("t/Model/b",))
    assert dict(subscriber.resources.payloads) == HELD
    ack = sent(subscriber.accept()).ack
    assert dict(subscriber.resources.payloads) == goal
    assert subscriber.resources.position == Position("first", 6)
    assert (ack.revision, ack.content_hash) == (6, subscriber.resources.content_hash)
    assert action.update.content_hash == ack.content_hash.hex()


def test_a_rejected_update_leaves_everything_as_it_was() -> None:
    subscriber = connected(HELD)
    action = receive(subscriber, update=closing(HELD | {"t/Model/a": b"2"}, changed=changed(a=b"2")))
    assert isinstance(action, Apply)
    nack = sent(subscriber.reject([Rejection("t/Model/a", "r" * 5000)] * 1000)).nack
    assert (nack.revision, nack.content_hash.hex()) == (6, action.update.content_hash)
    assert (len(nack.rejected), len(nack.rejected[0].reason)) == (MAX_REJECTIONS, 1024)
    assert (dict(subscriber.resources.payloads), subscriber.resources.position) == (HELD, Position("first", 5))
    assert isinstance(receive(subscriber, update=closing(HELD, revision=7)), Apply)


def test_a_payload_may_come_in_parts() -> None:
    subscriber = connected()
    part = pb.Resource(path="t/Model/a", payload=b"1", continues=True)
    receive(subscriber, update=pb.Update(revision=6, more=True, changed=[part]))
    receive(subscriber, update=pb.Update(revision=6, more=True, changed=[part]))
    action = receive(subscriber, update=closing({"t/Model/a": b"112"}, changed=changed(a=b"2")))
    assert isinstance(action, Apply) and action.update.changed == {"t/Model/a": b"112"}


def test_replaced_buckets_lose_what_is_not_named() -> None:
    subscriber = connected(HELD)
    buckets = [bucket_of(path) for path in HELD]
    action = receive(subscriber, update=closing({"t/Model/a": b"1"}, changed=changed(a=b"1"), replaced_buckets=buckets))
    assert isinstance(action, Apply)
    assert (action.update.changed, action.update.removed) == ({}, ("t/Model/b",))


def test_digests_are_sent_when_asked_for() -> None:
    subscriber = connected(HELD)
    action = receive(subscriber, digests_wanted=pb.DigestsWanted())
    assert isinstance(action, Send)
    assert sent(action.message).digests.digests == b"".join(subscriber.resources.bucket_digests())


def test_after_a_wrong_hash_the_digests_are_compared() -> None:
    subscriber = connected(HELD)
    with pytest.raises(ProtocolError, match="content hash"):
        receive(subscriber, update=pb.Update(revision=6, changed=changed(a=b"2"), content_hash=b"x" * 32))
    assert dict(subscriber.resources.payloads) == HELD
    assert sent(subscriber.connect()).hello.content_hash == b""
    receive(subscriber, welcome=pb.Welcome(epoch="first"))
    assert isinstance(receive(subscriber, update=closing(HELD)), Apply)
    subscriber.accept()
    assert sent(subscriber.connect()).hello.content_hash == subscriber.resources.content_hash


def test_what_was_under_way_on_a_lost_stream_is_void() -> None:
    subscriber = connected(HELD)
    receive(subscriber, update=pb.Update(revision=6, more=True, changed=changed(z=b"9")))
    subscriber.connect()
    receive(subscriber, welcome=pb.Welcome(epoch="first"))
    action = receive(subscriber, update=closing(HELD))
    assert isinstance(action, Apply) and not action.update.changed


def test_another_epoch_is_refused_unless_announced() -> None:
    subscriber = Subscriber(Identity("n1", "edge", 1), holding(HELD, Position("first", 5)))
    subscriber.connect()
    action = receive(subscriber, welcome=pb.Welcome(epoch="second"))
    assert isinstance(action, Refused) and "isthmus restore --accept" in action.reason
    assert subscriber.has_refused
    with pytest.raises(ProtocolError, match="while refusing"):
        receive(subscriber, update=closing(HELD))
    subscriber.connect()
    assert receive(subscriber, welcome=pb.Welcome(epoch="second", accept_epoch=True)) is None
    assert isinstance(receive(subscriber, update=closing(HELD, revision=1)), Apply), "a lower revision, announced"
    subscriber.accept()
    assert subscriber.resources.position == Position("second", 1)


def test_a_replica_without_configuration_takes_any_epoch() -> None:
    assert not connected(epoch="whatever").has_refused


WELCOME = {"welcome": pb.Welcome(epoch="first")}


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        pytest.param([WELCOME], "may not come while ready", id="a second welcome"),
        pytest.param([{"update": closing(HELD, revision=4)}], "revision 4 after 5", id="a lower revision"),
        pytest.param(
            [{"update": pb.Update(revision=6, more=True)}, {"update": closing(HELD, revision=7)}],
            "within revision 6",
            id="frames of two revisions",
        ),
        pytest.param(
            [{"update": pb.Update(revision=6, more=True)}, {"digests_wanted": pb.DigestsWanted()}],
            "'digests_wanted'",
            id="digests within an update",
        ),
        pytest.param([{"update": closing(HELD)}, {"update": closing(HELD)}], "while deciding", id="two updates"),
        pytest.param(
            [{"update": closing(HELD, changed=[pb.Resource(path="a", continues=True)])}],
            "`a` does not end",
            id="half a payload",
        ),
        pytest.param(
            [{"update": closing(HELD, changed=[pb.Resource(path="a", continues=True), pb.Resource(path="b")])}],
            "`b` comes within the payload of `a`",
            id="mixed payloads",
        ),
        pytest.param([{"update": closing(HELD, replaced_buckets=[BUCKETS])}], "bucket 1024", id="no such bucket"),
        pytest.param([{}], "'None'", id="empty message"),
    ],
)
def test_what_breaks_the_protocol_ends_the_stream_and_changes_nothing(
    messages: list[dict[str, object]], says: str
) -> None:
    subscriber = connected(HELD)
    with pytest.raises(ProtocolError, match=says):
        for message in messages:
            receive(subscriber, **message)
    assert dict(subscriber.resources.payloads) == HELD


def test_nothing_may_come_before_the_welcome() -> None:
    subscriber = Subscriber(Identity("n1", "edge", 1), ResourceSet())
    subscriber.connect()
    with pytest.raises(ProtocolError, match="while greeted"):
        receive(subscriber, update=closing({}))
    with pytest.raises(ProtocolError, match="without an epoch"):
        receive(subscriber, welcome=pb.Welcome())


def test_what_is_no_message_ends_the_stream() -> None:
    with pytest.raises(ProtocolError, match="not a message"):
        connected().receive(b"\xff")


def test_an_update_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_plane.config.subscriber.MAX_UPDATE_BYTES", 1000)
    subscriber = connected()
    receive(subscriber, update=pb.Update(revision=6, more=True, changed=changed(a=b"x" * 600)))
    with pytest.raises(ProtocolError, match="more than 1000 bytes"):
        receive(subscriber, update=pb.Update(revision=6, more=True, changed=changed(b=b"x" * 600)))


def test_there_must_be_an_update_to_decide_on() -> None:
    with pytest.raises(ValueError, match="no update"):
        connected().accept()
