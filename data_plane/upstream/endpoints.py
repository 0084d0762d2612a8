"""Which endpoint of a cluster a request goes to."""

from collections.abc import Callable, Container

from data_plane.upstream.cluster import Cluster
from data_plane.upstream.pool import Pool, Pools
from data_plane.upstream.response_head import DROPPED_OF_SERVICES
from data_plane.upstream.weighted import Weighted


class Endpoints:
    """A cluster's endpoints with their pools.

    Of two that are drawn by weight, the less busy one gets the request: spread like the weights while all are equally
    fast, away from those that hang. Source: Mitzenmacher, The Power of Two Choices, 2001.
    """

    __slots__ = ("_only", "_pools", "_random", "_weights")

    def __init__(
        self,
        cluster: Cluster,
        pools: Pools,
        random: Callable[[], float],
        *,
        drops: frozenset[bytes] = DROPPED_OF_SERVICES,
    ) -> None:
        """`drops`: fields of answers that do not reach clients."""
        found = tuple(pools.get(endpoint, drops) for endpoint in cluster.endpoints)
        self._pools = Weighted(found, cluster.weights)
        self._weights = dict(zip((pool.address for pool in found), cluster.weights, strict=True))
        self._random = random
        chosen = self._pools.items
        self._only = chosen[0] if len(chosen) == 1 else None

    def choose(self) -> Pool:
        return self._only or self._less_busy(self._pools)

    def choose_other(self, tried: Container[str]) -> Pool | None:
        """One whose address was not tried; None if there is none."""
        left = self._pools.without(lambda pool: pool.address in tried)
        return self._less_busy(left) if left is not None else None

    def _less_busy(self, pools: Weighted[Pool]) -> Pool:
        one, other = pools.choose(self._random), pools.choose(self._random)
        weights = self._weights
        return other if other.busy * weights[one.address] < one.busy * weights[other.address] else one
