"""The store's epoch: minted when the store is initialised or restored, so that replicas notice another store."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from config_schemas.canonical import PATH_PREFIX
from control_plane.store.base import Compare, Conflict, Put, Store

EPOCH_KEY = f"{PATH_PREFIX}_system/epoch"


@dataclass(frozen=True, slots=True)
class Epoch:
    """`accept`: an operator has said that replicas of another epoch shall take this store's configuration."""

    name: str
    accept: bool = False


def encode_epoch(epoch: Epoch) -> bytes:
    return json.dumps({"epoch": epoch.name, "accept": epoch.accept}).encode()


def parse_epoch(value: bytes) -> Epoch | None:
    """None: the record cannot be read."""
    try:
        match json.loads(value):
            case {"epoch": str(name), **rest} if name:
                return Epoch(name, rest.get("accept") is True)
    except ValueError:
        pass
    return None


async def ensure_epoch(store: Store, mint: Callable[[], str]) -> None:
    """Give the store an epoch if it has none; of several control planes, one wins."""
    if await store.get(EPOCH_KEY) is not None:
        return
    try:
        await store.transact([Compare(EPOCH_KEY, 0)], [Put(EPOCH_KEY, encode_epoch(Epoch(mint())))])
    except Conflict:
        return  # another control plane was faster


async def announce_epoch(store: Store, mint: Callable[[], str], *beside: Put) -> Epoch:
    """After a restore: a new epoch that replicas take, written with what else is to be written.

    Raises:
        Conflict: someone else wrote the epoch at the same time.
    """
    entry = await store.get(EPOCH_KEY)
    epoch = Epoch(mint(), accept=True)
    compare = Compare(EPOCH_KEY, entry.revision if entry else 0)
    await store.transact([compare], [Put(EPOCH_KEY, encode_epoch(epoch)), *beside])
    return epoch
