"""`status` against the API."""

import json

from control_plane.distribution.node_record import NODES_PREFIX, NodeRecord, encode_node
from control_plane.distribution.quarantine_record import QuarantineKey, QuarantineRecord, encode_record
from control_plane.store.base import Compare, Put
from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\n"


def put(api: ServedApi, key: str, value: bytes) -> None:
    api.ask(api.api.store.transact([Compare(key, 0)], [Put(key, value)]))


def join(api: ServedApi, node: str, *, stuck: bool = False, reason: str = "") -> None:
    record = NodeRecord(node, "default", "cp-1", 1, True, "", 5, "", "2026-11-24T00:00:01Z", stuck, reason)
    put(api, NODES_PREFIX + node, encode_node(record))


def test_a_fresh_control_plane_has_nothing_to_tell_of(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("status").lines == [
        "control plane cp-1 (version 0.0.0)",
        "leader none",
        "store ok, revision 6",
        "resources 1 Gateway, 1 Tenant",
        "",
        "Replicas",
        "none has connected",
        "",
        "Nothing is in quarantine.",
    ]


def test_replicas_are_listed_with_the_revision_that_each_serves(api: ServedApi, isthmus: Isthmus) -> None:
    join(api, "r1")
    lines = isthmus("status").lines
    assert "NODE GATEWAY STATE REVISION ACKED CONTROL PLANE" in lines
    assert "r1 default Behind 5 2026-11-24T00:00:01Z cp-1" in lines


def test_what_is_refused_is_told_with_its_reason_and_the_status_stays_0(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    revision = json.loads(isthmus("get", "team", "red", "-o", "json").out)["metadata"]["revision"]
    record = QuarantineRecord(revision, "it cannot be compiled", "r1", "2026-11-24T00:00:02Z", None)
    put(api, QuarantineKey("default", "default/Team/red").store_key, encode_record(record))
    join(api, "r1")
    join(api, "r2", stuck=True, reason="out of memory")
    ran = isthmus("status")
    assert ran.status == 0
    assert ran.lines[-4:] == [
        "Quarantine: 1 refused by replicas, which go on with what they had",
        "default/Team/red: it cannot be compiled",
        f"gateway default, revision {revision} since 2026-11-24T00:00:02Z; nothing is served",
        "r2 refuses an update: out of memory",
    ]


def test_programs_get_all_of_it_in_one_document(api: ServedApi, isthmus: Isthmus) -> None:
    join(api, "r1")
    found = json.loads(isthmus("status", "-o", "json").out)
    assert found["controlPlane"]["controlPlane"] == "cp-1"
    assert [replica["node"] for replica in found["replicas"]] == ["r1"]
    assert found["quarantine"] == []
