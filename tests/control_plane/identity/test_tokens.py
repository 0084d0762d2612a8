"""Admin tokens."""

import asyncio
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from control_plane.audit.log import AuditLog
from control_plane.errors import Invalid, NotFound, StoreUnavailable, Unauthenticated
from control_plane.identity.actor import Actor
from control_plane.identity.tokens import AdminTokens, BootstrapError
from control_plane.store.keys import token_key
from control_plane.store.memory import MemoryStore
from tests.fakes.control_plane import ACTOR, Clock


async def test_a_token_says_who_one_is_and_is_kept_nowhere() -> None:
    store = MemoryStore()
    tokens = AdminTokens(store)
    text, info = await tokens.create(["write", "read"], actor=ACTOR, description="ci")
    actor = await tokens.authenticate(text.encode())
    assert (actor.id, actor.scopes) == (info.id, frozenset(("read", "write")))
    assert all(text.encode() not in entry.value for entry in (await store.list("/")).entries)
    assert [found.id for found in await tokens.list()] == [info.id]
    assert (await AuditLog(store).list()).entries[0].changes[0].kind == "AdminToken"


@pytest.mark.parametrize(
    ("scopes", "scope", "expected"),
    [
        ({"read"}, "read", True),
        ({"read"}, "write", False),
        ({"write"}, "read", True),
        ({"write"}, "admin", False),
        ({"admin"}, "write", True),
        (set(), "read", False),
    ],
)
def test_each_scope_includes_those_before_it(scopes: set[str], scope: str, expected: bool) -> None:
    assert Actor("a", frozenset(scopes)).has(scope) is expected  # type: ignore[arg-type]


async def test_a_wrong_token_is_refused_like_an_unknown_one_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store, other = MemoryStore(), MemoryStore()
    tokens = AdminTokens(store)
    foreign, _ = await AdminTokens(other).create(["admin"], actor=ACTOR)
    text, info = await tokens.create(["admin"], actor=ACTOR)
    same_id, _ = await AdminTokens(other, random_bytes=lambda n: bytes.fromhex(info.id) if n == 8 else bytes(n)).create(
        ["admin"], actor=ACTOR
    )
    messages = set()
    for wrong in (
        b"",
        b"\xff",
        b"isa_x",
        foreign.encode(),
        same_id.encode(),
        text[:-1].encode(),
        text.upper().encode(),
    ):
        with pytest.raises(Unauthenticated) as caught:
            await tokens.authenticate(wrong)
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert text not in caplog.text
    assert foreign not in caplog.text


async def test_an_expired_or_revoked_token_is_refused() -> None:
    clock = Clock()
    tokens = AdminTokens(MemoryStore(), now=clock)
    text, info = await tokens.create(["read"], actor=ACTOR, expires_at="2026-11-24T13:00:00Z")
    other, other_info = await tokens.create(["read"], actor=ACTOR)
    await tokens.authenticate(text.encode())
    clock.advance(hours=1)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(text.encode())
    await tokens.revoke(other_info.id, actor=ACTOR)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(other.encode())
    with pytest.raises(NotFound):
        await tokens.revoke(other_info.id, actor=ACTOR)
    assert [found.id for found in await tokens.list()] == [info.id]


@pytest.mark.parametrize(
    ("scopes", "expires_at", "field"),
    [
        ([], None, "scopes"),
        (["read", "root"], None, "scopes"),
        (["read"], "soon", "expiresAt"),
        (["read"], "2026-11-24T11:00:00Z", "expiresAt"),
        (["read"], "2027-01-01T00:00:00", "expiresAt"),
    ],
)
async def test_a_token_must_have_scopes_and_end_in_the_future(
    scopes: list[str], expires_at: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await AdminTokens(MemoryStore(), now=Clock()).create(scopes, actor=ACTOR, expires_at=expires_at)
    assert [error.path for error in caught.value.field_errors] == [field]


async def test_a_store_that_is_away_is_no_wrong_token() -> None:
    store = MemoryStore()
    tokens = AdminTokens(store)
    text, _ = await tokens.create(["read"], actor=ACTOR)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await tokens.authenticate(text.encode())


async def test_a_bootstrap_token_made_elsewhere_is_taken_if_it_is_long(tmp_path: Path) -> None:
    tokens = AdminTokens(MemoryStore())
    file = tmp_path / "token"
    file.write_text("x" * 31)
    with pytest.raises(BootstrapError):
        await tokens.ensure_bootstrap(file)
    file.write_text("A1" * 24 + "\n")
    assert await tokens.ensure_bootstrap(file)
    assert (await tokens.authenticate(b"A1" * 24)).has("admin")
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(b"A2" * 24)


async def test_the_bootstrap_token_is_made_once_into_a_file_for_its_owner_only(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "token"
    tokens = AdminTokens(store)
    assert await tokens.ensure_bootstrap(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    actor = await tokens.authenticate(file.read_bytes().strip())
    assert actor.has("admin")
    assert not await tokens.ensure_bootstrap(file)
    await tokens.revoke(actor.id, actor=ACTOR)
    assert not await tokens.ensure_bootstrap(file)  # revoked, it does not come back
    assert await store.get(token_key(actor.id)) is None


async def test_a_token_in_the_file_is_taken_and_of_several_control_planes_one_wins(tmp_path: Path) -> None:
    file, store = tmp_path / "token", MemoryStore()
    await AdminTokens(MemoryStore()).ensure_bootstrap(file)
    made = await asyncio.gather(*(AdminTokens(store).ensure_bootstrap(file) for _ in range(3)))
    assert sorted(made) == [False, False, True]
    assert (await AdminTokens(store).authenticate(file.read_bytes().strip())).has("admin")


def test_control_planes_that_start_at_once_store_the_token_that_lies_in_the_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(50):
            file, start = tmp_path / f"token-{number}", Barrier(8)

            def make(file: Path = file, start: Barrier = start) -> bytes:
                start.wait()
                return asyncio.run(_stored_by_one(file))

            stored = list(pool.map(lambda _, make=make: make(), range(8)))
            assert stored == [file.read_bytes().strip()] * 8
    assert len(list(tmp_path.iterdir())) == 50  # no drafts are left


async def _stored_by_one(file: Path) -> bytes:
    """The file's token, once a control plane with a store of its own took it."""
    tokens = AdminTokens(MemoryStore())
    assert await tokens.ensure_bootstrap(file)
    token = file.read_bytes().strip()
    assert (await tokens.authenticate(token)).has("admin")
    return token


async def test_a_file_without_a_token_is_refused_without_telling_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2")
    with pytest.raises(BootstrapError, match="must hold one admin token") as caught:
        await AdminTokens(MemoryStore()).ensure_bootstrap(file)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(BootstrapError, match="cannot write"):
        await AdminTokens(MemoryStore()).ensure_bootstrap(tmp_path / "no" / "token")
