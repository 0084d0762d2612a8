"""Caps how often one address may ask, before anybody knows who calls."""

from collections.abc import Callable
from math import ceil

from data_plane.errors import RateLimited
from data_plane.exchange import Exchange
from data_plane.limits.per_address import PerAddress, RequestRates
from data_plane.pipeline.filter import Filter

Refused = Callable[[str, float], None]


class AddressRateFilter(Filter):
    """`rates` outlives configurations. `refused` is told the address and when."""

    def __init__(self, caps: PerAddress, rates: RequestRates, refused: Refused) -> None:
        self._caps = caps
        self._rates = rates
        self._refused = refused

    def on_request(self, exchange: Exchange) -> None:
        key = self._caps.key(exchange.client_ip)
        if key is None:
            return
        wait = self._rates.take(key, exchange.started, self._caps)
        if wait > 0.0:
            self._refused(exchange.client_ip, exchange.started)
            raise RateLimited("too many requests from this address", retry_after_seconds=ceil(wait))
