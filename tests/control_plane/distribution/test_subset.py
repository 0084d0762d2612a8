"""What belongs to a Gateway's replicas."""

from functools import partial

import pytest

from config_schemas.canonical import PATH_PREFIX
from config_schemas.digest import EMPTY_CONTENT_HASH, ContentDigest, resource_digest
from config_schemas.version import newer_names, restrict
from control_plane.distribution.quarantine_record import QuarantineKey, QuarantineRecord, encode_record
from control_plane.distribution.state import State, Touched
from control_plane.distribution.subset import Audience, Subset
from control_plane.store.base import Entry
from tests.fakes.distribution import document, gateway, seal, secret, tenant, unseal

SHARED = "platform/Provider/shared"
MODELS = tuple(f"{name}/Model/chat" for name in ("acme", "bolt"))


class Bench:
    def __init__(self, gateway_name: str = "edge", schema_version: int = 1) -> None:
        self.state = State(unseal)
        self.subset = Subset(Audience(gateway_name, schema_version), self.state, lambda: 0.0)
        self.told = 0
        self.subset.listeners.add(self._tell)

    def _tell(self) -> None:
        self.told += 1

    def put(self, changes: dict[str, bytes | None], prefix: str = PATH_PREFIX) -> None:
        self.state.revision += 1
        touched = Touched()
        for path, payload in changes.items():
            if payload is None:
                self.state.remove(prefix + path, touched)
            else:
                self.state.put(Entry(prefix + path, payload, self.state.revision, 1), touched)
        self.subset.refresh(touched.paths)

    def fill(self) -> "Bench":
        self.put(dict([gateway("edge", tier="gold"), gateway("other"), tenant("acme", tier="gold"), tenant("bolt")]))
        self.put({path: document(path) for path in (SHARED, *MODELS, "stray/Model/chat")})
        return self

    def paths(self) -> set[str]:
        return set(self.subset._items)


OWN = {"platform/Gateway/edge", SHARED}
ACME = {"platform/Tenant/acme", MODELS[0]}
BOLT = {"platform/Tenant/bolt", MODELS[1]}


def test_a_gateway_gets_itself_the_platform_and_the_tenants_it_selects() -> None:
    assert Bench().fill().paths() == OWN | ACME


def test_a_gateway_that_does_not_exist_gets_nothing() -> None:
    assert Bench("unheard-of").fill().paths() == set()


def test_a_label_moves_a_whole_tenant_in_one_step() -> None:
    bench = Bench().fill()
    told = bench.told
    bench.put(dict([tenant("bolt", tier="gold"), tenant("acme", tier="tin")]))
    assert (bench.paths(), bench.told) == (OWN | BOLT, told + 1)


def test_a_selector_moves_whole_tenants_in_one_step() -> None:
    bench = Bench().fill()
    bench.put(dict([gateway("edge")]))
    assert bench.paths() == OWN | ACME | BOLT
    bench.put({"platform/Tenant/acme": None})
    assert bench.paths() == OWN | BOLT


def test_a_deleted_gateway_gets_nothing_and_all_again_when_it_returns() -> None:
    bench = Bench().fill()
    bench.put({"platform/Gateway/edge": None})
    assert bench.paths() == set()
    bench.put(dict([gateway("edge", tier="gold")]))
    assert bench.paths() == OWN | ACME


def test_a_change_elsewhere_is_none_here() -> None:
    bench = Bench().fill()
    before, told = bench.subset.content_hash, bench.told
    bench.put({MODELS[1]: document(MODELS[1], {"description": "2"})})
    assert (bench.subset.content_hash, bench.told) == (before, told)


