"""A stream whose certificate is exchanged: it goes on over a connection with the new one, and is lost by none."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest

from control_plane.cli.pki import Authority, GatewayIdentity, KeyPair
from control_plane.store.memory import MemoryStore
from data_plane.agent import renewal
from data_plane.agent.tls_files import TlsFiles
from data_plane.config.certificate import CertificateError
from tests.fakes.distribution import (
    GATEWAY,
    TRUST_DOMAIN,
    Replica,
    TestPki,
    control_plane,
    document,
    eventually,
    gateway,
    tenant,
    write,
)
from tests.fakes.mounted import MountedSecret

MODEL = "acme/Model/chat"


class Mounted:
    """The mounted certificate of a replica whose control plane trusts the authority of `pki`."""

    def __init__(self, pki: TestPki) -> None:
        self.pki = pki
        self.secret = MountedSecret(pki.folder / "replica")
        self.put(self.issue())
        self.files = TlsFiles(
            self.secret / "tls.crt", self.secret / "tls.key", self.secret / "ca.crt", wall_clock=pki.now.timestamp
        )

    def issue(self, by: Authority | None = None, *, age_days: int = 0) -> KeyPair:
        identity = GatewayIdentity(GATEWAY, TRUST_DOMAIN)
        return (by or self.pki.authority).issue_gateway(identity, self.pki.now - timedelta(days=age_days), days=30)

    def put(self, pair: KeyPair, *more: Authority, key: bytes = b"") -> None:
        bundle = b"".join(each.pair.certificate for each in (self.pki.authority, *more))
        self.secret.write(tls_crt=pair.certificate, tls_key=key or pair.key, ca_crt=bundle)


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounted:
    monkeypatch.setattr("data_plane.agent.discovery.POLL_SECONDS", 0.02)
    monkeypatch.setattr(renewal, "READY_SECONDS", 0.3)
    return Mounted(TestPki(tmp_path))


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(store, dict([gateway(), tenant("acme")]) | model("1"))
    return store


def model(text: str) -> dict[str, bytes | None]:
    return {MODEL: document(MODEL, {"description": text})}


async def test_a_new_certificate_is_in_use_without_a_lost_stream(store: MemoryStore, mounted: Mounted) -> None:
    replica = Replica("r1")
    async with control_plane(store, mounted.pki) as cp, replica.running([cp.port], mounted.files):
        await eventually(lambda: MODEL in replica.resources.payloads)
        for number in range(3):
            mounted.put(mounted.issue())
            await eventually(lambda number=number: replica.discovery.counters.renewals == number + 1)  # type: ignore[misc]
            await write(store, model(f"after {number}"))
            await eventually(lambda number=number: f"after {number}".encode() in replica.resources.payloads[MODEL])  # type: ignore[misc]
        assert replica.discovery.counters.failures == 0
        assert cp.service.connected == 1
    assert [list(update.changed) for update in replica.updates[1:]] == [[MODEL]] * 3  # never all anew


def _broken(mounted: Mounted) -> None:
    mounted.put(mounted.issue(), key=mounted.issue().key)


def _of_another_authority(mounted: Mounted) -> None:
    mounted.put(mounted.issue(Authority.create(mounted.pki.now)))


def _ended(mounted: Mounted) -> None:
    mounted.put(mounted.issue(age_days=60))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(_broken, "discovery_certificate_unusable", id="a key of another"),
        pytest.param(_ended, "discovery_certificate_unusable", id="one that has ended"),
        pytest.param(_of_another_authority, "discovery_renewal_failed", id="one that the control plane refuses"),
    ],
)
async def test_what_cannot_be_used_leaves_the_stream_as_it_is(
    store: MemoryStore, mounted: Mounted, caplog: pytest.LogCaptureFixture, spoil: Callable[[Mounted], None], said: str
) -> None:
    replica = Replica("r1")
    async with control_plane(store, mounted.pki) as cp, replica.running([cp.port], mounted.files):
        await eventually(lambda: MODEL in replica.resources.payloads)
        spoil(mounted)
        await eventually(lambda: said in caplog.text)
        await write(store, model("2"))
        await eventually(lambda: b'"2"' in replica.resources.payloads[MODEL])
        assert (replica.discovery.counters.connects, replica.discovery.counters.failures) == (1, 0)
        mounted.put(mounted.issue())
        await eventually(lambda: replica.discovery.counters.renewals == 1)
        assert replica.discovery.counters.failures == 0


async def test_a_stream_ends_when_an_authority_is_gone_from_the_files(store: MemoryStore, mounted: Mounted) -> None:
    replica, other = Replica("r1"), Authority.create(mounted.pki.now)
    mounted.put(mounted.issue(), other)
    async with control_plane(store, mounted.pki) as cp, replica.running([cp.port], mounted.files):
        await eventually(lambda: MODEL in replica.resources.payloads)
        mounted.put(mounted.issue())
        await eventually(lambda: replica.discovery.counters.failures == 1)
        await eventually(lambda: replica.discovery.connected_to is not None)


async def test_an_end_amid_a_renewal_closes_both_connections(mounted: Mounted) -> None:
    """Nothing may be left to warn of."""
    tls = mounted.files.get()
    used = renewal.Connection.to("127.0.0.1:1", tls)
    async with used.channel, renewal.Renewal(mounted.files, used, 0.0) as looking:
        mounted.put(mounted.issue())
        for _ in range(5):
            await asyncio.sleep(0)
        assert looking.take() is None
    assert used.channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN


def test_files_that_were_never_of_use_are_an_error(mounted: Mounted) -> None:
    _broken(mounted)
    with pytest.raises(CertificateError, match="does not belong"):
        mounted.files.get()
    assert (mounted.files.is_broken(), mounted.files.failures, mounted.files.seconds_left()) == (True, 1, [])
    mounted.put(mounted.issue())
    assert "PRIVATE" not in repr(mounted.files.get())
    assert [name for name, _ in mounted.files.seconds_left()] == ["discovery", "discovery-ca"]
    assert round(mounted.files.seconds_left()[0][1] / 86_400) == 30
