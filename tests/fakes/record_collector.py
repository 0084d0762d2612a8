"""A collector in this process, for the side that sends: it confirms when told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
from isthmus.telemetry.v1.telemetry_pb2 import Delivery, Receipt

from control_plane.cli.pki import Pki


class FakeCollector:
    """`limit`: how many deliveries of a stream it confirms; None: all. `refusal`: ends each stream at once."""

    def __init__(self) -> None:
        self.target = ""
        self.streams: list[list[Delivery]] = []
        self.limit: int | None = None
        self.refusal: tuple[grpc.StatusCode, str] | None = None

    def records(self) -> list[int]:
        """Sequences of all records, as often as they came."""
        return [record.sequence for stream in self.streams for each in stream for record in each.records]

    def sums(self) -> set[tuple[str, str, int]]:
        """Table, application and calls."""
        deliveries = [each for stream in self.streams for each in stream]
        return {(each.table, each.application, each.calls) for delivery in deliveries for each in delivery.sums}

    async def deliver(self, _requests: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        if self.refusal is not None:
            await context.abort(*self.refusal)
        stream: list[Delivery] = []
        self.streams.append(stream)
        while isinstance(message := await context.read(), bytes):
            delivery = Delivery.FromString(message)
            stream.append(delivery)
            if self.limit is None or delivery.sequence <= self.limit:
                await context.write(Receipt(sequence=delivery.sequence).SerializeToString())


@asynccontextmanager
async def fake_collector(pki: Pki) -> AsyncIterator[FakeCollector]:
    """Listens with mutual TLS while the block runs."""
    collector = FakeCollector()
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(collector.deliver)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("isthmus.telemetry.v1.RecordCollector", {"Deliver": method}),)
    )
    pair = (pki.server.key.read_bytes(), pki.server.certificate.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], pki.authority.read_bytes(), require_client_auth=True)
    collector.target = f"localhost:{server.add_secure_port('127.0.0.1:0', credentials)}"
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(0)
