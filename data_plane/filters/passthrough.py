"""Leads to a provider's own API: what stands behind the route's prefix, and how its usage is read if it is known."""

from data_plane.codecs.client_api import Api, Call, classify
from data_plane.codecs.usage_meter import find_meter
from data_plane.exchange import Exchange
from data_plane.pipeline.filter import BodyMode, Filter


class PassthroughFilter(Filter):
    """`below`: the length of the route's prefix; `apis`: which client APIs the provider speaks itself."""

    def __init__(self, below: int, apis: frozenset[Api]) -> None:
        self._below = below
        self._apis = apis

    def on_request(self, exchange: Exchange) -> None:
        path = exchange.api_path = exchange.api_path[self._below :]
        call = self._known_call(path, exchange)
        if call is not None and exchange.request.method in call.methods:
            exchange.model_requested = call.model
            exchange.meter = find_meter(call.api, call.operation)

    def _known_call(self, path: bytes, exchange: Exchange) -> Call | None:
        """Base URLs of some providers end in the version, those of others do not."""
        headers = exchange.request.headers
        for each in (path, b"/v1" + path):
            call = classify(each, headers, exchange.request.method)
            if call.operation and call.api in self._apis:
                return call
        return None


class SignedPassthroughFilter(PassthroughFilter):
    """For providers to whom requests are signed: a signature covers the whole body."""

    body_mode = BodyMode.HEAD
