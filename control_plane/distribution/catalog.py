"""Follows the store and keeps it in memory; goes on serving from memory while the store is away."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

from config_schemas.canonical import PATH_PREFIX
from control_plane.distribution.epoch import EPOCH_KEY
from control_plane.distribution.item import Unseal
from control_plane.distribution.node_record import NODES_PREFIX
from control_plane.distribution.quarantine_record import QUARANTINE_PREFIX
from control_plane.distribution.state import State, Touched
from control_plane.distribution.subset import Audience, Subset
from control_plane.store.base import Batch, Entry, Store, StoreError, Unavailable, UnderRestore
from control_plane.store.keys import RESTORE_KEY

RETRY_SECONDS = 1.0
RECONCILE_SECONDS = 30.0
SETTLE_SECONDS = 2.0  # how long a watch may lag behind a list before an event counts as lost
PAGE_ENTRIES = 5_000
# The ranges that hold what the catalog keeps. Names begin with a letter or a digit: all letters sort after "_", so one
# listing from "`" (the character after it) on has them; history and audit entries, which are many, lie before.
LETTERS_START = f"{PATH_PREFIX}`"
OTHER_PREFIXES = (
    *(f"{PATH_PREFIX}{digit}" for digit in range(10)),
    QUARANTINE_PREFIX,
    NODES_PREFIX,
    EPOCH_KEY,
)

Listener = Callable[[Touched], None]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class CatalogCounters:
    """What happened since the start."""

    reconciles: int = 0
    reconcile_differences: int = 0
    listings: int = 0  # after the first: the watch had to begin anew
    store_failures: int = 0


@dataclass(frozen=True, slots=True)
class _Listing:
    revision: int
    entries: Mapping[str, Entry]


class _EventsLost(Exception):
    """The watch did not bring what the store has."""


class StoreReplaced(Exception):
    """The store's revision went back: it is another one, or was put back. What this process knows is of no use."""


