"""All API keys of a replica as compact rows: by digest for requests, by path for changes.

A row is the expiry and four names in one bytes object; both maps are cut into 1,024 shards, of which a change copies
only those that it touches. So 300,000 keys cost about 330 bytes each, the garbage collector sees none of them, and
revoking one copies two maps of some 300 entries. No snapshot ever sees a later one's change.
"""

import struct
from collections.abc import Iterator
from hashlib import blake2b
from math import inf
from typing import NamedTuple

SHARDS = 1024
PATH_KEY_BYTES = 16
EXPIRY = struct.Struct("<d")
SEPARATOR = "\0"
ESCAPED_SEPARATOR = b"\\u0000"  # the same in JSON: what has it cannot become a row

Shards = tuple[dict[bytes, bytes], ...]


class Credential(NamedTuple):
    """A row, unpacked. `expires` in seconds since 1970."""

    tenant: str
    name: str
    application: str
    expires: float = inf
    labels: tuple[tuple[str, str], ...] = ()

    def pack(self) -> bytes:
        names = f"{self.tenant}\0{self.name}\0{self.application}"
        if self.labels:
            names = SEPARATOR.join((names, *(text for label in self.labels for text in label)))
        return EXPIRY.pack(self.expires) + names.encode()

    @classmethod
    def unpack(cls, row: bytes) -> "Credential":
        tenant, name, application, *labels = row[EXPIRY.size :].decode().split(SEPARATOR)
        (expires,) = EXPIRY.unpack_from(row)
        return cls(tenant, name, application, expires, tuple(zip(labels[::2], labels[1::2], strict=True)))


class CredentialTable:
    """One revision's credentials. Immutable."""

    __slots__ = ("_by_digest", "_by_path")

    def __init__(self, by_digest: Shards, by_path: Shards) -> None:
        self._by_digest = by_digest
        self._by_path = by_path

    @classmethod
    def empty(cls) -> "CredentialTable":
        return cls(tuple({} for _ in range(SHARDS)), tuple({} for _ in range(SHARDS)))

    def find(self, digest: bytes) -> bytes | None:
        """The row of the key with this SHA-256."""
        return self._by_digest[_shard(digest)].get(digest)

    def edit(self) -> "CredentialEdit":
        return CredentialEdit(self._by_digest, self._by_path)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Digest and row of each, in no order; for tests and dumps."""
        for shard in self._by_digest:
            yield from shard.items()

    def __len__(self) -> int:
        return sum(map(len, self._by_digest))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CredentialTable) and self._by_digest == other._by_digest

    __hash__ = None  # type: ignore[assignment]  # a table is compared, never a key


class CredentialEdit:
    """A table in the making. The one that it came from does not change; an edit that is dropped has no effect."""

    def __init__(self, by_digest: Shards, by_path: Shards) -> None:
        self.is_empty = not any(by_digest)
        self._by_digest = list(by_digest)
        self._by_path = list(by_path)
        self._own_digests: set[int] = set()
        self._own_paths: set[int] = set()

    def remove(self, path: str) -> None:
        """Take out the credential of this path; no error if it is not there."""
        key = path_key(path)
        shard = _shard(key)
        digest = self._by_path[shard].get(key)
        if digest is not None:
            del _owned(self._by_path, self._own_paths, shard)[key]
            _owned(self._by_digest, self._own_digests, _shard(digest)).pop(digest, None)

    def put(self, path: str, digest: bytes, credential: Credential) -> bool:
        """Add a credential whose path is not in the table. False: another one has this key."""
        shard = _shard(digest)
        if digest in self._by_digest[shard]:
            return False
        _owned(self._by_digest, self._own_digests, shard)[digest] = credential.pack()
        key = path_key(path)
        _owned(self._by_path, self._own_paths, _shard(key))[key] = digest
        return True

    def finish(self) -> CredentialTable:
        """The edited table; the edit is over."""
        return CredentialTable(tuple(self._by_digest), tuple(self._by_path))


def path_key(path: str) -> bytes:
    return blake2b(path.encode(), digest_size=PATH_KEY_BYTES).digest()


def _shard(digest: bytes) -> int:
    return digest[0] << 2 | digest[1] & 3


def _owned(shards: list[dict[bytes, bytes]], own: set[int], number: int) -> dict[bytes, bytes]:
    """The shard, copied when it is first changed."""
    if number not in own:
        own.add(number)
        shards[number] = shards[number].copy()
    return shards[number]
