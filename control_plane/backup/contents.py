"""What of the store a backup has, and in which ranges of keys it lies.

Left out is what is made anew (guards, hashes that must be unique), what belongs to running processes (leader, replicas'
records, quarantine) and what ends by itself (idempotent answers).
"""

from collections.abc import AsyncIterator, Sequence

from config_schemas.canonical import PATH_PREFIX
from control_plane.backup.file import Section
from control_plane.store.base import Entry, Page, Store
from control_plane.store.keys import (
    AUDIT_PREFIX,
    BOOTSTRAP_KEY,
    HISTORY_PREFIX,
    INITIALISED_KEY,
    SEAL_CHECK_KEY,
    TOKENS_PREFIX,
)

PAGE_ENTRIES = 200
SYSTEM_KEYS = (BOOTSTRAP_KEY, INITIALISED_KEY, SEAL_CHECK_KEY)
# Names begin with a letter or a digit, and all letters sort after "_": from "`" (the character after it) on are
# tenants that begin with a letter, and no keys of the control plane's own.
RESOURCE_RANGES = (*((f"{PATH_PREFIX}{digit}", "") for digit in range(10)), (PATH_PREFIX, f"{PATH_PREFIX}`"))
RANGES: dict[Section, Sequence[tuple[str, str]]] = {
    Section.SYSTEM: tuple((key, "") for key in SYSTEM_KEYS),
    Section.TOKENS: ((TOKENS_PREFIX, ""),),
    Section.HISTORY: ((HISTORY_PREFIX, ""),),
    Section.AUDIT: ((AUDIT_PREFIX, ""),),
    Section.RESOURCES: RESOURCE_RANGES,
}


async def pages(store: Store, section: Section, revision: int) -> AsyncIterator[Sequence[Entry]]:
    """The entries of a section by key, at one revision (0: each page as of now).

    Raises:
        Compacted: the revision is no longer kept.
    """
    for prefix, first in RANGES[section]:
        start: str | None = first
        while start is not None:
            page: Page = await store.list(prefix, start=start, limit=PAGE_ENTRIES, revision=revision)
            if page.entries:
                yield [
                    entry for entry in page.entries if section is not Section.RESOURCES or is_resource_key(entry.key)
                ]
            start = page.next_key


def is_resource_key(key: str) -> bool:
    """Whether a resource lies there, of whatever kind."""
    parts = key.removeprefix(PATH_PREFIX).split("/")
    return len(parts) == 3 and all(parts) and not parts[0].startswith("_")
