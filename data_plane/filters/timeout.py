"""TimeoutPolicy: how long the exchange and its parts may take."""

from data_plane.exchange import Exchange, Timeouts
from data_plane.pipeline.filter import Filter


class TimeoutFilter(Filter):
    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts

    def on_request(self, exchange: Exchange) -> None:
        exchange.timeouts = self._timeouts
