"""The resources that a replica has accepted: canonical bytes by path, with the hash of the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from config_schemas.digest import ContentDigest, resource_digest


@dataclass(frozen=True, slots=True)
class Position:
    """Which state of which store a set shows. Nothing yet: no epoch, revision 0."""

    epoch: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Payload:
    """A resource's canonical bytes, with the digest that they have at their path."""

    content: bytes
    digest: bytes

    @classmethod
    def of(cls, path: str, content: bytes) -> "Payload":
        return cls(content, resource_digest(path, content))


Changes = Mapping[str, Payload | None]  # None: removed


class ResourceSet:
    """Goes from one whole state to the next. Not thread-safe: what runs elsewhere works on a copy of `payloads`."""

    def __init__(self) -> None:
        self._payloads: dict[str, bytes] = {}
        self._digest = ContentDigest()
        self.position = Position()

    @property
    def payloads(self) -> Mapping[str, bytes]:
        """By path; a view that follows later changes."""
        return MappingProxyType(self._payloads)

    @property
    def content_hash(self) -> bytes:
        return self._digest.content_hash()

    def bucket_digests(self) -> tuple[bytes, ...]:
        return self._digest.bucket_digests()

    def paths_in(self, buckets: Iterable[int]) -> set[str]:
        """The paths that fall into these buckets."""
        return {path for bucket in buckets for path in self._digest.paths_in(bucket)}

    def hash_after(self, changes: Changes) -> bytes:
        """The content hash that the set would have with these changes."""
        return self._digest.hash_after({path: payload.digest if payload else None for path, payload in changes.items()})

    def apply(self, changes: Changes, position: Position) -> None:
        """Make the changes, and be at `position`."""
        for path, payload in changes.items():
            if payload is None:
                self._payloads.pop(path, None)
                self._digest.remove(path)
            else:
                self._payloads[path] = payload.content
                self._digest.put(path, payload.digest)
        self.position = position
