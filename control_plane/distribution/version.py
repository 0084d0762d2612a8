"""Finds a resource as it was at an earlier revision, for what is served in place of a refused version."""

from collections.abc import Awaitable, Callable

from config_schemas.canonical import encode
from control_plane.history.entry import parse_record
from control_plane.store.base import Compacted, Entry, Store
from control_plane.store.keys import history_prefix, resource_key

FindVersion = Callable[[str, int], Awaitable[Entry | None]]  # resource path, revision -> the resource as of then


def find_version_in(store: Store) -> FindVersion:
    """Look at the store as it was; where that is compacted, at the resource's history."""

    async def find(path: str, revision: int) -> Entry | None:
        key = resource_key(path)
        try:
            page = await store.list(key, limit=1, revision=revision)
        except Compacted:
            return await _find_in_history(store, path, revision)
        return page.entries[0] if page.entries and page.entries[0].key == key else None

    return find


async def _find_in_history(store: Store, path: str, revision: int) -> Entry | None:
    """An entry of the history has the store revision of its version."""
    page = await store.list(history_prefix(path))
    entry = max(
        (entry for entry in page.entries if entry.revision <= revision), key=lambda each: each.revision, default=None
    )
    record = parse_record(entry.value) if entry else None
    if entry is None or record is None or record.action == "deleted":
        return None
    return Entry(resource_key(path), encode(record.document), entry.revision, entry.revision)
