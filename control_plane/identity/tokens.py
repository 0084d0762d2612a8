"""Admin tokens: who may use the REST API. Stored as digests, with scopes and an expiry; their use is not logged."""

import hmac
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from control_plane.audit.log import AuditChange, audit_put, timestamp
from control_plane.errors import FieldError, Invalid, NotFound, Unauthenticated, WriteConflict
from control_plane.identity.actor import SCOPES, Actor, Scope
from control_plane.identity.token_text import RandomBytes, find_id, hash_of, mint
from control_plane.store.base import Compare, Conflict, Delete, Put, Store
from control_plane.store.keys import BOOTSTRAP_KEY, TOKENS_PREFIX, token_key
from control_plane.store.stored import store_errors
from control_plane.store.writer import Now, utc_now

PREFIX = "isa"
BOOTSTRAP_ID = "bootstrap"  # of a first token that was made elsewhere, as by a chart that cannot compute a checksum
FOREIGN_TOKEN = re.compile(r"[!-~]{32,256}")
MAX_TOKENS = 1_000
MAX_DESCRIPTION = 256
SYSTEM = Actor("system/bootstrap")
NOT_VALID = (
    "the admin token is not valid: send `Authorization: Bearer isa_…` with one that has not expired or been revoked"
)


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What is known of a token: everything but the token. `expires_at` None: never."""

    id: str
    scopes: tuple[Scope, ...]
    description: str
    created_at: str
    created_by: str
    expires_at: str | None
    hash: str


class BootstrapError(Exception):
    """There is no usable bootstrap token; the text says what to do."""


class AdminTokens:
    """Every call asks the store, so that a revoked token ends at once everywhere."""

    def __init__(self, store: Store, *, now: Now = utc_now, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._store = store
        self._now = now
        self._random_bytes = random_bytes

    async def authenticate(self, token: bytes) -> Actor:
        """Whose token it is.

        Raises:
            Unauthenticated: no token of ours, expired or revoked; which of these is not said.
            StoreUnavailable: the store cannot be asked.
        """
        text = token.decode("ascii", errors="replace")
        id = _find_id(text)
        if id is None:
            raise Unauthenticated(NOT_VALID)
        with store_errors():
            entry = await self._store.get(token_key(id))
        info = _parse(id, entry.value) if entry else None
        if info is None or not hmac.compare_digest(info.hash, hash_of(text)) or self._has_expired(info):
            raise Unauthenticated(NOT_VALID)
        return Actor(id, frozenset(info.scopes))

    async def create(
        self, scopes: Sequence[str], *, actor: Actor, description: str = "", expires_at: str | None = None
    ) -> tuple[str, TokenInfo]:
        """A new token, in plain text this once, and what is known of it.

        Raises:
            Invalid: no scopes, unknown ones, a time that is none or past.
            StoreUnavailable: the store cannot be asked.
        """
        self._check(scopes, description, expires_at)
        minted = mint(PREFIX, self._random_bytes)
        granted = tuple(scope for scope in SCOPES if scope in scopes)
        info = TokenInfo(
            minted.id, granted, description, timestamp(self._now()), actor.id, expires_at, hash_of(minted.text)
        )
        await self._write(info, actor, [])
        return minted.text, info

    async def list(self) -> tuple[TokenInfo, ...]:
        """All tokens, oldest first.

        Raises:
            StoreUnavailable: the store cannot be asked.
        """
        with store_errors():
            page = await self._store.list(TOKENS_PREFIX, limit=MAX_TOKENS)
        found = (_parse(entry.key.removeprefix(TOKENS_PREFIX), entry.value) for entry in page.entries)
        return tuple(sorted((info for info in found if info), key=lambda info: info.created_at))

    async def revoke(self, id: str, *, actor: Actor) -> None:
        """End a token.

        Raises:
            NotFound: there is none of this id.
            StoreUnavailable: the store cannot be asked.
        """
        with store_errors():
            entry = await self._store.get(token_key(id))
            if entry is None:
                raise NotFound(f"there is no admin token '{id}'")
            audit = self._audit(actor, "deleted", id, entry.revision)
            try:
                await self._store.transact([Compare(entry.key, entry.revision)], [Delete(entry.key), audit])
            except Conflict as error:
                raise WriteConflict(f"the admin token '{id}' was changed at the same time; try again") from error

    async def ensure_bootstrap(self, path: Path) -> bool:
        """Make the first admin token, once in a store's life: the one in the file, or a new one put there (0600).

        Several control planes may be given the same file or different ones: the first wins. Returns whether this call
        made it.

        Raises:
            BootstrapError: the file holds no token, or cannot be read or written.
            StoreUnavailable: the store cannot be asked.
        """
        with store_errors():
            if await self._store.get(BOOTSTRAP_KEY) is not None:
                return False
        text = _read_or_mint(path, self._random_bytes)
        id = _find_id(text)
        if id is None:
            raise BootstrapError(
                f"{path} must hold one admin token, `isa_…` or 32 to 256 random characters; "
                "remove the file to have one made"
            )
        info = TokenInfo(id, ("admin",), "bootstrap", timestamp(self._now()), SYSTEM.id, None, hash_of(text))
        try:
            await self._write(info, SYSTEM, [BOOTSTRAP_KEY])
        except WriteConflict:
            return False  # another control plane was faster
        return True

    async def _write(self, info: TokenInfo, actor: Actor, once: Sequence[str]) -> None:
        """Store a token if neither it nor any key of `once` exists."""
        puts = [Put(token_key(info.id), _encode(info)), self._audit(actor, "created", info.id, 0)]
        puts += [Put(key, info.id.encode()) for key in once]
        try:
            with store_errors():
                await self._store.transact([Compare(key, 0) for key in (token_key(info.id), *once)], puts)
        except Conflict as error:
            raise WriteConflict("an admin token was made at the same time; try again") from error

    def _audit(self, actor: Actor, action: str, id: str, revision: int) -> Put:
        change = AuditChange(action, "AdminToken", "platform", id, revision)
        return audit_put(actor, self._now(), self._random_bytes(4).hex(), [change])

    def _check(self, scopes: Sequence[str], description: str, expires_at: str | None) -> None:
        errors = []
        if not scopes or not set(scopes) <= set(SCOPES):
            errors.append(FieldError("scopes", f"must be one or more of {', '.join(map(repr, SCOPES))}"))
        if len(description) > MAX_DESCRIPTION:
            errors.append(FieldError("description", f"must have at most {MAX_DESCRIPTION} characters"))
        if expires_at is not None and not ((moment := _moment(expires_at)) and moment > self._now()):
            errors.append(FieldError("expiresAt", "must be a time to come in UTC such as '2027-01-31T12:00:00Z'"))
        if errors:
            raise Invalid(f"`{errors[0].path}` {errors[0].message}", errors)

    def _has_expired(self, info: TokenInfo) -> bool:
        if info.expires_at is None:
            return False
        moment = _moment(info.expires_at)
        return moment is None or moment <= self._now()


def _find_id(text: str) -> str | None:
    if text.startswith(f"{PREFIX}_"):
        return find_id(PREFIX, text)
    return BOOTSTRAP_ID if FOREIGN_TOKEN.fullmatch(text) else None


def _read_or_mint(path: Path, random_bytes: RandomBytes) -> str:
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    try:
        return _mint_into(path, random_bytes)
    except FileExistsError:
        return _read(path)  # another control plane made it in between; both store the same token


def _read(path: Path) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(1024).strip()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BootstrapError(f"cannot read the bootstrap token file {path}: {error.strerror}") from error


def _mint_into(path: Path, random_bytes: RandomBytes) -> str:
    """Linked to its name when whole, so that nobody reads half a token, and none replaces another's."""
    minted = mint(PREFIX, random_bytes)
    draft = path.with_name(f".{path.name}.{random_bytes(8).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(minted.text + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            os.unlink(draft)
    except FileExistsError:
        raise
    except OSError as error:
        raise BootstrapError(f"cannot write the bootstrap token file {path}: {error.strerror}") from error
    return minted.text


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and text.endswith("Z") else None


def _encode(info: TokenInfo) -> bytes:
    return json.dumps(
        {
            "scopes": info.scopes,
            "description": info.description,
            "createdAt": info.created_at,
            "createdBy": info.created_by,
            "expiresAt": info.expires_at,
            "hash": info.hash,
        }
    ).encode()


def _parse(id: str, value: bytes) -> TokenInfo | None:
    """None: the record cannot be read, and is no token."""
    try:
        match json.loads(value):
            case {
                "scopes": list(scopes),
                "description": str(description),
                "createdAt": str(created_at),
                "createdBy": str(created_by),
                "expiresAt": str() | None as expires_at,
                "hash": str(hash),
            }:
                granted = tuple(scope for scope in SCOPES if scope in scopes)
                return TokenInfo(id, granted, description, created_at, created_by, expires_at, hash)
    except ValueError:
        pass
    return None
