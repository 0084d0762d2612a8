"""The collector's service over gRPC: proves who sends, passes deliveries on, and sends receipts."""

import asyncio
import logging
from collections.abc import Callable

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from isthmus.telemetry.v1.telemetry_pb2 import Delivery, Receipt

from control_plane.collector.counters import Counters
from control_plane.collector.keeper import Keeper
from control_plane.collector.writer import Parcel, Writer
from control_plane.distribution.peer import Unproved, certificate_end, gateway_of

SERVICE = "isthmus.telemetry.v1.RecordCollector"
SEND_SECONDS = 30.0  # to put a receipt on a stream

Context = grpc.aio.ServicerContext[bytes, bytes]

logger = logging.getLogger(__name__)


class _Ended(Exception):
    """Why the collector ends a stream."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Stream:
    """What a stream's two tasks and the writer share."""

    def __init__(self, gateway: str, certificate_end: float) -> None:
        self.gateway = gateway
        self.certificate_end = certificate_end  # in seconds since 1970
        self.received = 0
        self.stored = 0
        self.is_over = False  # nothing more will come
        self.end: _Ended | None = None
        self.wake = asyncio.Event()

    def on_stored(self, sequence: int) -> None:
        self.stored = sequence
        self.wake.set()

    def on_failed(self, reason: str) -> None:
        self.fail(_Ended(grpc.StatusCode.UNAVAILABLE, f"the store failed: {reason}"))

    def fail(self, end: _Ended) -> None:
        self.end = self.end or end
        self.wake.set()

    def finish(self) -> None:
        self.is_over = True
        self.wake.set()


class CollectorService:
    """Serves as long as the server does that `handler` was given to."""

    def __init__(
        self,
        writer: Writer,
        keeper: Keeper,
        counters: Counters,
        trust_domain: str,
        wall_clock: Callable[[], float],
    ) -> None:
        self._wall_clock = wall_clock
        self._writer = writer
        self._keeper = keeper
        self._counters = counters
        self._trust_domain = trust_domain
        self._streams: set[_Stream] = set()
        self._is_stopping = False

    def handler(self) -> grpc.GenericRpcHandler:
        """For `server.add_generic_rpc_handlers`."""
        method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(self._serve)
        return grpc.method_handlers_generic_handler(SERVICE, {"Deliver": method})

    def stop(self) -> None:
        """Take no more; each stream ends once what it has brought is stored."""
        self._is_stopping = True
        for stream in self._streams:
            stream.finish()

    async def _serve(self, _requests: object, context: Context) -> None:
        self._counters.streams_total += 1
        try:
            await self._run(self._authenticate(context), context)
        except _Ended as end:
            logger.warning("stream_ended peer=%s code=%s reason=%r", context.peer(), end.code.name, str(end))
            await context.abort(end.code, str(end))

    def _authenticate(self, context: Context) -> _Stream:
        try:
            proof = context.auth_context()
            stream = _Stream(gateway_of(proof, self._trust_domain), certificate_end(proof))
        except Unproved as error:
            self._counters.refused_streams_total += 1
            raise _Ended(grpc.StatusCode.UNAUTHENTICATED, str(error)) from error
        if self._is_stopping:
            raise _Ended(grpc.StatusCode.UNAVAILABLE, "the collector is about to end")
        if self._keeper.missing:  # so that the node tries another collector
            raise _Ended(grpc.StatusCode.UNAVAILABLE, f"nothing can be stored now: {self._keeper.missing}")
        return stream

    async def _run(self, stream: _Stream, context: Context) -> None:
        self._streams.add(stream)
        self._counters.streams = len(self._streams)
        try:
            async with asyncio.TaskGroup() as group:
                receiving = group.create_task(self._receive(stream, context))
                await self._send_receipts(stream, context)
                receiving.cancel()
        finally:
            self._streams.discard(stream)
            self._counters.streams = len(self._streams)
        if stream.end:
            raise stream.end

    async def _receive(self, stream: _Stream, context: Context) -> None:
        while True:
            message: object = await context.read()  # at the end no bytes; the keepalive is its deadline
            if not isinstance(message, bytes):
                stream.finish()
                return
            try:
                self._check_certificate(stream)
                delivery = _parse(message, stream)
            except _Ended as end:
                self._counters.refused_streams_total += 1
                stream.fail(end)
                return
            if stream.is_over:
                return
            stream.received = delivery.sequence
            await self._writer.put(Parcel(stream, stream.gateway, delivery, len(message)))

    def _check_certificate(self, stream: _Stream) -> None:
        if self._wall_clock() > stream.certificate_end:
            raise _Ended(grpc.StatusCode.UNAUTHENTICATED, "the certificate has ended")

    async def _send_receipts(self, stream: _Stream, context: Context) -> None:
        """Until the stream shall end."""
        sent = 0
        while stream.end is None:
            stream.wake.clear()
            if sent < stream.stored:
                sent = stream.stored
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await context.write(Receipt(sequence=sent).SerializeToString())
                except TimeoutError:
                    stream.fail(_Ended(grpc.StatusCode.DEADLINE_EXCEEDED, "the node reads no receipts"))
            elif stream.is_over and stream.stored == stream.received:
                return
            else:
                await stream.wake.wait()


def _parse(message: bytes, stream: _Stream) -> Delivery:
    try:
        delivery = Delivery.FromString(message)
    except DecodeError as error:
        raise _Ended(grpc.StatusCode.INVALID_ARGUMENT, "not a `Delivery`") from error
    if delivery.sequence != stream.received + 1:
        raise _Ended(grpc.StatusCode.INVALID_ARGUMENT, f"`sequence` must be {stream.received + 1}")
    for record in delivery.records:
        if record.gateway != stream.gateway:
            raise _Ended(
                grpc.StatusCode.PERMISSION_DENIED,
                f"a record of the gateway '{record.gateway[:64]}'; the certificate is that of '{stream.gateway}'",
            )
    return delivery
