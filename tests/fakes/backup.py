"""Backups and restores over stores, for tests: what the API and the leader do, step by step."""

import io
from collections.abc import Sequence
from typing import Any

from config_schemas.canonical import PATH_PREFIX
from control_plane.backup.apply import RestoreDuty
from control_plane.backup.contents import is_resource_key
from control_plane.backup.export import Exporter, Options
from control_plane.backup.restore import Outcome, Restores
from control_plane.distribution.epoch import EPOCH_KEY, Epoch, ensure_epoch, parse_epoch
from control_plane.identity.actor import Actor
from control_plane.identity.tokens import AdminTokens
from control_plane.secrets.sealer import Sealer
from control_plane.store.base import Compare, Put, Store, Unavailable, Write
from control_plane.store.initialise import check_master_key, initialise
from control_plane.store.keys import LEADER_KEY
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import START

SEALER = Sealer({"k1": bytes(32)})


class FailingStore:
    """Fails from the `left`-th transaction on; everything else is passed on."""

    def __init__(self, store: Store, left: int) -> None:
        self._store = store
        self.left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        if self.left == 0:
            raise Unavailable("it fails in this test")
        self.left -= 1
        return await self._store.transact(compares, writes)


async def new_store(sealer: Sealer = SEALER, store: Store | None = None) -> Store:
    """A store as control planes leave it at its beginning."""
    store = store or MemoryStore()
    await check_master_key(store, sealer)
    await ensure_epoch(store, lambda: "first")
    await initialise(store, START)
    return store


async def new_token(store: Store) -> Actor:
    _, info = await AdminTokens(store).create(["admin"], actor=Actor("system/test"))
    return Actor(info.id, frozenset(("admin",)), request_id="req-9")


async def backup_of(store: Store, options: Options | None = None) -> bytes:
    pieces = Exporter(store, SEALER, "1.0.0", lambda: START).pieces(options or Options())
    return b"".join([piece async for piece in pieces])


async def restore(
    store: Store, backup: bytes, actor: Actor, *, accept: bool = False, dry_run: bool = False, sealer: Sealer = SEALER
) -> Outcome:
    """Begin only: `lead` finishes it."""
    restores = Restores(store, sealer, lambda: START)
    return await restores.restore(io.BytesIO(backup), actor, accept=accept, dry_run=dry_run)


async def lead(store: Store) -> None:
    """What the leader does once."""
    entry = await store.get(LEADER_KEY)
    revision = entry.revision if entry else await store.transact([Compare(LEADER_KEY, 0)], [Put(LEADER_KEY, b"cp-1")])
    await RestoreDuty(store).run(Compare(LEADER_KEY, revision))


async def values(store: Store, prefix: str = "") -> dict[str, bytes]:
    """What the store has below a prefix, by key without the store's own."""
    page = await store.list(PATH_PREFIX + prefix)
    return {entry.key.removeprefix(PATH_PREFIX): entry.value for entry in page.entries}


async def resources(store: Store) -> dict[str, bytes]:
    return {key: value for key, value in (await values(store)).items() if is_resource_key(PATH_PREFIX + key)}


async def epoch(store: Store) -> Epoch | None:
    entry = await store.get(EPOCH_KEY)
    return parse_epoch(entry.value) if entry else None
