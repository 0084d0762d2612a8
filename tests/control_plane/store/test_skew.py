"""Writes that replicas are too old for."""

import pytest

from control_plane.errors import ReplicaTooOld
from control_plane.store.skew import check_skew

SINCE = {"Route.spec.mirror": 2, "CachePolicy": 3}
OLD = (1, ("replica-a", "replica-b"))


@pytest.mark.parametrize(
    "document",
    [{"kind": "Route", "spec": {"mirror": {}}}, {"kind": "CachePolicy", "spec": {}}],
    ids=["a new field", "a new kind"],
)
def test_what_a_connected_replica_cannot_know_is_refused_with_its_name(document: dict[str, object]) -> None:
    with pytest.raises(ReplicaTooOld, match=r"'replica-a', 'replica-b'"):
        check_skew([{"kind": "Route", "spec": {}}, document], lambda: OLD, SINCE)


def test_what_every_connected_replica_knows_is_taken() -> None:
    check_skew([{"kind": "Route", "spec": {"mirror": {}}}], lambda: (2, ("replica-a",)), SINCE)
    check_skew([{"kind": "Route", "spec": {}}], lambda: OLD, SINCE)


def test_a_long_list_of_replicas_is_cut() -> None:
    nodes = tuple(f"r{number}" for number in range(8))
    with pytest.raises(ReplicaTooOld, match="'r4' and 3 more"):
        check_skew([{"kind": "CachePolicy"}], lambda: (1, nodes), SINCE)
