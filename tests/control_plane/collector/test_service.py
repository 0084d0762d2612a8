"""The service on a real gRPC server with mutual TLS, over a store in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import grpc
import grpc.aio
import pytest
from isthmus.telemetry.v1.telemetry_pb2 import Delivery, FoldedSum, Receipt

from control_plane.cli.pki import Authority, GatewayIdentity
from control_plane.collector import keeper as keeper_module
from control_plane.collector import writer as writer_module
from control_plane.collector.call_store import utc_now
from control_plane.collector.counters import Counters
from control_plane.collector.keeper import Keeper
from control_plane.collector.service import SERVICE, CollectorService
from control_plane.collector.writer import Writer
from control_plane.distribution.server import Certificates, ServerTls, make_server
from data_plane.telemetry.delivery import read_chunk
from tests.fakes.call_store import FakeCallStore
from tests.fakes.collector import lines, pki, record

DEADLINE_SECONDS = 10.0
TRUST_DOMAIN = "isthmus.local"

Call = grpc.aio.StreamStreamCall[bytes, bytes]


class Scene:
    """A collector without its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pki = pki(folder)
        self.store = FakeCallStore()
        self.counters = Counters()
        self.keeper = Keeper(self.store, self.counters)
        self.hours: set[int] = set()
        self.now = datetime.now(UTC)
        self.writer = Writer(self.store, self.keeper, self.counters, utc_now, self.hours.update)
        self.service = CollectorService(
            self.writer, self.keeper, self.counters, TRUST_DOMAIN, lambda: self.now.timestamp()
        )
        self.target = ""

    def channel(self, identity: GatewayIdentity | None = None) -> grpc.aio.Channel:
        authority = self.pki.authority
        certificate, key = self.pki.gateway.certificate.read_bytes(), self.pki.gateway.key.read_bytes()
        if identity is not None:
            signer = Authority(type(Authority.create(self.now).pair)(authority.read_bytes(), self._authority_key()))
            pair = signer.issue_gateway(identity, self.now)
            certificate, key = pair.certificate, pair.key
        return grpc.aio.secure_channel(
            self.target, grpc.ssl_channel_credentials(authority.read_bytes(), key, certificate)
        )

    def _authority_key(self) -> bytes:
        return self.pki.authority.with_name("ca-key.pem").read_bytes()

    def delivery(self, sequence: int, *numbers: int, gateway: str = "edge", sums: int = 0) -> bytes:
        """Records of these numbers."""
        file = self.folder / "lines"
        file.write_bytes(lines([record(number, gateway=gateway) for number in numbers]))
        chunk = read_chunk(file, 0, gateway)
        message = chunk.message if chunk is not None else Delivery()
        message.sequence = sequence
        message.sums.extend([FoldedSum(node="node", table="t", calls=5)] * sums)
        return message.SerializeToString()


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(keeper_module, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(writer_module, "GATHER_SECONDS", 0.05)
    scene = Scene(tmp_path)
    tls = ServerTls(scene.pki.server.certificate, scene.pki.server.key, scene.pki.authority)
    certificates = Certificates(tls, lambda: scene.now.timestamp())
    server, port = make_server("127.0.0.1:0", certificates, scene.service.handler())
    scene.target = f"localhost:{port}"
    await server.start()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(each.run()) for each in (scene.keeper, scene.writer)]
    await eventually(lambda: not scene.keeper.missing)
    yield scene
    scene.store.gate.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.stop(0)


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def soon(waiting: Awaitable[object]) -> object:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await waiting


async def receipt(call: Call) -> int:
    message = await soon(call.read())
    assert isinstance(message, bytes), await call.details()
    return Receipt.FromString(message).sequence


def deliver(channel: grpc.aio.Channel) -> Call:
    return channel.stream_stream(f"/{SERVICE}/Deliver")()


async def test_a_receipt_comes_when_the_delivery_is_stored_and_not_before(scene: Scene) -> None:
    scene.store.gate.clear()
    async with scene.channel() as channel:
        call = deliver(channel)
        await call.write(scene.delivery(1, 1, 2, sums=1))
        waiting = asyncio.get_running_loop().create_task(receipt(call))
        await eventually(lambda: scene.counters.pending_bytes)
        assert not waiting.done()
        assert scene.store.records == []
        scene.store.gate.set()
        assert await waiting == 1
    assert scene.store.sequences() == [1, 2]
    assert [(gateway, each.calls) for gateway, each in scene.store.sums] == [("edge", 5)]
    assert len(scene.hours) == 1
    assert scene.counters.pending_bytes == 0


