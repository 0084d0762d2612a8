"""Certificates of control planes, replicas and etcd that are exchanged while all of it works."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.certificate_watch import CertificateWatch, Watched
from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.cli.pki import Authority, GatewayIdentity
from control_plane.distribution import service
from control_plane.distribution.distribution import Distribution, DistributionOptions
from control_plane.distribution.epoch import ensure_epoch
from control_plane.distribution.server import ServerTls
from control_plane.distribution.service import ServiceOptions
from control_plane.etcd import endpoints
from control_plane.etcd.client import EtcdClient
from control_plane.etcd.methods import RANGE, TRANSACT
from control_plane.etcd.settings import EtcdSettings
from control_plane.etcd.watch import KeyRange, watch
from control_plane.store.memory import MemoryStore
from data_plane.agent.tls_files import TlsFiles
from tests.fakes.distribution import (
    GATEWAY,
    TRUST_DOMAIN,
    Replica,
    TestPki,
    clock,
    document,
    eventually,
    gateway,
    running,
    tenant,
    unseal,
    write,
)
from tests.fakes.etcd_cluster import EtcdCluster
from tests.fakes.mounted import MountedSecret

MODEL = "acme/Model/chat"
POLL_SECONDS = 0.02


def model(text: str) -> dict[str, bytes | None]:
    return {MODEL: document(MODEL, {"description": text})}


class Sides:
    """The mounted Secrets of a control plane and of a replica, as cert-manager fills them."""

    def __init__(self, folder: Path, pki: TestPki) -> None:
        self.pki = pki
        self.server, self.replica = MountedSecret(folder / "cp"), MountedSecret(folder / "dp")
        self.both = (self.server, self.replica)
        self.put(self.server, pki.authority, pki.authority)
        self.put(self.replica, pki.authority, pki.authority)

    def put(self, secret: MountedSecret, by: Authority, *trusted: Authority) -> None:
        """A new certificate of this authority, and the authorities to trust."""
        if secret is self.server:
            pair = by.issue_server(["127.0.0.1"], self.pki.now)
        else:
            pair = by.issue_gateway(GatewayIdentity(GATEWAY, TRUST_DOMAIN), self.pki.now)
        bundle = b"".join(each.pair.certificate for each in trusted)
        secret.write(tls_crt=pair.certificate, tls_key=pair.key, ca_crt=bundle)

    @property
    def server_tls(self) -> ServerTls:
        return ServerTls(self.server / "tls.crt", self.server / "tls.key", self.server / "ca.crt")

    @property
    def replica_tls(self) -> TlsFiles:
        return TlsFiles(self.replica / "tls.crt", self.replica / "tls.key", self.replica / "ca.crt")


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sides:
    monkeypatch.setattr("data_plane.agent.discovery.POLL_SECONDS", POLL_SECONDS)
    monkeypatch.setattr(service, "LONGEST_SLEEP_SECONDS", POLL_SECONDS)
    return Sides(tmp_path, TestPki(tmp_path))


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(store, dict([gateway(), tenant("acme")]) | model("0"))
    await ensure_epoch(store, lambda: "epoch")
    return store


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def started(store: MemoryStore, sides: Sides, wall_clock: Clock) -> tuple[Distribution, CertificateWatch]:
    options = ServiceOptions("cp-1", TRUST_DOMAIN, clock, wall_clock)
    distribution = Distribution(store, unseal, DistributionOptions(options, "127.0.0.1:0", sides.server_tls))
    await distribution.start()
    watched = Watched(distribution.certificates.files, distribution.on_certificates)
    return distribution, CertificateWatch([watched], POLL_SECONDS, wall_clock)


async def test_an_authority_is_exchanged_step_by_step_while_changes_go_on_arriving(
    store: MemoryStore, sides: Sides
) -> None:
    old, new = sides.pki.authority, Authority.create(sides.pki.now)
    cp, certificates = await started(store, sides, Clock(sides.pki.now.timestamp()))
    replica = Replica("r1")
    async with running(cp.run(), certificates.run()), replica.running([cp.port], sides.replica_tls):
        await eventually(lambda: MODEL in replica.resources.payloads)
        counters, number = replica.discovery.counters, 0
        for authority, trusted in ((old, (old, new)), (new, (old, new)), (new, (new,))):
            for secret in sides.both:
                sides.put(secret, authority, *trusted)
                # Each side may be the first to know: what is the other's is still trusted.
                number += 1
                await write(store, model(f"step {number}"))
                await eventually(lambda: f"step {number}".encode() in replica.resources.payloads[MODEL])  # noqa: B023
            if len(trusted) == 2:
                renewals = counters.renewals
                await eventually(lambda: counters.renewals > 0)
                assert counters.failures == 0, renewals
        # The old authority proves nobody any more: streams have begun anew, by the new one.
        await eventually(lambda: cp.certificates.files.current.authorities == sides.replica_tls.get().authorities)
        await eventually(lambda: counters.failures >= 1 and replica.discovery.connected_to is not None)
        await write(store, model("done"))
        await eventually(lambda: b'"done"' in replica.resources.payloads[MODEL])
        assert cp.certificates.files.failures == 0
    assert [list(update.changed) for update in replica.updates[1:]] == [[MODEL]] * (number + 1)


async def test_who_is_proved_only_by_an_authority_that_is_gone_comes_in_no_more(
    store: MemoryStore, sides: Sides
) -> None:
    cp, certificates = await started(store, sides, Clock(sides.pki.now.timestamp()))
    replica, new = Replica("r1"), Authority.create(sides.pki.now)
    async with running(cp.run(), certificates.run()), replica.running([cp.port], sides.replica_tls):
        await eventually(lambda: cp.service.connected == 1)
        sides.put(sides.server, sides.pki.authority, new)
        await eventually(lambda: replica.discovery.counters.failures > 2)
        assert cp.service.connected == 0


async def test_a_stream_ends_with_the_certificate_that_opened_it(store: MemoryStore, sides: Sides) -> None:
    wall_clock = Clock(sides.pki.now.timestamp())
    cp, _ = await started(store, sides, wall_clock)
    replica = Replica("r1")
    async with running(cp.run()), replica.running([cp.port], sides.replica_tls):
        await eventually(lambda: cp.service.connected == 1)
        assert cp.service.counters.ended_certificates == 0
        wall_clock.now += timedelta(days=366).total_seconds()
        await eventually(lambda: cp.service.counters.ended_certificates > 0)
        await eventually(lambda: replica.discovery.counters.failures > 0)


async def test_etcd_is_asked_on_over_new_connections_and_watches_go_on(
    etcd_binary: EtcdBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "RETIRE_SECONDS", 0.5)
    old, new = trustme.CA(), trustme.CA()
    cluster = EtcdCluster(etcd_binary, tmp_path / "etcd", tls=True)
    member, client = MountedSecret(tmp_path / "member"), MountedSecret(tmp_path / "client")

    def put(secret: MountedSecret, by: trustme.CA, *trusted: trustme.CA) -> None:
        issued = by.issue_cert("127.0.0.1", "localhost")
        bundle = b"".join(each.cert_pem.bytes() for each in trusted)
        chain, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
        secret.write(tls_crt=chain, tls_key=key, ca_crt=bundle)

    put(member, old, old, new)  # etcd reads the authorities of clients only when it starts
    put(client, old, old)
    assert cluster.tls is not None
    for name, file in (
        ("ca.crt", cluster.tls.ca_file),
        ("tls.crt", cluster.tls.cert_file),
        ("tls.key", cluster.tls.key_file),
    ):
        file.unlink()
        file.symlink_to(member / name)
    async with cluster:
        settings = EtcdSettings(cluster.endpoints, client / "ca.crt", client / "tls.crt", client / "tls.key")
        etcd = EtcdClient(settings)
        assert etcd.certificate_files is not None
        watch_ = CertificateWatch(
            [Watched(etcd.certificate_files, lambda _, after: etcd.renew(after))], POLL_SECONDS, lambda: 0.0
        )
        seen: list[bytes] = []

        async def follow() -> None:
            async for changes in watch(etcd, KeyRange(b"/a", b"/b"), start_revision=1):
                seen.extend(event.kv.value for event in changes.events)

        async def change(text: str) -> None:
            put_request = pb.PutRequest(key=b"/a", value=text.encode())
            await etcd.call(TRANSACT, pb.TxnRequest(success=[pb.RequestOp(request_put=put_request)]), once=True)
            await eventually(lambda: seen[-1:] == [text.encode()])

        async with running(follow(), watch_.run()):
            await change("first")
            steps = [(client, old, (old, new)), (member, new, (old, new)), (client, new, (new,))]
            for number, (secret, by, trusted) in enumerate(steps, start=1):
                put(secret, by, *trusted)
                if secret is client:
                    await eventually(lambda number=number: etcd.certificate_files.reloads >= number // 2 + 1)  # type: ignore[misc]
                await change(f"after {number}")
                await asyncio.sleep(0.6)  # what rests on connections before is cut off by then
                await change(f"long after {number}")
            assert [each.decode() for each in seen] == [
                "first",
                *(f"{when} {number}" for number in (1, 2, 3) for when in ("after", "long after")),
            ]
            assert (await etcd.call(RANGE, pb.RangeRequest(key=b"/a"))).kvs[0].value == b"long after 3"
        await etcd.close()
