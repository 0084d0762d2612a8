"""Two control planes, etcd and a replica whose certificates and authorities are all exchanged while traffic runs."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import trustme

from control_plane.cli.client import Access, Client
from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.cli.pki import LOOPBACK, Authority, GatewayIdentity, KeyPair, KeyPairFiles, Pki
from control_plane.etcd.endpoints import RETIRE_SECONDS
from tests.fakes.etcd_cluster import EtcdCluster
from tests.fakes.fleet import GATEWAY, ControlPlane, Fleet, FleetReplica, Json, document
from tests.fakes.mounted import MountedSecret
from tests.fakes.open_load import OpenLoad, Target

POLL_SECONDS = 0.5
FIRST_SECONDS = 30.0  # after which the first certificates have ended
RATE = 50.0  # calls a second
PING = b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def ending_in(seconds: float) -> datetime:
    """When to have issued a certificate of 30 days that ends so soon."""
    return datetime.now(UTC) - timedelta(days=30) + timedelta(seconds=seconds)


class Secured(ControlPlane):
    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"


class RotatingFleet(Fleet):
    """All files are mounted as Kubernetes mounts them. `trusted` are the authorities in every bundle."""

    def __init__(self, binary: EtcdBinary, folder: Path) -> None:
        super().__init__(binary, folder, etcd=1, control_planes=0, replicas=0)
        self.server, self.gateway = MountedSecret(folder / "m-server"), MountedSecret(folder / "m-gateway")
        self.member, self.client = MountedSecret(folder / "m-member"), MountedSecret(folder / "m-client")
        self.pki = Pki(
            self.server / "ca.crt",
            KeyPairFiles(self.server / "tls.crt", self.server / "tls.key"),
            KeyPairFiles(self.gateway / "tls.crt", self.gateway / "tls.key"),
        )
        self.old, self.new = Authority.create(datetime.now(UTC)), Authority.create(datetime.now(UTC))
        self.etcd_old, self.etcd_new = trustme.CA(), trustme.CA()
        issued = ending_in(FIRST_SECONDS)
        self.issue(self.server, self.old, self.old, issued=issued)
        self.issue(self.gateway, self.old, self.old, issued=issued)
        # etcd reads the authorities of its clients only when it starts: both are there from the beginning.
        self.issue_etcd(self.member, self.etcd_old, self.etcd_old, self.etcd_new)
        self.issue_etcd(
            self.client, self.etcd_old, self.etcd_old, ends=datetime.now() + timedelta(seconds=FIRST_SECONDS)
        )
        self.etcd = EtcdCluster(binary, folder / "secured-etcd", tls=True)
        assert self.etcd.tls is not None
        for name, file in zip(
            ("ca.crt", "tls.crt", "tls.key"),
            (self.etcd.tls.ca_file, self.etcd.tls.cert_file, self.etcd.tls.key_file),
            strict=True,
        ):
            file.unlink()
            file.symlink_to(self.member / name)
        files = {"etcd-ca": "ca.crt", "etcd-cert": "tls.crt", "etcd-key": "tls.key"}
        arguments = (
            *self._control_plane_arguments(folder / "master-keys"),
            *(part for flag, name in files.items() for part in (f"--{flag}", str(self.client / name))),
            *("--tls-cert", str(self.server / "tls.crt"), "--tls-key", str(self.server / "tls.key")),
            *("--certificate-poll-seconds", str(POLL_SECONDS)),
        )
        self.control_planes = [Secured(folder, f"cp-{number}", arguments) for number in (1, 2)]
        # The replica has a bundle of its own.
        replica = FleetReplica(_with_authority(self, self.gateway / "ca.crt"), 1, folder / "last-good-keys")
        replica._connected = (*replica._connected, "--certificate-poll-seconds", str(POLL_SECONDS))
        self.replicas = [replica]

    def issue(
        self, secret: MountedSecret, by: Authority, *trusted: Authority, issued: datetime | None = None
    ) -> KeyPair:
        now = issued or datetime.now(UTC)
        if secret is self.server:
            pair = by.issue_server(LOOPBACK, now, days=30)
        else:
            pair = by.issue_gateway(GatewayIdentity(GATEWAY), now, days=30)
        bundle = b"".join(each.pair.certificate for each in trusted)
        secret.write(tls_crt=pair.certificate, tls_key=pair.key, ca_crt=bundle)
        return pair

    def issue_etcd(
        self, secret: MountedSecret, by: trustme.CA, *trusted: trustme.CA, ends: datetime | None = None
    ) -> None:
        issued = by.issue_cert("127.0.0.1", "localhost", not_after=ends)
        bundle = b"".join(each.cert_pem.bytes() for each in trusted)
        chain, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
        secret.write(tls_crt=chain, tls_key=key, ca_crt=bundle)

    async def call(self, method: str, path: str, body: object = None, *, through: int = 0) -> Json:
        access = Access(
            self.control_planes[through].url, self._token_file.read_text().strip(), str(self.gateway / "ca.crt")
        )
        async with Client(access, timeout_seconds=10.0) as client:
            return await client.request(method, path, body=body)

    async def metric(self, index: int, text: str) -> float:
        """A control plane's gauge or counter, by its name with its labels."""
        url = f"http://127.0.0.1:{self.control_planes[index].health_port}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            lines = (await answer.text()).splitlines()
        return next(float(line.removeprefix(text)) for line in lines if line.startswith(f"{text} "))

    async def use(self, certificate: str, count: int) -> None:
        """Wait until both control planes have taken so many new sets of files of a use."""
        name = f'isthmus_certificate_reloads_total{{certificate="{certificate}"}}'

        async def are_used() -> bool:
            return all([await self.metric(index, name) >= count for index in (0, 1)])

        await self.until(are_used, f"{certificate} is not in use")


