"""The stream's keeper: which control plane, when again, and what ends it. Against scripted servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import grpc
import grpc.aio
import pytest
from isthmus.discovery.v1 import discovery_pb2 as pb

from data_plane.agent import discovery
from data_plane.agent.discovery import Discovery
from data_plane.agent.tls_files import TlsFiles
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import Payload, Position, ResourceSet
from data_plane.config.subscriber import ConfigUpdate, Identity, Subscriber
from tests.fakes.distribution import TestPki, eventually, running

Context = grpc.aio.ServicerContext
Script = Callable[[Context[bytes, bytes]], Awaitable[None]]
RESOURCES = {"t/Model/a": b"1"}


def message(**fields: object) -> bytes:
    return pb.ControlPlaneMessage(**fields).SerializeToString()  # type: ignore[arg-type]


def update(revision: int = 1) -> bytes:
    made = ResourceSet()
    made.apply({path: Payload.of(path, payload) for path, payload in RESOURCES.items()}, Position())
    changed = [pb.Resource(path=path, payload=payload) for path, payload in RESOURCES.items()]
    return message(update=pb.Update(revision=revision, changed=changed, content_hash=made.content_hash))


class Server:
    """A control plane that follows a script on each stream, the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.hellos: list[pb.Hello] = []
        self.answers: list[pb.NodeMessage] = []
        self.port = 0

    async def serve(self, requests: object, context: Context[bytes, bytes]) -> None:
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.hellos.append(pb.NodeMessage.FromString(await context.read()).hello)
        await script(context)

    async def update(self, context: Context[bytes, bytes]) -> None:
        await context.write(message(welcome=pb.Welcome(epoch="first")))
        await context.write(update())
        self.answers.append(pb.NodeMessage.FromString(await context.read()))
        await context.read()

    @contextlib.asynccontextmanager
    async def running(self, pki: TestPki) -> AsyncIterator["Server"]:
        server = grpc.aio.server()
        method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(self.serve)
        service = "isthmus.discovery.v1.ConfigDiscovery"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Stream": method}),))
        pair = (pki.server.key.read_bytes(), pki.server.certificate.read_bytes())
        credentials = grpc.ssl_server_credentials([pair], pki.authority_file.read_bytes(), require_client_auth=True)
        self.port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        try:
            yield self
        finally:
            await server.stop(None)


async def accept(update: ConfigUpdate) -> Sequence[Rejection]:
    return ()


def client(
    tls: TlsFiles,
    *ports: int,
    apply: discovery.ApplyUpdate = accept,
    on_accepted: Callable[[ResourceSet], None] = lambda resources: None,
    uniform: Callable[[float, float], float] = lambda low, high: 0.0,
) -> Discovery:
    return Discovery(
        Subscriber(Identity("n1", "edge", 1), ResourceSet()),
        [f"127.0.0.1:{port}" for port in ports],
        tls,
        apply=apply,
        on_accepted=on_accepted,
        uniform=uniform,
    )


@pytest.fixture
def pki(tmp_path: Path) -> TestPki:
    return TestPki(tmp_path)


async def abort(context: Context[bytes, bytes]) -> None:
    await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


async def end(context: Context[bytes, bytes]) -> None:
    await context.write(message(welcome=pb.Welcome(epoch="first")))


async def talk_nonsense(context: Context[bytes, bytes]) -> None:
    await context.write(b"\xff")
    await context.read()


async def test_what_is_accepted_is_acked_and_kept(pki: TestPki) -> None:
    server = Server()
    server.scripts.append(server.update)
    kept: list[dict[str, bytes]] = []
    async with server.running(pki):
        node = client(pki.gateway(), server.port, on_accepted=lambda resources: kept.append(dict(resources.payloads)))
        async with running(node.run()):
            await eventually(lambda: bool(server.answers))
            assert node.connected_to == f"127.0.0.1:{server.port}"
    assert server.answers[0].ack.revision == 1
    assert kept == [RESOURCES]
    assert (node.counters.accepted, node.counters.rejected) == (1, 0)