def test_the_same_state_gives_the_same_hash_however_it_came_about() -> None:
    bench = Bench().fill()
    bench.put({MODELS[0]: document(MODELS[0], {"description": "2"})})
    bench.put({MODELS[0]: document(MODELS[0])})
    late = Subset(Audience("edge", 1), bench.state, lambda: 0.0)
    digest = ContentDigest()
    for path in late._items:
        item = bench.state.find(path)
        assert item
        digest.put(path, resource_digest(path, item.payload))
    assert bench.subset.content_hash == late.content_hash == digest.content_hash()


def test_a_tenant_that_cannot_be_read_is_sent_alone_to_be_refused() -> None:
    bench = Bench().fill()
    bench.put({"platform/Tenant/acme": b"not json"})
    assert bench.paths() == OWN | {"platform/Tenant/acme"}
    key = QuarantineKey("edge", "platform/Tenant/acme")
    good = bench.state.items.make(key.path, tenant("acme", tier="gold")[1], 1)
    record = QuarantineRecord(bench.state.revision, "not json", "n1", "", good)
    bench.put({key.store_key: encode_record(record)}, prefix="")
    assert bench.paths() == OWN | ACME


def test_a_gateway_that_cannot_be_read_selects_no_tenant_until_it_is_replaced() -> None:
    bench = Bench().fill()
    bench.put({"platform/Gateway/edge": b'{"spec":{"tenants":7}}'})
    assert bench.paths() == OWN


def test_sealing_anew_is_no_change_but_opens_with_the_new_key() -> None:
    bench = Bench().fill()
    path = "acme/Secret/s"
    bench.put(dict([secret(path, seal("value", "k1"))]))
    before = bench.subset.content_hash
    bench.put(dict([secret(path, seal("value", "k2"))]))
    item = bench.subset.find(path)
    assert bench.subset.content_hash == before
    assert item and b":k2:" in item.payload


def test_a_secret_that_cannot_be_opened_any_more_is_left_out() -> None:
    bench = Bench().fill()
    path = "acme/Secret/s"
    bench.put(dict([secret(path, seal("value"))]))
    bench.put(dict([secret(path, seal("value", "lost"))]))
    assert path not in bench.paths()
    assert "value" not in repr(bench.state.find(path))


def test_a_record_that_goes_brings_the_resource_back() -> None:
    bench = Bench().fill()
    item = bench.state.find(MODELS[0])
    assert item
    key = QuarantineKey("edge", MODELS[0])
    record = QuarantineRecord(item.revision, "bad", "n1", "", None)
    bench.put({key.store_key: encode_record(record)}, prefix="")
    assert MODELS[0] not in bench.paths()
    bench.put({key.store_key: None}, prefix="")
    assert bench.paths() == OWN | ACME


def test_an_older_replica_is_not_sent_what_it_cannot_know(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"Provider": 2, "Model.spec.description": 2}
    monkeypatch.setattr("control_plane.distribution.item.restrict", partial(restrict, since=table))
    monkeypatch.setattr("control_plane.distribution.item.newer_names", partial(newer_names, since=table))
    bench = Bench(schema_version=1).fill()
    bench.put({MODELS[0]: document(MODELS[0], {"description": "2"})})
    item = bench.subset.find(MODELS[0])
    assert item and item.digest == resource_digest(MODELS[0], document(MODELS[0]))
    assert bench.paths() == {"platform/Gateway/edge"} | ACME
    update = bench.subset.update_from(EMPTY_CONTENT_HASH, 0)
    assert update and b"description" not in b"".join(update.frames())
    newer = Subset(Audience("edge", 2), bench.state, lambda: 0.0)
    assert SHARED in newer._items and newer.content_hash != bench.subset.content_hash


def test_an_update_is_never_older_than_the_node() -> None:
    bench = Bench().fill()
    before = bench.subset.content_hash
    bench.put({MODELS[0]: document(MODELS[0], {"description": "2"})})
    first = bench.subset.update_from(before, 0)
    bench.state.revision += 5
    second = bench.subset.update_from(before, bench.state.revision)
    assert first and second and (first.revision, second.revision) == (bench.state.revision - 5, bench.state.revision)
