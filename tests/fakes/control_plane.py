"""The control plane's core services over a store, started, for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_plane.etcd.settings import EtcdSettings
from control_plane.identity.actor import Actor
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Store
from control_plane.store.changes import Action, Change, WriteResult
from control_plane.store.etcd import EtcdStore
from control_plane.store.index import Index
from control_plane.store.initialise import initialise
from control_plane.store.memory import MemoryStore
from control_plane.store.resources import Resources
from control_plane.store.writer import Writer
from tests.fakes.etcd_cluster import EtcdCluster

ACTOR = Actor("admin-1", frozenset(("admin",)), request_id="req-1")
HASH = "sha256:" + "0" * 64
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """A wall clock that moves when told."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Services that share a store."""

    store: Store
    sealer: Sealer
    index: Index
    resources: Resources
    clock: Clock

    async def apply(self, *documents: dict[str, Any], actor: Actor = ACTOR) -> WriteResult:
        return await self.resources.write([change(document) for document in documents], actor=actor)

    async def delete(self, kind: str, name: str, tenant: str = "default") -> WriteResult:
        return await self.resources.write([Change(Action.DELETE, kind, tenant, name)], actor=ACTOR)


def store_for(request: pytest.FixtureRequest) -> Store:
    """The store that a fixture's parameter names, empty: `memory`, or `etcd` for a real one."""
    if request.param == "memory":
        return MemoryStore()
    cluster: EtcdCluster = request.getfixturevalue("etcd")
    return EtcdStore(EtcdSettings(cluster.endpoints))


@asynccontextmanager
async def control_plane(store: Store, sealer: Sealer | None = None) -> AsyncIterator[ControlPlane]:
    """Services over an initialised store; what they follow ends with the block."""
    await initialise(store, START)
    sealer, index, clock = sealer or Sealer({"k1": bytes(32)}), Index(store), Clock()
    await index.start()
    follower = asyncio.get_running_loop().create_task(index.run())
    try:
        writer = Writer(store, index, sealer, now=clock)
        yield ControlPlane(store, sealer, index, Resources(store, sealer, writer), clock)
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower


def change(document: dict[str, Any], action: Action = Action.APPLY, **options: Any) -> Change:
    metadata = document["metadata"]
    return Change(action, document["kind"], metadata.get("tenant", "default"), metadata["name"], document, **options)


def document(kind: str, name: str, spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    tenant = "platform" if kind in ("Tenant", "Gateway") else "default"
    return {
        "apiVersion": "isthmus.dev/v1",
        "kind": kind,
        "metadata": {"tenant": tenant, "name": name, **metadata},
        "spec": spec or {},
    }


def provider(name: str = "openai", **spec: Any) -> dict[str, Any]:
    return document("Provider", name, {"type": "OpenAI", "auth": {"type": "None"}, **spec})


def model(name: str = "chat", provider: str = "openai", **spec: Any) -> dict[str, Any]:
    versions = [{"name": "v1", "targets": [{"providerRef": {"name": provider}}]}]
    return document("Model", name, {"versions": versions, **spec})


def route(name: str = "all", **spec: Any) -> dict[str, Any]:
    return document("Route", name, {"models": {"matchLabels": {}}, **spec})


def secret(name: str = "keys", **data: str) -> dict[str, Any]:
    return document("Secret", name, {"data": data or {"value": "sk-plain-text"}})


def credential(name: str, hash: str = HASH, application: str = "app") -> dict[str, Any]:
    return document("Credential", name, {"applicationRef": {"name": application}, "hash": hash})
