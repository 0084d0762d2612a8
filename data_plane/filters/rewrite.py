"""Changes path and query on the way to a Service."""

from collections.abc import Callable

from data_plane.exchange import Exchange
from data_plane.pipeline.filter import Filter

Change = Callable[[bytes], bytes]


class RewriteFilter(Filter):
    """Stands after all that decides by what the client has sent; what it writes is read by the upstream alone."""

    def __init__(self, path: Change | None, query: Change | None) -> None:
        self._path = path
        self._query = query

    def on_request(self, exchange: Exchange) -> None:
        if self._path is not None:
            exchange.api_path = self._path(exchange.api_path)
        if self._query is not None:
            exchange.request.query = self._query(exchange.request.query)
