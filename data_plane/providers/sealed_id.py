"""Ids of what providers keep, as clients see them: sealed for one tenant, with the provider that keeps it.

`<prefix>isthmus1_<base64url>`, with the prefix of the provider's own id, as in `file-isthmus1_...`. The rest is AES-SIV
(RFC 5297) of provider and id under a key derived for the tenant by HKDF: the same id always reads alike, so that
clients may compare; of another tenant it does not open. Nobody learns from it where something is kept.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = "isthmus1_"
MIN_SECRET_CHARACTERS = 32
KEY_BYTES = 64  # AES-256-SIV has two keys
MAX_CHARACTERS = 1024
MAX_TENANTS = 4096  # whose keys are remembered
PREFIX = re.compile(r"[a-z]{1,16}[-_]")
SEALED = re.compile(r"(?:[a-z]{1,16}[-_])?isthmus1_([A-Za-z0-9_-]{1,1024})")
BETWEEN = "\0"


class Kept(NamedTuple):
    """What a provider keeps: `provider` is `<tenant>/<name>`, `id` the provider's own."""

    provider: str
    id: str


class IdSealer:
    """The first secret seals, every one opens. Without a repr that shows any."""

    __slots__ = ("_keys", "_secrets")

    def __init__(self, secrets: Sequence[str]) -> None:
        """
        Raises:
            ValueError: there is none, or one is so short that it could be guessed.
        """
        if not secrets or any(len(each) < MIN_SECRET_CHARACTERS for each in secrets):
            raise ValueError(f"ids are sealed under random text of at least {MIN_SECRET_CHARACTERS} characters")
        self._secrets = tuple(secrets)
        self._keys: dict[str, tuple[AESSIV, ...]] = {}

    def seal(self, tenant: str, kept: Kept) -> str:
        """What the tenant's clients see."""
        prefix = PREFIX.match(kept.id)
        plain = BETWEEN.join(kept).encode()
        sealed = urlsafe_b64encode(self._keys_of(tenant)[0].encrypt(plain, None)).rstrip(b"=").decode()
        return f"{prefix[0] if prefix is not None else ''}{MARK}{sealed}"

    def open(self, tenant: str, text: str) -> Kept | None:
        """None: it is none of ours, or another tenant's."""
        if len(text) > MAX_CHARACTERS:
            return None
        sealed = SEALED.fullmatch(text)
        if sealed is None:
            return None
        try:
            data = urlsafe_b64decode(sealed[1] + "=" * (-len(sealed[1]) % 4))
        except ValueError:
            return None
        for key in self._keys_of(tenant):
            try:
                provider, _, id = key.decrypt(data, None).decode().partition(BETWEEN)
            except (InvalidTag, ValueError):
                continue
            return Kept(provider, id)
        return None

    def _keys_of(self, tenant: str) -> tuple[AESSIV, ...]:
        keys = self._keys.get(tenant)
        if keys is None:
            if len(self._keys) >= MAX_TENANTS:
                self._keys.clear()
            keys = self._keys[tenant] = tuple(_key(each, tenant) for each in self._secrets)
        return keys

    def __repr__(self) -> str:
        return "IdSealer(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdSealer) and self._secrets == other._secrets

    def __hash__(self) -> int:
        return hash(self._secrets)


def _key(secret: str, tenant: str) -> AESSIV:
    derive = HKDF(SHA256(), KEY_BYTES, None, b"isthmus sealed id v1\0" + tenant.encode())
    return AESSIV(derive.derive(secret.encode()))
