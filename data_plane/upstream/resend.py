"""When a request may be sent a second time."""

from data_plane.exchange import Exchange
from data_plane.upstream.cluster import Cluster

MAX_TRIES = 3  # of one exchange, at targets or endpoints that are not the same
IDEMPOTENT = frozenset((b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"TRACE"))  # RFC 9110 9.2.2


def may_resend(exchange: Exchange, cluster: Cluster) -> bool:
    """Whether a request goes out again that an idle connection lost.

    An upstream that closes an idle connection crosses with our request: no fault of either side, and most probably
    the request was not served.
    """
    return cluster.retries_stale or exchange.request.method in IDEMPOTENT
