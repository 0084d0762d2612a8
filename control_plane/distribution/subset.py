"""What the replicas of one Gateway get: kept up to date with the state, shared by their streams. Without I/O.

Its own Gateway, the Tenants that this selects with all that is theirs, and what lies in the tenant `platform`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from config_schemas.base import PLATFORM_TENANT
from config_schemas.digest import BUCKETS, EMPTY_CONTENT_HASH, ContentDigest, content_hash
from control_plane.distribution.change_log import ChangeLog
from control_plane.distribution.item import Item, kind_of, name_of, tenant_of
from control_plane.distribution.selection import selects, tenant_labels, tenant_selector
from control_plane.distribution.state import State
from control_plane.distribution.update import Difference, Update

MAX_CACHED_UPDATES = 16  # nodes are at few different states; what does not fit is made again


class Audience(NamedTuple):
    """Who shares a subset."""

    gateway: str
    schema_version: int


class Subset:
    """Its content is a function of the state alone, so that every control plane offers the same."""

    def __init__(self, audience: Audience, state: State, now: Callable[[], float]) -> None:
        self.audience = audience
        self.changes = 0  # of the content, since the subset was made
        self.listeners: set[Callable[[], None]] = set()  # told of each change of the content
        self._state = state
        self._gateway_path = f"{PLATFORM_TENANT}/Gateway/{audience.gateway}"
        self._exists = False
        self._tenants: frozenset[str] = frozenset()
        self._unclear_tenants: frozenset[str] = frozenset()
        self._items: dict[str, Item] = {}
        self._digest = ContentDigest()
        self._updates: dict[bytes, Update] = {}
        self._refresh(state.paths())
        self._log = ChangeLog(self._digest.content_hash(), now)

    @property
    def content_hash(self) -> bytes:
        return self._digest.content_hash()

    @property
    def revision(self) -> int:
        """The store revision that the content is known to be right for."""
        return self._state.revision

    @property
    def epoch(self) -> str:
        return self._state.epoch.name if self._state.epoch else ""

    def find(self, path: str) -> Item | None:
        return self._items.get(path)

    def items(self) -> list[tuple[str, Item]]:
        """All of the content, as of now, by path."""
        return sorted(self._items.items())

    def includes(self, path: str) -> bool:
        """Whether a resource at this path belongs here, be it sent or not."""
        tenant, kind = tenant_of(path), kind_of(path)
        if not self._exists:
            return False
        if tenant != PLATFORM_TENANT:
            return tenant in self._tenants
        if kind == "Gateway":
            return path == self._gateway_path
        if kind == "Tenant":
            return name_of(path) in self._tenants or name_of(path) in self._unclear_tenants
        return True

    def refresh(self, touched: Iterable[str]) -> None:
        """Follow the state, which changed at most at these paths since the last call."""
        changed = self._refresh(touched)
        if not changed:
            return
        self.changes += 1
        self._log.append(self.content_hash, changed)
        for listener in tuple(self.listeners):
            listener()

    def changed_since(self, content_hash: bytes) -> set[str] | None:
        """The paths that may differ from that earlier content; None: it is not known."""
        return self._log.since(content_hash)

    def update_from(self, content_hash: bytes, revision: int) -> Update | None:
        """What leads from an earlier content to this one; None: it is not known.

        `revision` is the least that the update may have: that of the node.
        """
        cached = self._updates.get(content_hash)
        if cached and cached.revision >= revision:
            return cached
        difference = self._difference(content_hash)
        return self._cache(content_hash, difference) if difference else None

    def update_from_digests(self, digests: Sequence[bytes], revision: int) -> Update:
        """What leads from a content with these bucket digests to this one."""
        known = content_hash(digests)
        cached = self._updates.get(known)
        if cached and cached.revision >= revision:
            return cached
        own = self._digest.bucket_digests()
        buckets = [bucket for bucket in range(BUCKETS) if own[bucket] != digests[bucket]]
        paths = [path for bucket in buckets for path in self._digest.paths_in(bucket)]
        changed = [(path, self._items[path]) for path in sorted(paths)]
        return self._cache(known, Difference(changed, replaced_buckets=buckets))

    def _difference(self, content_hash: bytes) -> Difference | None:
        if content_hash == self.content_hash:
            return Difference()
        if content_hash == EMPTY_CONTENT_HASH:
            return Difference(list(self._items.items()))
        if (paths := self._log.since(content_hash)) is None:
            return None
        changed = [(path, item) for path in sorted(paths) if (item := self._items.get(path))]
        return Difference(changed, removed=sorted(path for path in paths if path not in self._items))

    def _cache(self, from_hash: bytes, difference: Difference) -> Update:
        if len(self._updates) >= MAX_CACHED_UPDATES:
            self._updates.pop(next(iter(self._updates)))
        update = Update(self.revision, self.content_hash, difference, self.sent_payload)
        self._updates[from_hash] = update
        return update

    def sent_payload(self, path: str, item: Item) -> bytes:
        """What the replicas get for an item of the content."""
        payload = self._state.items.sent_payload(path, item, self.audience.schema_version)
        if payload is None:
            raise ValueError(f"`{path}` is not known to schema version {self.audience.schema_version}")
        return payload

    def _refresh(self, touched: Iterable[str]) -> list[str]:
        """Returns the paths whose content changed."""
        paths = set(touched)
        if self._gateway_path in paths or any(kind_of(path) == "Tenant" for path in paths):
            paths |= self._select()
        return [path for path in paths if self._follow(path)]

    def _follow(self, path: str) -> bool:
        item = self._state.offered(self.audience.gateway, path) if self.includes(path) else None
        held = self._items.get(path)
        digest = self._state.items.sent_digest(path, item, self.audience.schema_version) if item else None
        if item is None or digest is None:
            self._digest.remove(path)
            self._updates.clear()
            return self._items.pop(path, None) is not None
        sent = Item(item.payload, item.revision, digest)
        # The item is renewed even where the content is the same: a value that was sealed anew opens with other keys.
        self._items[path] = sent if digest != item.digest else item
        self._updates.clear()
        if held and held.digest == digest:
            return False
        self._digest.put(path, digest)
        return True

    def _select(self) -> set[str]:
        """Choose the tenants anew. Returns the paths that may come or go with that."""
        existed, tenants, unclear = self._exists, self._tenants, self._unclear_tenants
        self._exists, self._tenants, self._unclear_tenants = self._selected()
        if existed != self._exists:
            return set(self._state.paths()) | self._items.keys()
        moved = (tenants ^ self._tenants) | (unclear ^ self._unclear_tenants)
        paths = {f"{PLATFORM_TENANT}/Tenant/{tenant}" for tenant in moved}
        for tenant in moved - {PLATFORM_TENANT}:
            paths.update(self._state.of_tenant(tenant))
        return paths

    def _selected(self) -> tuple[bool, frozenset[str], frozenset[str]]:
        """Whether the Gateway is there; the tenants that it selects; those whose labels cannot be read.

        Of the latter only the Tenant itself is sent, for the replicas to refuse it: then the labels of its last
        accepted version count, and until then the replicas keep what they have.
        """
        gateway = self._state.offered(self.audience.gateway, self._gateway_path)
        if gateway is None:
            return False, frozenset(), frozenset()
        selector = tenant_selector(gateway.payload)
        if selector is None:
            return True, frozenset(), frozenset()
        selected, unclear = set(), set()
        for path in self._state.of_tenant(PLATFORM_TENANT):
            if kind_of(path) != "Tenant":
                continue
            tenant = self._state.offered(self.audience.gateway, path)
            if tenant is None:
                continue
            labels = tenant_labels(tenant.payload)
            if labels is None:
                unclear.add(name_of(path))
            elif selects(selector, labels):
                selected.add(name_of(path))
        return True, frozenset(selected), frozenset(unclear)