async def test_what_is_rejected_is_nacked_and_not_kept(pki: TestPki) -> None:
    server = Server()
    server.scripts.append(server.update)

    async def reject(update: ConfigUpdate) -> Sequence[Rejection]:
        return [Rejection("t/Model/a", "bad")]

    async with server.running(pki):
        node = client(pki.gateway(), server.port, apply=reject, on_accepted=lambda resources: pytest.fail("kept"))
        async with running(node.run()):
            await eventually(lambda: bool(server.answers))
    assert [(each.path, each.reason) for each in server.answers[0].nack.rejected] == [("t/Model/a", "bad")]
    assert node.counters.rejected == 1


@pytest.mark.parametrize("fault", [abort, end, talk_nonsense])
async def test_a_lost_stream_is_begun_again(pki: TestPki, fault: Script) -> None:
    server = Server(fault, fault)
    server.scripts.append(server.update)
    async with server.running(pki):
        node = client(pki.gateway(), server.port)
        async with running(node.run()):
            await eventually(lambda: bool(server.answers))
    assert len(server.hellos) == 3
    assert node.counters.failures == 2


async def test_control_planes_are_tried_in_turn(pki: TestPki) -> None:
    bad, good = Server(abort), Server()
    good.scripts.append(good.update)
    async with bad.running(pki), good.running(pki):
        node = client(pki.gateway(), bad.port, good.port)
        async with running(node.run()):
            await eventually(lambda: bool(good.answers))
    assert (len(bad.hellos), len(good.hellos)) == (1, 1)


async def test_waits_grow_and_are_drawn_from_nothing_to_a_cap(pki: TestPki) -> None:
    drawn: list[float] = []

    def uniform(low: float, high: float) -> float:
        drawn.append(high)
        return low

    server = Server(abort)
    async with server.running(pki):
        node = client(pki.gateway(), server.port, uniform=uniform)
        async with running(node.run()):
            await eventually(lambda: len(drawn) > 10)
    assert drawn[1:5] == [0.2, 0.4, 0.8, 1.6]  # the first drew where to begin
    assert max(drawn) == discovery.MAX_WAIT_SECONDS


async def test_a_control_plane_that_says_nothing_is_left(pki: TestPki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "CALL_SECONDS", 0.3)

    async def say_nothing(context: Context[bytes, bytes]) -> None:
        await context.read()

    server = Server(say_nothing)
    async with server.running(pki):
        node = client(pki.gateway(), server.port)
        async with running(node.run()):
            await eventually(lambda: len(server.hellos) == 2)
    assert node.connected_to is None


async def test_a_control_plane_of_another_authority_is_not_believed(pki: TestPki, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    server = Server()
    server.scripts.append(server.update)
    async with server.running(TestPki(folder)):
        node = client(pki.gateway(), server.port)
        async with running(node.run()):
            await eventually(lambda: node.counters.failures > 2)
    assert not server.hellos


async def test_unreadable_certificates_are_no_end(pki: TestPki) -> None:
    server = Server()
    server.scripts.append(server.update)
    tls = pki.gateway()
    key = tls.key.read_bytes()
    tls.key.unlink()
    async with server.running(pki):
        node = client(tls, server.port, uniform=lambda low, high: 0.01)
        async with running(node.run()):
            await eventually(lambda: node.counters.failures > 2)
            tls.key.write_bytes(key)
            await eventually(lambda: bool(server.answers))


async def test_what_apply_raises_ends_it(pki: TestPki) -> None:
    server = Server()
    server.scripts.append(server.update)

    async def fail(update: ConfigUpdate) -> Sequence[Rejection]:
        raise LookupError("a bug")

    async with server.running(pki):
        with pytest.raises(LookupError):
            await asyncio.wait_for(client(pki.gateway(), server.port, apply=fail).run(), 10)


async def test_another_epoch_keeps_the_stream_and_says_so(pki: TestPki, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(end)

    async def stay(context: Context[bytes, bytes]) -> None:
        await context.write(message(welcome=pb.Welcome(epoch="second")))
        await context.read()

    server.scripts = [server.update, stay]
    async with server.running(pki):
        node = client(pki.gateway(), server.port)
        async with running(node.run()):
            await eventually(lambda: bool(server.answers))
        async with running(node.run()):
            await eventually(lambda: node.counters.refused_epochs == 1)
            assert node.connected_to is not None
    assert "discovery_epoch_refused" in caplog.text
