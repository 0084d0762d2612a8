"""Resources, a sealer and one or several control planes with replicas, for tests of configuration distribution."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config_schemas.canonical import PATH_PREFIX, encode
from control_plane.cli.pki import Authority, GatewayIdentity, KeyPair
from control_plane.distribution.distribution import Distribution, DistributionOptions
from control_plane.distribution.epoch import ensure_epoch
from control_plane.distribution.item import Unreadable
from control_plane.distribution.server import ServerTls
from control_plane.distribution.service import ServiceOptions
from control_plane.store.base import Compare, Delete, Put, Store
from data_plane.agent.discovery import Discovery
from data_plane.agent.tls_files import TlsFiles
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import ConfigUpdate, Identity, Subscriber

TRUST_DOMAIN = "test.example"
GATEWAY = "edge"
DEADLINE_SECONDS = 10.0
POLL_SECONDS = 0.005


def document(path: str, spec: Mapping[str, object] | None = None, labels: Mapping[str, str] | None = None) -> bytes:
    """A resource in canonical bytes."""
    tenant, kind, name = path.split("/")
    metadata: dict[str, object] = {"name": name, "tenant": tenant}
    if labels:
        metadata["labels"] = dict(labels)
    return encode({"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": dict(spec or {})})


def tenant(name: str, **labels: str) -> tuple[str, bytes]:
    path = f"platform/Tenant/{name}"
    return path, document(path, labels=labels)


def gateway(name: str = GATEWAY, **labels: str) -> tuple[str, bytes]:
    """A Gateway that selects tenants with these labels."""
    path = f"platform/Gateway/{name}"
    return path, document(path, {"tenants": {"matchLabels": labels}} if labels else {})


def secret(path: str, sealed: str) -> tuple[str, bytes]:
    return path, document(path, {"data": {"value": sealed}})


def seal(plain: str, key: str = "k1") -> str:
    """`unseal` opens it; the same value under another key gives other bytes."""
    return f"sealed:v1:{key}:{plain[::-1]}"


def unseal(path: str, payload: bytes) -> bytes:
    """Opens what `seal` made; knows the keys `k1` and `k2`."""
    opened = json.loads(payload)
    for name, value in opened["spec"]["data"].items():
        prefix, version, key, text = value.split(":", 3)
        if (prefix, version) != ("sealed", "v1") or key not in ("k1", "k2"):
            raise Unreadable(f"`{path}`: key '{key}' is not known")
        opened["spec"]["data"][name] = text[::-1]
    return encode(opened)


async def write(store: Store, changes: Mapping[str, bytes | None]) -> int:
    """Put or, where None, delete resources in one revision, whatever is there."""
    compares, writes = [], []
    for path, payload in changes.items():
        key = PATH_PREFIX + path
        entry = await store.get(key)
        compares.append(Compare(key, entry.revision if entry else 0))
        writes.append(Delete(key) if payload is None else Put(key, payload))
    return await store.transact(compares, writes)


async def eventually(condition: Callable[[], bool], what: str = "") -> None:
    """Wait until it holds; an error after the deadline."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(what or "it did not come to hold") from None


def clock() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def write_pair(folder: Path, name: str, pair: KeyPair) -> tuple[Path, Path]:
    """Returns the files of certificate and key."""
    files = folder / f"{name}.pem", folder / f"{name}-key.pem"
    for file, content in zip(files, (pair.certificate, pair.key), strict=True):
        file.write_bytes(content)
    return files


class TestPki:
    """An authority with a server certificate, and certificates for replicas as asked."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime.now(UTC)
        self.authority = Authority.create(self.now)
        self.authority_file = folder / "ca.pem"
        self.authority_file.write_bytes(self.authority.pair.certificate)
        pair = self.authority.issue_server(["localhost", "127.0.0.1"], self.now)
        self.server = ServerTls(*write_pair(folder, "server", pair), self.authority_file)

    def gateway(
        self, name: str = GATEWAY, *, by: Authority | None = None, trust_domain: str = TRUST_DOMAIN, age_days: int = 0
    ) -> TlsFiles:
        identity = GatewayIdentity(name, trust_domain)
        pair = (by or self.authority).issue_gateway(identity, self.now - timedelta(days=age_days), days=30)
        return TlsFiles(*write_pair(self.folder, f"{name}-{age_days}-{id(by)}", pair), self.authority_file)


Check = Callable[[str, bytes], str | None]


@dataclass
class Replica:
    """A replica's agent as far as configuration goes. `check` says why a resource is refused, `renames` misnames it."""

    name: str
    check: Check = lambda path, payload: None
    resources: ResourceSet = field(default_factory=ResourceSet)
    updates: list[ConfigUpdate] = field(default_factory=list)
    renames: Mapping[str, str] = field(default_factory=dict)
    discovery: Discovery = field(init=False)  # while it runs

    async def apply(self, update: ConfigUpdate) -> Sequence[Rejection]:
        reasons = {path: self.check(path, payload) for path, payload in update.changed.items()}
        self.updates.append(update)
        return [Rejection(self.renames.get(path, path), reason) for path, reason in reasons.items() if reason]

    @contextlib.asynccontextmanager
    async def running(self, ports: Sequence[int], tls: TlsFiles, gateway: str = GATEWAY) -> AsyncIterator["Replica"]:
        subscriber = Subscriber(Identity(self.name, gateway, 1), self.resources)
        self.discovery = Discovery(
            subscriber,
            [f"127.0.0.1:{port}" for port in ports],
            tls,
            apply=self.apply,
            on_accepted=lambda resources: None,
            uniform=random.Random(self.name).uniform,
        )
        async with running(self.discovery.run()):
            yield self


@contextlib.asynccontextmanager
async def running(*coroutines: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    """Runs them beside the block; what ends one of them early fails the test."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@contextlib.asynccontextmanager
async def control_plane(
    store: Store, pki: TestPki, *, name: str = "cp-1", port: int = 0, reconcile_seconds: float = 30.0
) -> AsyncIterator[Distribution]:
    """One control plane's distribution, on a port of loopback."""
    await ensure_epoch(store, lambda: f"epoch-of-{name}")
    distribution = Distribution(
        store,
        unseal,
        DistributionOptions(
            ServiceOptions(name, TRUST_DOMAIN, clock), f"127.0.0.1:{port}", pki.server, reconcile_seconds
        ),
    )
    await distribution.start()
    async with running(distribution.run()):
        yield distribution
