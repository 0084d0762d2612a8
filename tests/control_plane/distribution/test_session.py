"""One stream's control-plane side: what it offers when, and what it does not take."""

import pytest
from isthmus.discovery.v1 import discovery_pb2 as pb

from config_schemas.canonical import PATH_PREFIX
from config_schemas.digest import BUCKETS, DIGEST_BYTES, EMPTY_CONTENT_HASH
from control_plane.distribution.epoch import Epoch
from control_plane.distribution.session import Acked, Hello, Nacked, ProtocolError, Session, parse_hello
from control_plane.distribution.state import State, Touched
from control_plane.distribution.subset import Audience, Subset
from control_plane.distribution.update import MAX_MESSAGE_BYTES
from control_plane.store.base import Entry
from tests.fakes.distribution import document, gateway, tenant, unseal

EPOCH = Epoch("first")
MODEL = "acme/Model/chat"


class Bench:
    """A subset that changes at will."""

    def __init__(self) -> None:
        self.state = State(unseal)
        self.now = 0.0
        self.subset = Subset(Audience("edge", 1), self.state, lambda: self.now)
        self.put(dict([gateway(), tenant("acme"), (MODEL, document(MODEL))]))

    def put(self, changes: dict[str, bytes]) -> None:
        self.state.revision += 1
        touched = Touched()
        for path, payload in changes.items():
            self.state.put(Entry(PATH_PREFIX + path, payload, self.state.revision, 1), touched)
        self.subset.refresh(touched.paths)

    def session(self, *, epoch: str = "", revision: int = 0, content_hash: bytes = EMPTY_CONTENT_HASH) -> Session:
        hello = Hello("n1", "edge", 1, epoch, revision, content_hash)
        session = Session(hello, self.subset, EPOCH)
        assert kinds(session) == ["welcome"]
        return session

    def current(self) -> Session:
        return self.session(epoch="first", revision=self.state.revision, content_hash=self.subset.content_hash)


def messages(session: Session) -> list[pb.ControlPlaneMessage]:
    return [pb.ControlPlaneMessage.FromString(message) for message in session.poll() or ()]


def kinds(session: Session) -> list[str | None]:
    return [message.WhichOneof("message") for message in messages(session)]


def offer(session: Session) -> pb.Update:
    (message,) = messages(session)
    return message.update


def ack(update: pb.Update) -> bytes:
    return pb.NodeMessage(ack=pb.Ack(revision=update.revision, content_hash=update.content_hash)).SerializeToString()


def nack(update: pb.Update, *paths: str) -> bytes:
    rejected = [pb.Rejection(path=path, reason="bad") for path in paths]
    message = pb.Nack(revision=update.revision, content_hash=update.content_hash, rejected=rejected)
    return pb.NodeMessage(nack=message).SerializeToString()


def paths(update: pb.Update) -> list[str]:
    return sorted(resource.path for resource in update.changed)


def test_a_new_node_gets_everything() -> None:
    bench = Bench()
    session = bench.session()
    update = offer(session)
    assert paths(update) == [MODEL, "platform/Gateway/edge", "platform/Tenant/acme"]
    assert session.receive(ack(update)) == Acked(bench.state.revision, bench.subset.content_hash)
    assert session.poll() is None


def test_nothing_is_sent_while_an_update_is_under_way_and_the_newest_afterwards() -> None:
    bench = Bench()
    session = bench.session()
    update = offer(session)
    for text in ("2", "3"):
        bench.put({MODEL: document(MODEL, {"description": text})})
        assert session.poll() is None
    session.receive(ack(update))
    update = offer(session)
    assert [b'"3"' in resource.payload for resource in update.changed] == [True]


def test_a_node_that_is_current_gets_nothing() -> None:
    assert Bench().current().poll() is None


def test_a_node_that_was_away_gets_the_difference() -> None:
    bench = Bench()
    away = bench.current()
    bench.put({MODEL: document(MODEL, {"description": "2"})})
    assert paths(offer(away)) == [MODEL]


def test_what_the_change_log_forgot_is_found_by_digests() -> None:
    bench = Bench()
    away = bench.current()
    digests = b"".join(bench.subset._digest.bucket_digests())
    for text in ("2", "3"):
        bench.now += 601.0
        bench.put({MODEL: document(MODEL, {"description": text})})
    assert kinds(away) == ["digests_wanted"]
    assert away.receive(pb.NodeMessage(digests=pb.Digests(digests=digests)).SerializeToString()) is None
    update = offer(away)
    assert (paths(update), len(update.replaced_buckets)) == ([MODEL], 1)


def test_a_node_of_another_epoch_gets_nothing() -> None:
    session = Bench().session(epoch="other", revision=5, content_hash=b"x" * 32)
    assert session.is_refused and session.poll() is None


