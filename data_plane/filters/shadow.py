"""Counts the requests to which policies in shadow mode would apply. They change nothing."""

from data_plane.exchange import Exchange
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import Filter


class ShadowFilter(Filter):
    """`policies`: their paths."""

    def __init__(self, policies: tuple[str, ...], metrics: Metrics) -> None:
        self._policies = policies
        self._shadowed = metrics.shadowed

    def on_request(self, exchange: Exchange) -> None:
        for policy in self._policies:
            self._shadowed[(policy,)].value += 1
