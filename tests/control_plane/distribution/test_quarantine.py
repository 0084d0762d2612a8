"""Which version a gateway gets in place of one that its replicas refuse."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node
from control_plane.distribution.quarantine import Quarantine
from control_plane.distribution.quarantine_record import QUARANTINE_PREFIX, QuarantineKey, parse_key
from control_plane.distribution.session import Rejected
from control_plane.distribution.version import find_version_in
from control_plane.history.entry import HistoryAction, HistoryRecord, encode_record
from control_plane.store.base import Compare, Put, Unavailable, Write
from control_plane.store.keys import history_prefix
from control_plane.store.memory import MemoryStore
from tests.fakes.distribution import document, eventually, gateway, running, seal, secret, tenant, unseal, write

MODEL = "acme/Model/chat"
SECRET = "acme/Secret/s"
KEY = QuarantineKey("edge", MODEL)


class FlakyStore(MemoryStore):
    """Cannot write while `is_away`."""

    is_away = False

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        if self.is_away:
            raise Unavailable("away")
        return await super().transact(compares, writes)


class Bench:
    """A catalog and a quarantine that run, on a store in memory."""

    def __init__(self) -> None:
        self.store = FlakyStore()
        self.catalog = Catalog(self.store, unseal)
        self.quarantine = self.another()

    def another(self) -> Quarantine:
        return Quarantine(
            self.catalog, self.store, find_version=find_version_in(self.store), clock=lambda: "2026-11-24T00:00:00Z"
        )

    async def write(self, text: str, path: str = MODEL) -> int:
        revision = await write(self.store, {path: document(path, {"description": text})})
        await eventually(lambda: self.catalog.revision >= revision)
        return revision

    def reject(self, path: str = MODEL, reason: str = "bad") -> None:
        item = self.catalog.state.offered("edge", path)
        assert item
        self.quarantine.reject("edge", "n1", Rejected(path, item, reason), schema_version=1)

    def served(self, path: str = MODEL) -> bytes | None:
        item = self.catalog.state.offered("edge", path)
        return item.payload if item else None

    async def settled(self) -> None:
        await eventually(lambda: not self.quarantine._refused and not self.quarantine._ended)
        revision = self.store._revision
        await eventually(lambda: self.catalog.revision >= revision)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("control_plane.distribution.quarantine.RETRY_SECONDS", 0.01)
    bench = Bench()
    await write(bench.store, dict([gateway(), tenant("acme")]))
    await bench.catalog.start()
    async with running(bench.catalog.run(), bench.quarantine.run()):
        yield bench


async def test_the_version_that_was_accepted_last_is_served(bench: Bench) -> None:
    await bench.write("1")
    accepted = await bench.write("2")
    bench.quarantine.accepted("edge", accepted, is_newest=True)
    await bench.write("3")  # never accepted, and overtaken
    await bench.write("4")
    bench.reject()
    await bench.settled()
    assert b'"2"' in (bench.served() or b"")
    (item,) = bench.quarantine.items()
    assert (item.served_revision, item.reason, item.since) == (accepted, "bad", "2026-11-24T00:00:00Z")


async def test_what_was_refused_before_is_not_taken_for_accepted(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    bench.reject()
    await bench.settled()
    # The replicas accept the revision with the record: with "1", not with "2".
    bench.quarantine.accepted("edge", bench.catalog.revision, is_newest=True)
    await bench.write("3")
    bench.reject()
    await bench.settled()
    assert b'"1"' in (bench.served() or b"")


async def test_what_was_accepted_after_an_earlier_refusal_counts(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    bench.reject()
    await bench.settled()
    bench.quarantine.accepted("edge", await bench.write("3"), is_newest=False)
    await bench.write("4")
    bench.reject()
    await bench.settled()
    assert b'"3"' in (bench.served() or b"")


async def test_without_any_accepted_version_the_gateway_goes_without(bench: Bench) -> None:
    await bench.write("1")
    await bench.write("2")
    bench.reject()
    await bench.settled()
    assert bench.served() is None
    assert [item.served_revision for item in bench.quarantine.items()] == [0]


async def test_a_served_version_that_is_refused_too_is_left_out(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    bench.reject()
    await bench.settled()
    bench.reject(reason="also bad")
    await bench.settled()
    assert bench.served() is None
    assert "also bad" in bench.quarantine.items()[0].reason


@pytest.mark.parametrize("change", [document(MODEL, {"description": "2"}), None], ids=["changed", "deleted"])
async def test_a_refusal_of_what_is_no_longer_offered_changes_nothing(bench: Bench, change: bytes | None) -> None:
    await bench.write("1")
    item = bench.catalog.state.find(MODEL)
    assert item
    revision = await write(bench.store, {MODEL: change})
    await eventually(lambda: bench.catalog.revision >= revision)
    bench.quarantine.reject("edge", "n1", Rejected(MODEL, item, "bad"), schema_version=1)
    await bench.settled()
    assert not bench.catalog.state.quarantine


async def test_a_second_replica_that_refuses_the_same_version_changes_nothing(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    item = bench.catalog.state.find(MODEL)
    assert item
    bench.reject()
    await bench.settled()
    bench.quarantine.reject("edge", "n2", Rejected(MODEL, item, "bad"), schema_version=1)
    await bench.settled()
    assert b'"1"' in (bench.served() or b"")


async def test_another_gateway_is_not_affected(bench: Bench) -> None:
    await bench.write("1")
    bench.reject()
    await bench.settled()
    assert bench.catalog.state.offered("other", MODEL) is not None


async def test_the_keys_of_replicas_tell_what_was_accepted_before_a_restart(bench: Bench) -> None:
    accepted = await bench.write("1")
    record = NodeRecord("n9", "edge", "cp", 1, True, "", accepted, "00")
    await bench.store.transact([Compare(NODES_PREFIX + "n9", 0)], [Put(NODES_PREFIX + "n9", encode_node(record))])
    await bench.write("2")
    bench.reject()
    await bench.settled()
    assert b'"1"' in (bench.served() or b"")


async def test_if_only_later_revisions_were_accepted_the_version_before_is_tried(bench: Bench) -> None:
    await bench.write("1")
    await bench.write("2")
    bench.quarantine.accepted("edge", bench.catalog.revision + 5, is_newest=False)  # by a newer replica
    bench.reject()
    await bench.settled()
    assert b'"1"' in (bench.served() or b"")


async def test_without_old_revisions_and_history_a_version_is_not_found(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    bench.store.compact(await bench.write("2"))
    bench.reject()
    await bench.settled()
    assert bench.served() is None


@pytest.mark.parametrize(("action", "served"), [("replaced", True), ("deleted", False)])
async def test_a_version_that_the_store_has_compacted_is_found_in_the_history(
    bench: Bench, action: HistoryAction, served: bool
) -> None:
    for text in ("1", "2"):
        payload = document(MODEL, {"description": text})
        record = HistoryRecord("", "someone", "", action if text == "2" else "created", json.loads(payload))
        history = history_prefix(MODEL) + text
        key = PATH_PREFIX + MODEL
        entry = await bench.store.get(key)
        compares = [Compare(history, 0), Compare(key, entry.revision if entry else 0)]
        revision = await bench.store.transact(compares, [Put(history, encode_record(record)), Put(key, payload)])
    bench.quarantine.accepted("edge", revision, is_newest=True)
    bench.store.compact(await bench.write("3"))
    bench.reject()
    await bench.settled()
    assert (b'"2"' in (bench.served() or b"")) == served


async def test_a_record_keeps_sealed_values_sealed(bench: Bench) -> None:
    revision = await write(bench.store, dict([secret(SECRET, seal("first"))]))
    bench.quarantine.accepted("edge", revision, is_newest=True)
    revision = await write(bench.store, dict([secret(SECRET, seal("second"))]))
    await eventually(lambda: bench.catalog.revision >= revision)
    bench.reject(SECRET)
    await bench.settled()
    entry = await bench.store.get(QuarantineKey("edge", SECRET).store_key)
    assert entry and b"first" not in entry.value and seal("first").encode() in entry.value
    served = bench.catalog.state.offered("edge", SECRET)
    assert served and b'"first"' in (bench.catalog.state.items.sent_payload(SECRET, served, 1) or b"")


async def test_a_refusal_is_written_once_the_store_is_back(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    bench.store.is_away = True
    bench.reject()
    await asyncio.sleep(0.05)
    assert not bench.catalog.state.quarantine
    bench.store.is_away = False
    await bench.settled()
    assert b'"1"' in (bench.served() or b"")


async def test_two_control_planes_write_one_record(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("1"), is_newest=True)
    await bench.write("2")
    other = bench.another()
    item = bench.catalog.state.find(MODEL)
    assert item
    other.reject("edge", "n2", Rejected(MODEL, item, "bad, too"), schema_version=1)
    bench.reject()
    async with running(other.run()):
        await eventually(lambda: not other._refused)
        await bench.settled()
    assert bench.quarantine.records_written + other.records_written == 1
    assert b'"1"' in (bench.served() or b"") or bench.served() is None


async def test_a_record_goes_with_its_resource(bench: Bench) -> None:
    await bench.write("1")
    bench.reject()
    await bench.settled()
    await write(bench.store, {MODEL: None})
    await eventually(lambda: not bench.catalog.state.quarantine)
    assert await bench.store.get(KEY.store_key) is None


async def test_a_served_payload_that_does_not_fit_beside_the_record_is_dropped(bench: Bench) -> None:
    bench.quarantine.accepted("edge", await bench.write("x" * (1536 * 1024 - 400)), is_newest=True)
    await bench.write("2")
    bench.reject()
    await bench.settled()
    assert (bench.served(), len(bench.quarantine.items())) == (None, 1)


@pytest.mark.parametrize("value", [b"", b"[]\n", b"{}\n", b"\xff\n{}", b'{"revision": "1"}\n'])
async def test_a_record_that_cannot_be_read_does_not_count(bench: Bench, value: bytes) -> None:
    await bench.write("1")
    await bench.store.transact([Compare(KEY.store_key, 0)], [Put(KEY.store_key, value)])
    await eventually(lambda: bench.catalog.state.unreadable_records == 1)
    assert b'"1"' in (bench.served() or b"")
    bench.reject()
    await bench.settled()


@pytest.mark.parametrize("key", [PATH_PREFIX + MODEL, QUARANTINE_PREFIX + "edge", QUARANTINE_PREFIX + "edge/a/b"])
def test_other_keys_are_no_records(key: str) -> None:
    assert parse_key(key) is None


async def test_it_is_offered_again_once_all_replicas_are_newer(bench: Bench) -> None:
    revision = await bench.write("good")
    bench.quarantine.accepted("edge", revision, is_newest=True)
    await bench.write("for newer ones")
    bench.reject()
    await bench.settled()
    served = bench.served()
    await join(bench, "old", schema_version=1)
    await join(bench, "new", schema_version=2)
    await bench.settled()
    assert bench.served() == served
    await join(bench, "old", schema_version=1, connected=False)
    await eventually(lambda: b"for newer ones" in (bench.served() or b""))
    assert bench.quarantine.items() == ()


async def test_what_newer_ones_refuse_too_is_not_offered_for_ever(bench: Bench) -> None:
    """A control plane of the first release does not write how old the replica was."""
    revision = await bench.write("good")
    bench.quarantine.accepted("edge", revision, is_newest=True)
    await bench.write("bad for all")
    bench.reject()
    await bench.settled()
    await join(bench, "new", schema_version=2)
    await eventually(lambda: b"bad for all" in (bench.served() or b""))
    bench.reject()
    await bench.settled()
    for number in range(3):
        await join(bench, f"another-{number}", schema_version=2)
        await bench.settled()
        assert b"bad for all" not in (bench.served() or b"")


async def join(bench: Bench, node: str, *, schema_version: int, connected: bool = True) -> None:
    key = NODES_PREFIX + node
    entry = await bench.store.get(key)
    record = NodeRecord(node, "edge", "cp-1", schema_version, connected, "", 0, "")
    revision = await bench.store.transact(
        [Compare(key, entry.revision if entry else 0)], [Put(key, encode_node(record))]
    )
    await eventually(lambda: bench.catalog.revision >= revision)
