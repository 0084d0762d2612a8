"""How both planes name a set of resources: by a hash of what is in it, kept up to date one change at a time.

Paths fall into 1,024 buckets. A bucket's digest is the SHA-256 of its resources' digests in ascending order, and the
content hash is the SHA-256 of all buckets' digests: as hard to collide as SHA-256 itself. Sums of digests, which are
cheaper to update, are not: with 256 bits, sets of a chosen sum are found in about 2**32 steps (Wagner, "A Generalized
Birthday Problem", 2002), and tenants choose what is in the sets. A change costs one bucket: 300 digests of 300,000.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

BUCKETS = 1024
DIGEST_BYTES = 32

_EMPTY_BUCKET = hashlib.sha256().digest()


def resource_digest(path: str, payload: bytes) -> bytes:
    """The digest of one resource; a path has no zero byte."""
    return hashlib.sha256(b"%b\0%b" % (path.encode(), payload)).digest()


def bucket_of(path: str) -> int:
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:2], "big") % BUCKETS


class ContentDigest:
    """The digests of a set of resources: by path, by bucket, of the whole."""

    def __init__(self) -> None:
        self._buckets: list[dict[str, bytes]] = [{} for _ in range(BUCKETS)]
        self._digests = [_EMPTY_BUCKET] * BUCKETS
        self._stale: set[int] = set()
        self._content_hash: bytes | None = EMPTY_CONTENT_HASH

    def put(self, path: str, digest: bytes) -> None:
        """Add a resource, or replace it."""
        bucket = bucket_of(path)
        self._buckets[bucket][path] = digest
        self._touch(bucket)

    def remove(self, path: str) -> None:
        """Take a resource out; no error if it is not there."""
        bucket = bucket_of(path)
        if self._buckets[bucket].pop(path, None) is not None:
            self._touch(bucket)

    def paths_in(self, bucket: int) -> Iterator[str]:
        return iter(self._buckets[bucket])

    def bucket_digests(self) -> tuple[bytes, ...]:
        """All buckets' digests, in order."""
        for bucket in self._stale:
            self._digests[bucket] = _bucket_digest(self._buckets[bucket].values())
        self._stale.clear()
        return tuple(self._digests)

    def content_hash(self) -> bytes:
        """The hash of the whole set."""
        if self._content_hash is None:
            self._content_hash = content_hash(self.bucket_digests())
        return self._content_hash

    def hash_after(self, changes: Mapping[str, bytes | None]) -> bytes:
        """The content hash that these changes would lead to; None removes."""
        changed: dict[int, dict[str, bytes]] = {}
        for path, digest in changes.items():
            bucket = bucket_of(path)
            if (resources := changed.get(bucket)) is None:
                resources = changed[bucket] = self._buckets[bucket].copy()
            if digest is None:
                resources.pop(path, None)
            else:
                resources[path] = digest
        digests = list(self.bucket_digests())
        for bucket, resources in changed.items():
            digests[bucket] = _bucket_digest(resources.values())
        return content_hash(digests)

    def _touch(self, bucket: int) -> None:
        self._stale.add(bucket)
        self._content_hash = None


def content_hash(bucket_digests: Iterable[bytes]) -> bytes:
    """The hash of the set whose buckets have these digests."""
    return hashlib.sha256(b"".join(bucket_digests)).digest()


def _bucket_digest(digests: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(sorted(digests))).digest()


EMPTY_CONTENT_HASH = content_hash([_EMPTY_BUCKET] * BUCKETS)
