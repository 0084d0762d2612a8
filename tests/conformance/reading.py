"""What the gateway makes of bytes, without sockets: the requests it reads, and the messages it would send on."""

import asyncio
from collections.abc import Iterable

from data_plane.deadlines import Deadlines
from data_plane.errors import GatewayError
from data_plane.exchange import Exchange, Request, Timeouts
from data_plane.ingress.bounds import Limits
from data_plane.ingress.guard import BETWEEN, ENDED, HEAD, RequestReader
from data_plane.ingress.head_table import HeadTable
from data_plane.upstream.cluster import Cluster, Endpoint, ServiceTarget
from data_plane.upstream.connection import UpstreamConnection
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pool, Pools
from tests.conformance.oracle import Heard, Hearing
from tests.fakes.upstream import FakeReceiver


class Reading(Hearing):
    """Requests, each over as soon as it is whole. `requests` are those of `heard`."""

    def __init__(self, pieces: Iterable[bytes], heads: HeadTable | None = None) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._body: list[bytes] = []
        self._reader = reader = RequestReader(Limits(), heads or HeadTable(Deadlines()))
        try:
            for piece in pieces:
                reader.feed(piece)
                self._take_pieces()
                while reader.request is not None and reader.complete:
                    self._end(reader.request)
                    reader.go_on()
                    self._take_pieces()
                if reader.fault is not None:
                    raise reader.fault
        except GatewayError as error:
            self.refused = f"{error.status} {error.message}"
        current = reader.request
        self.refused_method = current.method if current is not None else b"GET"  # of a request whose body is refused
        self.is_ended = reader.phase is ENDED and not self.refused
        self.is_amid_head = reader.phase is HEAD  # which may be a bad one: it is not judged before its end
        self.waits = reader.phase is not ENDED and reader.phase is not BETWEEN

    def _take_pieces(self) -> None:
        self._body += self._reader.pieces
        self._reader.pieces.clear()

    def _end(self, request: Request) -> None:
        if self._body:
            request.body = b"".join(self._body)
            self._body.clear()
        self.requests.append(request)
        target = request.path + b"?" + request.query if request.query else request.path
        self.heard.append(Heard((request.method, target), request.headers, request.body))


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.write = self.written.append  # type: ignore[assignment]  # takes bytes only
        self.writelines = self.written.extend  # type: ignore[method-assign, assignment]

    def abort(self) -> None:
        """There is nothing to close."""


class WiredPool(Pool):
    """Of one upstream, to which each request has a connection of its own; nothing opens a socket."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint, Deadlines())
        self.last: UpstreamConnection | None = None

    def acquire(self) -> UpstreamConnection:
        self.busy += 1
        self.last = UpstreamConnection(self)
        return self.last


class WiredPools(Pools):
    def __init__(self, pool: WiredPool) -> None:
        super().__init__(Deadlines())
        self._pool = pool

    def get(self, *_: object) -> Pool:
        return self._pool


class Forwarding:
    """The way to a Service that keeps what it sends."""

    def __init__(self) -> None:
        endpoint = Endpoint("upstream", 80)
        self._pool = WiredPool(endpoint)
        target = ServiceTarget("default/s", Cluster("default/s", (endpoint,), (1,), retries_stale=False))
        self._way = Dispatchers(WiredPools(self._pool), lambda: 0.0).for_service(target)

    def forward(self, request: Request, *, streams_body: bool) -> bytes:
        """All bytes of a request that is sent on."""
        body, wire = request.body, Wire()
        if streams_body:
            request.body = b""
        exchange = Exchange(request, "t/r", "rest", "", request.path, "id-1", 0.0, 1, Timeouts())
        self._way.send(FakeReceiver(exchange), streams_body=streams_body)
        connection = self._pool.last
        assert connection is not None
        connection.connection_made(wire)
        if streams_body:
            connection.send_body(body, True)
            request.body = body
        connection.abort()
        return b"".join(wire.written)
