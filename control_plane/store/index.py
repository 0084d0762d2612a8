"""Who refers to what, and who claims what: in memory, from the store's list and watch.

It lags behind the store. A decision is safe because of guards: keys that each change of what is decided on writes in
its transaction. Whoever decides reads the guard, waits until the index has seen that revision, and compares the guard.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config_schemas.canonical import PATH_PREFIX
from control_plane.admission.references import references
from control_plane.admission.ties import CLAIMING_KINDS, claims
from control_plane.errors import StoreUnavailable
from control_plane.store.base import Entry, Store, StoreError
from control_plane.store.keys import find_resource_name

RETRY_SECONDS = 1.0
CATCH_UP_SECONDS = 5.0
PAGE_ENTRIES = 2_000
# Names begin with a letter or a digit, and all letters sort after "_": one listing from "`" (the character after it)
# on has the letters, without history and audit entries, which are many.
RANGES = ((PATH_PREFIX, f"{PATH_PREFIX}`"), *((f"{PATH_PREFIX}{digit}", "") for digit in range(10)))

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index keeps of a resource. A key of a Secret is a target of its own: `<path>#<key>`."""

    targets: tuple[str, ...]
    claims: tuple[tuple[str, frozenset[str]], ...]  # with the gateways


def targets_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that a document refers to."""
    found: dict[str, None] = {}
    for ref in references(document):
        found[sys.intern(ref.path)] = None
        if ref.secret_key is not None:
            found[f"{ref.path}#{ref.secret_key}"] = None
    return tuple(found)


class Index:
    """`start`, then `run` for as long as it shall follow."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision = 0
        self._facts: dict[str, Facts] = {}
        self._referrers: dict[str, set[str]] = {}
        self._holders: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
        self._advanced = asyncio.Event()

    @property
    def revision(self) -> int:
        """The store revision up to which every change is known."""
        return self._revision

    def exists(self, path: str) -> bool:
        return path in self._facts

    def referrers_of(self, target: str) -> frozenset[str]:
        """The paths of all resources that refer to a path, or to a Secret's key."""
        return frozenset(self._referrers.get(target, ()))

    def holders_of(self, tenant: str, claim: str) -> Mapping[str, frozenset[str]]:
        """The paths of the tenant's resources with this claim, each with its gateways."""
        return self._holders.get((tenant, claim), {})

    async def wait_for(self, revision: int) -> None:
        """Wait until every change up to `revision` is known.

        Raises:
            StoreUnavailable: it took too long.
        """
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                while self._revision < revision:
                    await self._advanced.wait()
        except TimeoutError as error:
            raise StoreUnavailable("the store's changes do not arrive; try again") from error

    async def start(self) -> None:
        """Read the store.

        Raises:
            StoreError: it could not be read.
        """
        revision, seen = 0, set()
        for prefix, start in RANGES:
            while True:
                page = await self._store.list(prefix, start=start, limit=PAGE_ENTRIES, revision=revision)
                revision = page.revision
                for entry in page.entries:
                    self._put(entry)
                    seen.add(entry.key.removeprefix(PATH_PREFIX))
                if page.next_key is None:
                    break
                start = page.next_key
        for path in self._facts.keys() - seen:
            self._remove(path)
        self._advance(revision)

    async def run(self) -> None:
        """Follow the store until cancelled."""
        while True:
            try:
                async for batch in self._store.watch(PATH_PREFIX, start_revision=self._revision + 1):
                    for event in batch.events:
                        if event.entry:
                            self._put(event.entry)
                        else:
                            self._remove(event.key.removeprefix(PATH_PREFIX))
                    self._advance(batch.revision)
            except StoreError as error:
                logger.warning("index_lists_again reason=%r", str(error))
            await self._list_again()

    async def _list_again(self) -> None:
        while True:
            try:
                return await self.start()
            except StoreError as error:
                logger.warning("index_cannot_list reason=%r", str(error))
            await asyncio.sleep(RETRY_SECONDS)

    def _advance(self, revision: int) -> None:
        self._revision = max(self._revision, revision)
        self._advanced.set()
        self._advanced = asyncio.Event()

    def _put(self, entry: Entry) -> None:
        name = find_resource_name(entry.key)
        if name is None:
            return
        path = str(name)
        self._remove(path)
        facts = self._facts[path] = _facts(name.kind, entry.value)
        for target in facts.targets:
            self._referrers.setdefault(target, set()).add(path)
        for claim, gateways in facts.claims:
            self._holders.setdefault((name.tenant, claim), {})[path] = gateways

    def _remove(self, path: str) -> None:
        facts = self._facts.pop(path, None)
        if facts is None:
            return
        for target in facts.targets:
            if referrers := self._referrers.get(target):
                referrers.discard(path)
                if not referrers:
                    del self._referrers[target]
        tenant = path.partition("/")[0]
        for claim, _ in facts.claims:
            if holders := self._holders.get((tenant, claim)):
                holders.pop(path, None)
                if not holders:
                    del self._holders[tenant, claim]


def _facts(kind: str, value: bytes) -> Facts:
    """What was written by hand may have any shape; what cannot be read claims and refers to nothing."""
    try:
        document = json.loads(value)
        found = claims(document) if kind in CLAIMING_KINDS else ()
        return Facts(targets_of(document), tuple((claim.key, claim.gateways) for claim in found))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Facts((), ())
