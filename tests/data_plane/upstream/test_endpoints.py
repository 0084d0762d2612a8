"""Shares of endpoints, by weight and by how busy they are."""

from collections import Counter
from random import Random

import pytest

from data_plane.upstream.cluster import Cluster, Endpoint
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.pool import Pools

ONE, OTHER, OFF = Endpoint("one", 1), Endpoint("other", 1), Endpoint("off", 1)


def share_of_one(pools: Pools, weights: tuple[int, int], busy: tuple[int, int]) -> float:
    """The share of `one` while so many requests are under way at each."""
    endpoints = Endpoints(Cluster("s", (ONE, OTHER, OFF), (*weights, 0), False), pools, Random(1).random)
    pools.get(ONE).busy, pools.get(OTHER).busy = busy
    counts = Counter(endpoints.choose().endpoint.host for _ in range(4000))
    assert counts["off"] == 0
    return counts["one"] / 4000


@pytest.mark.parametrize(
    ("weights", "busy", "share"),
    [
        pytest.param((1, 1), (0, 0), 0.5, id="idle"),
        pytest.param((3, 1), (0, 0), 0.75, id="idle, by weight"),
        pytest.param((3, 1), (30, 10), 0.75, id="busy as their weights say"),
        pytest.param((1, 1), (100, 0), 0.25, id="one hangs: only if drawn twice"),
        pytest.param((3, 1), (30, 0), 0.5625, id="the heavy one hangs"),
    ],
)
def test_endpoints_share_by_weight_and_spare_the_busy(
    pools: Pools, weights: tuple[int, int], busy: tuple[int, int], share: float
) -> None:
    assert share_of_one(pools, weights, busy) == pytest.approx(share, abs=0.03)


def test_what_was_tried_is_not_chosen_again(pools: Pools) -> None:
    endpoints = Endpoints(Cluster("s", (ONE, OTHER, OFF), (1, 1, 0), False), pools, Random(1).random)
    for _ in range(50):
        chosen = endpoints.choose_other({"one:1"})
        assert chosen is not None and chosen.endpoint == OTHER
    assert endpoints.choose_other({"one:1", "other:1"}) is None
