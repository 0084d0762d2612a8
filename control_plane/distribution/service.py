"""The discovery service over gRPC: authenticates replicas and runs a session for each stream."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import grpc
import grpc.aio

from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.node_record import NodeRecord
from control_plane.distribution.nodes import Nodes
from control_plane.distribution.peer import Unproved, certificate_end, gateway_of
from control_plane.distribution.quarantine import Quarantine
from control_plane.distribution.session import Acked, Answer, Hello, Nacked, ProtocolError, Session, parse_hello
from control_plane.distribution.state import Touched
from control_plane.distribution.subset import Audience
from control_plane.wall_clock import wall_clock

SERVICE = "isthmus.discovery.v1.ConfigDiscovery"
HELLO_SECONDS = 10.0
SEND_SECONDS = 30.0  # to put one message on a stream: a node that reads nothing for so long is let go
ANSWER_SECONDS = 180.0  # to compile the largest configuration, on a busy machine
LONGEST_SLEEP_SECONDS = 60.0  # until a certificate's end: the wall clock may be set meanwhile

Context = grpc.aio.ServicerContext[bytes, bytes]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """`control_plane` is this process's name; `clock` gives RFC 3339, `wall_clock` seconds since 1970."""

    control_plane: str
    trust_domain: str
    clock: Callable[[], str]
    wall_clock: Callable[[], float] = wall_clock


@dataclass(slots=True)
class ServiceCounters:
    """What happened since the start."""

    streams: int = 0
    refused_streams: int = 0  # the certificate is not that of the gateway
    refused_epochs: int = 0
    protocol_errors: int = 0
    timeouts: int = 0
    updates: int = 0
    acks: int = 0
    nacks: int = 0
    stuck_nodes: int = 0  # NACKs that named nothing that could be left out
    ended_certificates: int = 0  # streams whose certificate ended while they were open


class _Ended(Exception):
    """Why the control plane ends a stream."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(eq=False, slots=True)
class _Stream:
    """What one stream's two tasks share."""

    session: Session
    record: NodeRecord
    wake: asyncio.Event
    certificate_end: float  # seconds since 1970
    end: _Ended | None = None
    is_over: bool = False

    def stop(self, end: _Ended) -> None:
        self.end = self.end or end
        self.wake.set()


