"""The store's epoch is minted once, and announced by an operator only."""

import pytest

from control_plane.distribution.epoch import EPOCH_KEY, Epoch, announce_epoch, encode_epoch, ensure_epoch, parse_epoch
from control_plane.store.memory import MemoryStore


async def epoch(store: MemoryStore) -> Epoch | None:
    entry = await store.get(EPOCH_KEY)
    return parse_epoch(entry.value) if entry else None


async def test_a_store_gets_one_epoch() -> None:
    store = MemoryStore()
    await ensure_epoch(store, lambda: "first")
    await ensure_epoch(store, lambda: "second")
    assert await epoch(store) == Epoch("first")


async def test_an_announced_epoch_is_new_and_to_be_accepted() -> None:
    store = MemoryStore()
    await ensure_epoch(store, lambda: "first")
    await announce_epoch(store, lambda: "second")
    assert await epoch(store) == Epoch("second", accept=True)


@pytest.mark.parametrize("made", [Epoch("a"), Epoch("b", accept=True)])
def test_what_is_encoded_is_parsed(made: Epoch) -> None:
    assert parse_epoch(encode_epoch(made)) == made


@pytest.mark.parametrize("value", [b"", b"[]", b'{"epoch":""}', b'{"epoch":1}', b"\xff"])
def test_anything_else_is_no_epoch(value: bytes) -> None:
    assert parse_epoch(value) is None