def _with_authority(fleet: RotatingFleet, authority: Path) -> Fleet:
    class View:
        folder, control_planes, pki = fleet.folder, fleet.control_planes, replace(fleet.pki, authority=authority)

    return View()  # type: ignore[return-value]  # what a replica's flags are made of


@pytest.fixture
async def rotating(etcd_binary: EtcdBinary, tmp_path: Path) -> AsyncIterator[RotatingFleet]:
    fleet = RotatingFleet(etcd_binary, tmp_path)
    try:
        fleet.spawn()
        await fleet.wait_ready()
        yield fleet
    finally:
        fleet.end()


def answering(text: str) -> Json:
    spec = {
        "matches": [{"path": {"value": "/ping"}}],
        "authentication": {"methods": ["Anonymous"]},
        "respond": {"body": text},
    }
    return document("default/Route/ping", spec)


@pytest.mark.long
async def test_everything_is_exchanged_and_nothing_fails(rotating: RotatingFleet) -> None:
    fleet, began = rotating, time.monotonic()
    replica = fleet.replicas[0]
    await fleet.apply(answering("0"))
    changes = 0

    async def change() -> None:
        nonlocal changes
        changes += 1
        await fleet.apply(answering(str(changes)))

    old, new, etcd_old, etcd_new = fleet.old, fleet.new, fleet.etcd_old, fleet.etcd_new
    async with OpenLoad([Target(replica.port)], RATE, [PING]) as load:
        await change()
        # Leaves, by the same authorities.
        fleet.issue_etcd(fleet.client, etcd_old, etcd_old)
        fleet.issue(fleet.server, old, old)
        await fleet.use("api", 1)
        await fleet.use("discovery", 1)
        await fleet.use("etcd", 1)
        await change()
        fleet.issue(fleet.gateway, old, old)
        await replica.until_metric("isthmus_discovery_renewals_total", 1)
        await change()
        # The authorities: both are trusted, then leaves of the new one, then the old one goes.
        for step, (by, etcd_by, trusted, etcd_trusted) in enumerate(
            [
                (old, etcd_old, (old, new), (etcd_old, etcd_new)),
                (new, etcd_new, (old, new), (etcd_old, etcd_new)),
                (new, etcd_new, (new,), (etcd_new,)),
            ],
            start=2,
        ):
            if step == 3:
                fleet.issue_etcd(fleet.member, etcd_new, etcd_old, etcd_new)
            fleet.issue_etcd(fleet.client, etcd_by, *etcd_trusted)
            fleet.issue(fleet.server, by, *trusted)
            fleet.issue(fleet.gateway, by, *trusted)
            await fleet.use("api", step)
            await fleet.use("etcd", step)
            await change()
        # What was there first has ended, and what rested on it has gone on.
        await asyncio.sleep(max(0.0, began + FIRST_SECONDS + RETIRE_SECONDS - time.monotonic()))
        await change()
        for index in (0, 1):
            for name in ("api", "discovery", "etcd"):
                left = await fleet.metric(index, f'isthmus_certificate_expiry_seconds{{certificate="{name}"}}')
                assert left > 3600, name
                failures = f'isthmus_certificate_reload_failures_total{{certificate="{name}"}}'
                assert await fleet.metric(index, failures) == 0
        await load.more(20)
    assert load.failures == []
    assert len(load.calls) > 1000
    assert await replica.metric("isthmus_certificate_reload_failures_total") == 0
    assert "store_unreachable" not in "".join(each.log_file.read_text() for each in fleet.control_planes)
