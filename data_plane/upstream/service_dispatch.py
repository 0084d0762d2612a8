"""Sends exchanges to a Service."""

from collections.abc import Callable

from data_plane.errors import GatewayError, Overloaded
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import ServiceTarget
from data_plane.upstream.connection import UpstreamConnection
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.message import SWITCH, WHOLE
from data_plane.upstream.owner import Failure
from data_plane.upstream.pool import Pool, Pools
from data_plane.upstream.request_head import (
    NOT_FORWARDED,
    changed_key,
    encode_message,
    forwarded_fields,
    remember,
    streamed_framing,
)
from data_plane.upstream.resend import MAX_TRIES, may_resend


class ServiceDispatcher:
    """The way to one Service: an endpoint, and others where that one cannot be reached."""

    def __init__(self, target: ServiceTarget, pools: Pools, random: Callable[[], float]) -> None:
        self._target = target
        self._name = target.name
        self._endpoints = Endpoints(target.cluster, pools, random)

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        exchange.target = self._name
        request, pool = exchange.request, self._endpoints.choose()
        memo = request.memo
        framing = streamed_framing(exchange) if streams_body else WHOLE
        if memo is None:
            beginning = self._beginning(exchange, pool)
            if exchange.upgrade is not None:  # heads that offer one are rare, and have no memo
                framing = SWITCH
        else:
            key: object = (self, exchange.api_path, request.query)  # these may have been rewritten
            if exchange.request_headers or exchange.removed_headers:
                key = changed_key(key, exchange)
            known = memo.forwarded.get(key)
            if known is None:
                known = self._beginning(exchange, pool)
                if self._target.host or b"host" in request.headers:  # else it names the endpoint
                    remember(memo, key, known)
            beginning = known
        client = exchange.forwarded
        if client is None:
            client = b"%bx-forwarded-host: %b\r\n" % (request.peer.forwarded, request.headers.get(b"host", b""))
        message = encode_message(exchange, beginning, client, framing, request.body)
        pool.acquire().send(message, receiver, self)

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

    def _beginning(self, exchange: Exchange, pool: Pool) -> bytes:
        """The part of the head that follows from the client's, and from policies."""
        target, request = self._target, exchange.request
        path = target.base_path + exchange.api_path
        if request.query:
            path += b"?" + request.query
        host = target.host or request.headers.get(b"host") or pool.address.encode()
        forwarded = forwarded_fields(exchange, NOT_FORWARDED)
        return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b" % (request.method, path, host, forwarded)