class Catalog:
    """`start`, then `run` for as long as it shall follow. State and subsets change whole, between two awaits.

    Listeners are told after each step, also one that touched nothing but the revision; they must not wait.
    """

    def __init__(
        self,
        store: Store,
        unseal: Unseal,
        *,
        reconcile_seconds: float = RECONCILE_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self.state = State(unseal)
        self.counters = CatalogCounters()
        self._store = store
        self._reconcile_seconds = reconcile_seconds
        self._settle_seconds = settle_seconds
        self._subsets: dict[Audience, Subset] = {}
        self._listeners: list[Listener] = []
        self._removed: set[str] = set()  # keys removed while a reconcile is under way
        self._advanced = asyncio.Event()

    @property
    def revision(self) -> int:
        return self.state.revision

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` told of changes. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subset(self, audience: Audience) -> Subset:
        """What the replicas of a gateway get; kept up to date from now on."""
        if (subset := self._subsets.get(audience)) is None:
            subset = self._subsets[audience] = Subset(audience, self.state, asyncio.get_running_loop().time)
        return subset

    async def start(self) -> None:
        """Read the store.

        Raises:
            StoreError: it could not be read.
        """
        self._take(await self._list())

    async def run(self) -> None:
        """Follow the store until cancelled."""
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._watch())
                    group.create_task(self._reconcile_for_ever())
            except* (StoreError, _EventsLost) as errors:
                logger.warning("catalog_lists_again reason=%r", str(errors.exceptions[0]))
            await self._list_again()

    async def reconcile(self) -> int:
        """Compare with the store. Returns the number of keys that differ and that no event explains."""
        self._removed.clear()
        listing = await self._list()
        await self._wait_for(listing.revision)
        differing = self._differing(listing)
        self.counters.reconciles += 1
        self.counters.reconcile_differences += len(differing)
        return len(differing)

    async def _watch(self) -> None:
        batches = self._store.watch(PATH_PREFIX, start_revision=self.state.revision + 1)
        try:
            async for batch in batches:
                self._follow(batch)
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()
        raise Unavailable("the watch ended")

    def _follow(self, batch: Batch) -> None:
        if any(event.key == RESTORE_KEY and event.entry for event in batch.events):
            raise UnderRestore  # all goes on from memory; listing again succeeds when the new set is whole
        touched = Touched()
        for event in batch.events:
            if event.entry is None:
                self._removed.add(event.key)
                self.state.remove(event.key, touched)
            else:
                self._removed.discard(event.key)
                self.state.put(event.entry, touched)
        self._announce(batch.revision, touched)

    async def _reconcile_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._reconcile_seconds)
            try:
                differences = await self.reconcile()
            except StoreError as error:  # the watch notices, too, and is the one to act
                self.counters.store_failures += 1
                logger.warning("catalog_not_reconciled reason=%r", str(error))
                continue
            if differences:
                raise _EventsLost(f"{differences} keys differ from the store without an event")

    async def _list_again(self) -> None:
        """Until it succeeds; meanwhile all is served from memory."""
        while True:
            try:
                listing = await self._list()
                break
            except StoreError as error:
                self.counters.store_failures += 1
                logger.warning("catalog_store_lost reason=%r", str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self.counters.listings += 1
        self._take(listing)

    async def _list(self) -> _Listing:
        """All keys that the catalog keeps, at one revision, in pages between which others may run.

        Raises:
            UnderRestore: the store is between two sets.
            StoreReplaced: its revision, or that of a key, is lower than it was.
        """
        known, held = self.state.revision, self.state.keys()
        entries: dict[str, Entry] = {}
        page = await self._store.list(PATH_PREFIX, start=LETTERS_START, limit=PAGE_ENTRIES)
        revision = page.revision
        if revision < known:
            raise StoreReplaced(f"the store is at revision {revision} and was at {known}")
        if (await self._store.list(RESTORE_KEY, limit=1, revision=revision)).entries:
            raise UnderRestore
        entries.update((entry.key, entry) for entry in page.entries)
        starts = [(PATH_PREFIX, page.next_key), *((prefix, "") for prefix in OTHER_PREFIXES)]
        for prefix, start in starts:
            while start is not None:
                page = await self._store.list(prefix, start=start, limit=PAGE_ENTRIES, revision=revision)
                entries.update((entry.key, entry) for entry in page.entries)
                start = page.next_key
        # A store that was put back may have gone beyond the revision that it had; its keys tell all the same.
        if back := next((key for key, entry in entries.items() if held.get(key, 0) > entry.revision), None):
            raise StoreReplaced(f"`{back}` is at revision {entries[back].revision} and was at {held[back]}")
        return _Listing(revision, entries)

    def _take(self, listing: _Listing) -> None:
        """Make the state what was listed."""
        touched = Touched()
        held = self.state.keys()
        for key in held.keys() - listing.entries.keys():
            self.state.remove(key, touched)
        for key, entry in listing.entries.items():
            if held.get(key) != entry.revision:
                self.state.put(entry, touched)
        self._announce(listing.revision, touched)

    def _differing(self, listing: _Listing) -> set[str]:
        """Keys that are older here than in the listing, or here only; events since the listing explain the others."""
        held = self.state.keys()
        older = {
            key
            for key, entry in listing.entries.items()
            if held.get(key, 0) < entry.revision and key not in self._removed and self.state.keeps(key)
        }
        left_over = {key for key, at in held.items() if key not in listing.entries and at <= listing.revision}
        return older | left_over

    async def _wait_for(self, revision: int) -> None:
        """Until the watch has reached the revision, or could have: it has no news of what lies outside the prefix."""
        try:
            async with asyncio.timeout(self._settle_seconds):
                while self.state.revision < revision:
                    self._advanced.clear()
                    await self._advanced.wait()
        except TimeoutError:
            return

    def _announce(self, revision: int, touched: Touched) -> None:
        self.state.revision = max(self.state.revision, revision)
        self._advanced.set()
        if touched.paths:
            for subset in self._subsets.values():
                subset.refresh(touched.paths)
        for listener in tuple(self._listeners):
            listener(touched)
