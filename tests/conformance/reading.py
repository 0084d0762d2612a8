"""What the gateway makes of bytes, without sockets: the requests it reads, and the messages it would send on."""

from collections.abc import Iterable
from typing import cast

from data_plane.deadlines import Deadlines
from data_plane.errors import GatewayError
from data_plane.exchange import Exchange, Request, Timeouts
from data_plane.ingress.bounds import Limits
from data_plane.ingress.guard import BETWEEN, ENDED, HEAD, RequestReader
from data_plane.ingress.head_table import HeadTable
from data_plane.pipeline.framing import encode_chunk
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import Cluster, Endpoint, ServiceTarget
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.message import CHUNKED, Message
from data_plane.upstream.pool import Pools
from tests.conformance.oracle import Heard, Hearing
from tests.fakes.sides import FakeClient


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


class Forwarding:
    """The way to a Service that keeps what it would send."""

    def __init__(self) -> None:
        self.address = "upstream:80"
        self.busy = 0
        self._message: Message = (b"", b"", CHUNKED)
        target = ServiceTarget("default/s", Cluster("default/s", (Endpoint("upstream", 80),), (1,), False))
        self._way = Dispatchers(cast(Pools, self), lambda: 0.0).for_service(target)

    def get(self, *_: object) -> "Forwarding":
        return self

    def acquire(self) -> "Forwarding":
        return self

    def send(self, message: Message, receiver: Receiver, owner: object) -> None:
        self._message = message

    def forward(self, request: Request, *, streams_body: bool) -> bytes:
        """All bytes of a request that is sent on."""
        body = request.body
        if streams_body:
            request.body = b""
        exchange = Exchange(request, "t/r", "rest", "", request.path, "id-1", 0.0, 1, Timeouts())
        self._way.send(cast(Receiver, Sender(exchange)), streams_body=streams_body)
        request.body = body
        head, sent, framing = self._message
        if not streams_body:
            return head + sent
        return head + (encode_chunk(body, True) if framing is CHUNKED else body)


class Sender(FakeClient):
    """Who asks for a request to be sent."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self.exchange = exchange
