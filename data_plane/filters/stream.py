"""StreamPolicy: how the streams of models are delivered."""

from data_plane.exchange import Exchange, StreamTerms
from data_plane.pipeline.filter import Filter


class StreamFilter(Filter):
    def __init__(self, terms: StreamTerms) -> None:
        self._terms = terms

    def on_request(self, exchange: Exchange) -> None:
        exchange.stream_terms = self._terms