def test_a_node_that_has_seen_a_newer_revision_waits() -> None:
    bench = Bench()
    session = bench.session(epoch="first", revision=bench.state.revision + 2, content_hash=b"x" * 32)
    assert session.poll() is None and session.lags
    bench.state.revision += 2
    assert kinds(session) == ["digests_wanted"]


def test_a_nack_names_what_was_offered_and_has_not_changed_since() -> None:
    bench = Bench()
    session = bench.session()
    update = offer(session)
    bench.put({"platform/Tenant/acme": tenant("acme", tier="gold")[1]})
    answer = session.receive(nack(update, MODEL, "platform/Tenant/acme", "acme/Model/unheard-of"))
    assert isinstance(answer, Nacked)
    assert ([each.path for each in answer.rejected], answer.is_stuck) == ([MODEL], False)
    assert kinds(session) == ["update"]


@pytest.mark.parametrize("named", [(), ("acme/Model/unheard-of",)])
def test_a_nack_that_names_nothing_known_waits_for_the_next_change(named: tuple[str, ...]) -> None:
    bench = Bench()
    session = bench.session()
    answer = session.receive(nack(offer(session), *named))
    assert isinstance(answer, Nacked) and answer.is_stuck
    assert session.poll() is None
    bench.put({MODEL: document(MODEL, {"description": "2"})})
    assert kinds(session) == ["update"]


def test_a_content_that_comes_back_is_offered_again() -> None:
    bench = Bench()
    session = bench.session()
    session.receive(nack(offer(session), MODEL))
    bench.put({MODEL: document(MODEL, {"description": "2"})})
    bench.put({MODEL: document(MODEL)})
    assert kinds(session) == ["update"]


def test_messages_are_within_the_limit_and_shared() -> None:
    bench = Bench()
    bench.put({f"acme/Model/m{n}": document(f"acme/Model/m{n}", {"description": "x" * 300_000}) for n in range(20)})
    bench.put({"acme/Model/large": document("acme/Model/large", {"description": "y" * 3_000_000})})
    first, second = bench.session(), bench.session()
    frames, same = list(first.poll() or ()), list(second.poll() or ())
    assert len(frames) > 8
    assert max(len(frame) for frame in frames) <= MAX_MESSAGE_BYTES
    assert all(one is other for one, other in zip(frames, same, strict=True))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xff", id="no message"),
        pytest.param(b"", id="empty"),
        pytest.param(pb.NodeMessage(hello=pb.Hello(node="n")).SerializeToString(), id="a second hello"),
        pytest.param(pb.NodeMessage(digests=pb.Digests()).SerializeToString(), id="digests that none asked for"),
        pytest.param(pb.NodeMessage(ack=pb.Ack(revision=99)).SerializeToString(), id="ack of another revision"),
        pytest.param(pb.NodeMessage(nack=pb.Nack(revision=99)).SerializeToString(), id="nack of another revision"),
    ],
)
def test_what_may_not_come_ends_the_stream(message: bytes) -> None:
    session = Bench().session()
    offer(session)
    with pytest.raises(ProtocolError):
        session.receive(message)


def test_an_ack_without_an_offer_ends_the_stream() -> None:
    session = Bench().current()
    with pytest.raises(ProtocolError, match="may not come while idle"):
        session.receive(ack(pb.Update()))


def test_digests_of_the_wrong_size_end_the_stream() -> None:
    session = Bench().session(epoch="first", revision=1, content_hash=b"unknown")
    assert kinds(session) == ["digests_wanted"]
    digests = pb.Digests(digests=bytes(BUCKETS * DIGEST_BYTES - 1))
    with pytest.raises(ProtocolError, match="1024 times 32"):
        session.receive(pb.NodeMessage(digests=digests).SerializeToString())


@pytest.mark.parametrize(
    ("hello", "says"),
    [
        pytest.param(pb.Hello(node="", schema_version=1), "`node`", id="no node"),
        pytest.param(pb.Hello(node="a/b", schema_version=1), "`node`", id="slash"),
        pytest.param(pb.Hello(node="a\nb", schema_version=1), "`node`", id="line break"),
        pytest.param(pb.Hello(node="n" * 129, schema_version=1), "`node`", id="long"),
        pytest.param(pb.Hello(node="n"), "`schema_version`", id="no schema version"),
        pytest.param(pb.Hello(node="n", schema_version=1, revision=5), "`epoch`", id="no epoch"),
        pytest.param(pb.Hello(node="n", schema_version=1, epoch="e", revision=-1), "`epoch`", id="negative"),
    ],
)
def test_a_hello_that_cannot_be_is_refused(hello: pb.Hello, says: str) -> None:
    with pytest.raises(ProtocolError, match=says):
        parse_hello(pb.NodeMessage(hello=hello).SerializeToString())
