"""Sends exchanges to a Service."""

from collections.abc import Callable

from data_plane.errors import GatewayError, Overloaded
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import ServiceTarget
from data_plane.upstream.connection import Failure, UpstreamConnection
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.pool import Pool, Pools
from data_plane.upstream.request_head import NOT_FORWARDED, encode_head, forwarded_fields, framing_line, framing_of
from data_plane.upstream.resend import MAX_TRIES, may_resend


class ServiceDispatcher:
    """The way to one Service: an endpoint, and others where that one cannot be reached."""

    def __init__(self, target: ServiceTarget, pools: Pools, random: Callable[[], float]) -> None:
        self._target = target
        self._endpoints = Endpoints(target.cluster, pools, random)

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        exchange.target = self._target.name
        framing = framing_of(exchange, streams_body=streams_body)
        body = exchange.request.body
        pool = self._endpoints.choose()
        head = self._head(exchange, framing_line(exchange, framing, len(body)), pool)
        pool.acquire().send((head, body, framing), receiver, self)

    def judge(self, receiver: Receiver, response: Response, *, can_resend: bool) -> None:
        """Whatever a Service answers is for the client."""

    def on_failure(
        self, connection: UpstreamConnection, receiver: Receiver, failure: Failure, error: GatewayError
    ) -> None:
        """Stale: the same endpoint again. Unreachable: another endpoint. Else the receiver hears of it."""
        replacement = self._replacement(connection, receiver.exchange, failure)
        if replacement is None:
            receiver.on_failure(error)
        else:
            replacement.send(connection.message, receiver, self)

    def _replacement(
        self, connection: UpstreamConnection, exchange: Exchange, failure: Failure
    ) -> UpstreamConnection | None:
        try:
            if failure is Failure.STALE and may_resend(exchange, self._target.cluster):
                return connection.home.connect()
            if failure is Failure.UNSENT and len(exchange.attempts) < MAX_TRIES:
                pool = self._endpoints.choose_other({attempt.endpoint for attempt in exchange.attempts})
                return pool.acquire() if pool is not None else None
        except Overloaded:
            return None
        return None

    def _head(self, exchange: Exchange, framing_line: bytes, pool: Pool) -> bytes:
        target, request = self._target, exchange.request
        path = target.base_path + request.path
        if request.query:
            path += b"?" + request.query
        host = target.host or request.headers.get(b"host") or pool.address.encode()
        fields = b"host: %b\r\n%b" % (host, framing_line)
        return encode_head(exchange, path, fields, forwarded_fields(exchange, NOT_FORWARDED))