class DiscoveryService:
    """Serves as long as the server does that `handler` was given to."""

    def __init__(self, catalog: Catalog, nodes: Nodes, quarantine: Quarantine, options: ServiceOptions) -> None:
        self._catalog = catalog
        self._nodes = nodes
        self._quarantine = quarantine
        self._options = options
        self._streams: dict[str, _Stream] = {}  # by node
        self.counters = ServiceCounters()
        self.proved_connections = 0  # a replica opens one for each stream
        catalog.subscribe(self._on_change)

    @property
    def connected(self) -> int:
        return len(self._streams)

    def handler(self) -> grpc.GenericRpcHandler:
        """For `server.add_generic_rpc_handlers`."""
        method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(self._serve)
        return grpc.method_handlers_generic_handler(SERVICE, {"Stream": method})

    def prove_again(self) -> None:
        """End all streams, for replicas to connect anew: an authority that proved them may no longer count."""
        for stream in self._streams.values():
            stream.stop(_Ended(grpc.StatusCode.UNAVAILABLE, "the authority of certificates has changed; connect again"))

    async def _serve(self, _requests: object, context: Context) -> None:
        self.counters.streams += 1
        try:
            await self._greet(context)
        except _Ended as end:
            logger.warning("discovery_stream_ended peer=%s code=%s reason=%r", context.peer(), end.code.name, str(end))
            await context.abort(end.code, str(end))

    async def _greet(self, context: Context) -> None:
        gateway, certificate_end = self._authenticate(context)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message: object = await context.read()
            hello = parse_hello(message if isinstance(message, bytes) else b"")
        except TimeoutError as error:
            self.counters.timeouts += 1
            raise _Ended(grpc.StatusCode.DEADLINE_EXCEEDED, "no `hello` in time") from error
        except ProtocolError as error:
            self.counters.protocol_errors += 1
            raise _Ended(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        if hello.gateway != gateway:
            self.counters.refused_streams += 1
            raise _Ended(grpc.StatusCode.PERMISSION_DENIED, f"the certificate is that of the gateway `{gateway}`")
        self.proved_connections += 1
        await self._run(hello, context, certificate_end)

    def _authenticate(self, context: Context) -> tuple[str, float]:
        """The gateway that the certificate proves, and when the certificate ends."""
        try:
            proof = context.auth_context()
            return gateway_of(proof, self._options.trust_domain), certificate_end(proof)
        except Unproved as error:
            self.counters.refused_streams += 1
            raise _Ended(grpc.StatusCode.UNAUTHENTICATED, str(error)) from error

    async def _run(self, hello: Hello, context: Context, certificate_end: float) -> None:
        epoch = self._catalog.state.epoch
        if epoch is None:
            raise _Ended(grpc.StatusCode.UNAVAILABLE, "the store has no epoch yet")
        subset = self._catalog.subset(Audience(hello.gateway, min(hello.schema_version, SCHEMA_VERSION)))
        record = NodeRecord(
            hello.node,
            hello.gateway,
            self._options.control_plane,
            hello.schema_version,
            connected=True,
            connected_at=self._options.clock(),
            revision=hello.revision,
            content_hash=hello.content_hash.hex(),
        )
        stream = _Stream(Session(hello, subset, epoch), record, asyncio.Event(), certificate_end)
        if hello.epoch == epoch.name and hello.revision:
            self._quarantine.accepted(hello.gateway, hello.revision, is_newest=False)
        if older := self._streams.get(hello.node):
            older.stop(_Ended(grpc.StatusCode.ABORTED, "the node has begun another stream"))
        self._streams[hello.node] = stream
        self._nodes.connect(record)
        subset.listeners.add(stream.wake.set)
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._receive(stream, context)), group.create_task(self._expire(stream))]
                await self._send(stream, context)
                for task in beside:
                    task.cancel()
        finally:
            subset.listeners.discard(stream.wake.set)
            if self._streams.get(hello.node) is stream:
                del self._streams[hello.node]
                self._nodes.leave(hello.node)
        if stream.end:
            raise stream.end

    async def _expire(self, stream: _Stream) -> None:
        """End the stream with the certificate that it was opened with: a replica that has a new one opens another."""
        while True:
            seconds = stream.certificate_end - self._options.wall_clock()
            if seconds <= 0:
                break
            await asyncio.sleep(min(seconds, LONGEST_SLEEP_SECONDS))
        self.counters.ended_certificates += 1
        stream.stop(_Ended(grpc.StatusCode.UNAUTHENTICATED, "the replica's certificate has ended"))

    async def _receive(self, stream: _Stream, context: Context) -> None:
        while True:
            message: object = await context.read()  # at the end no bytes; the keepalive is its deadline
            if not isinstance(message, bytes):
                stream.is_over = True
                stream.wake.set()
                return
            try:
                self._on_answer(stream, stream.session.receive(message))
            except ProtocolError as error:
                self.counters.protocol_errors += 1
                stream.stop(_Ended(grpc.StatusCode.INVALID_ARGUMENT, str(error)))
                return
            stream.wake.set()

    async def _send(self, stream: _Stream, context: Context) -> None:
        """Until the stream shall end: what there is to send, then wait for news."""
        while not stream.is_over and stream.end is None:
            stream.wake.clear()
            try:
                if messages := stream.session.poll():
                    for message in messages:
                        async with asyncio.timeout(SEND_SECONDS):
                            await context.write(message)
                    self._note_sent(stream)
                else:
                    deadline = ANSWER_SECONDS if stream.session.awaits_answer else None
                    async with asyncio.timeout(deadline):
                        await stream.wake.wait()
            except TimeoutError:
                self.counters.timeouts += 1
                stream.stop(_Ended(grpc.StatusCode.DEADLINE_EXCEEDED, "the node does not answer"))

    def _note_sent(self, stream: _Stream) -> None:
        if stream.session.is_in_flight:
            self.counters.updates += 1
        elif stream.session.is_refused:
            self.counters.refused_epochs += 1
            self._change(stream, stuck=True, reason="it serves the configuration of another store (epoch)")

    def _on_answer(self, stream: _Stream, answer: Answer | None) -> None:
        hello = stream.session.hello
        match answer:
            case Acked(revision, content_hash):
                self.counters.acks += 1
                is_newest = content_hash == stream.session.subset.content_hash
                self._quarantine.accepted(hello.gateway, revision, is_newest=is_newest)
                self._change(
                    stream,
                    revision=revision,
                    content_hash=content_hash.hex(),
                    acked_at=self._options.clock(),
                    stuck=False,
                    reason="",
                )
            case Nacked(revision, _, rejected, is_stuck):
                self.counters.nacks += 1
                for each in rejected:
                    self._quarantine.reject(hello.gateway, hello.node, each, schema_version=hello.schema_version)
                if is_stuck:
                    self.counters.stuck_nodes += 1
                    logger.error(
                        "config_refused node=%s gateway=%s revision=%d: it named nothing that can be left out",
                        hello.node,
                        hello.gateway,
                        revision,
                    )
                    self._change(stream, stuck=True, reason=f"it refuses revision {revision}, naming nothing new")
            case None:
                pass

    def _change(self, stream: _Stream, **fields: object) -> None:
        stream.record = replace(stream.record, **fields)  # type: ignore[arg-type]  # fields of the record
        self._nodes.change(stream.record)

    def _on_change(self, touched: Touched) -> None:
        for stream in self._streams.values():
            if touched.epoch:
                stream.stop(_Ended(grpc.StatusCode.UNAVAILABLE, "the store's epoch has changed"))
            elif stream.session.lags:  # it may have caught up
                stream.wake.set()