async def test_what_comes_again_by_another_stream_is_confirmed_and_not_stored_again(scene: Scene) -> None:
    async with scene.channel() as channel:
        for _ in range(2):
            call = deliver(channel)
            await call.write(scene.delivery(1, 1, 2))
            assert await receipt(call) == 1
    assert scene.store.sequences() == [1, 2]
    assert scene.counters.records_duplicate_total == 2


async def test_many_deliveries_are_written_at_once(scene: Scene) -> None:
    async with scene.channel() as channel:
        call = deliver(channel)
        for sequence in range(1, 11):
            await call.write(scene.delivery(sequence, sequence))
        while await receipt(call) < 10:
            pass
    assert scene.store.sequences() == list(range(1, 11))
    assert scene.store.writes < 10


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        pytest.param(GatewayIdentity("edge", "elsewhere.example"), grpc.StatusCode.UNAUTHENTICATED, id="trust domain"),
        pytest.param(GatewayIdentity("other"), grpc.StatusCode.PERMISSION_DENIED, id="another gateway's records"),
    ],
)
async def test_who_proves_another_gateway_is_refused(
    scene: Scene, identity: GatewayIdentity, code: grpc.StatusCode
) -> None:
    async with scene.channel(identity) as channel:
        call = deliver(channel)
        await call.write(scene.delivery(1, 1))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await soon(call.read())
    assert raised.value.code() is code
    assert scene.store.records == []
    assert scene.counters.refused_streams_total == 1


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Delivery(sequence=2).SerializeToString(), id="a gap"),
        pytest.param(Delivery(sequence=0).SerializeToString(), id="no sequence"),
        pytest.param(b"\xff\xff", id="no message"),
    ],
)
async def test_what_breaks_the_protocol_ends_the_stream(scene: Scene, message: bytes) -> None:
    async with scene.channel() as channel:
        call = deliver(channel)
        await call.write(message)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await soon(call.read())
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_certificate_that_has_ended_ends_the_stream(scene: Scene) -> None:
    async with scene.channel() as channel:
        call = deliver(channel)
        await call.write(scene.delivery(1, 1))
        assert await receipt(call) == 1
        scene.now = scene.now.replace(year=scene.now.year + 2)
        await call.write(scene.delivery(2, 2))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await soon(call.read())
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert scene.store.sequences() == [1]


async def test_what_a_broken_store_does_not_take_is_not_confirmed_and_comes_again(scene: Scene) -> None:
    async with scene.channel() as channel:
        call = deliver(channel)
        scene.store.broken = "not enough space"
        await call.write(scene.delivery(1, 1))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await soon(call.read())
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        assert scene.keeper.missing == "not enough space"
        assert (scene.counters.ready, scene.counters.pending_bytes) == (0, 0)
        with pytest.raises(grpc.aio.AioRpcError, match="nothing can be stored now"):
            await soon(deliver(channel).read())

        scene.store.broken = ""
        await eventually(lambda: not scene.keeper.missing)
        call = deliver(channel)
        await call.write(scene.delivery(1, 1))
        assert await receipt(call) == 1
    assert scene.store.sequences() == [1]
    assert scene.counters.records_duplicate_total == 0


async def test_a_slow_store_makes_senders_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_BYTES", 200_000)
    monkeypatch.setattr(writer_module, "PENDING_BYTES", 400_000)
    scene.store.gate.clear()
    messages = [scene.delivery(n, *range(300 * n, 300 * n + 300)) for n in range(1, 101)]  # some 10 MB
    async with scene.channel() as channel:
        call = deliver(channel)

        async def send() -> None:
            for message in messages:
                await call.write(message)

        sending = asyncio.get_running_loop().create_task(send())
        await eventually(lambda: scene.counters.pending_bytes >= 400_000)
        for _ in range(20):
            await asyncio.sleep(0)
        assert scene.counters.pending_bytes <= 400_000 + 2 * len(messages[0])
        scene.store.gate.set()
        while await receipt(call) < len(messages):
            pass
        await sending
    assert len(scene.store.records) == 300 * len(messages)


async def test_at_the_end_what_has_come_is_stored_and_confirmed(scene: Scene) -> None:
    scene.store.gate.clear()
    async with scene.channel() as channel:
        call = deliver(channel)
        await call.write(scene.delivery(1, 1))
        await eventually(lambda: scene.counters.pending_bytes)
        scene.service.stop()
        scene.store.gate.set()
        assert await receipt(call) == 1
        assert await soon(call.read()) == grpc.aio.EOF
        with pytest.raises(grpc.aio.AioRpcError, match="about to end"):
            await soon(deliver(channel).read())
