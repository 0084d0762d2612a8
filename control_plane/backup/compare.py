"""Compares a backup's records with what the store has, side by side in the order of their keys."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from control_plane.store.base import Entry


@dataclass(frozen=True, slots=True)
class Difference:
    """One key: what the backup has, what the store has; None: nothing."""

    key: str
    wanted: bytes | None
    stored: Entry | None

    @property
    def is_none(self) -> bool:
        return self.stored is not None and self.wanted == self.stored.value


async def side_by_side(
    records: AsyncIterator[tuple[str, bytes]], pages: AsyncIterator[Sequence[Entry]]
) -> AsyncIterator[Difference]:
    """Every key of either side, once, in order. Both sides come in ascending order of their keys."""
    stored = _entries(pages)
    record, entry = await anext(records, None), await anext(stored, None)
    while record is not None or entry is not None:
        if record is not None and (entry is None or record[0] < entry.key):
            yield Difference(record[0], record[1], None)
            record = await anext(records, None)
        elif entry is not None and (record is None or entry.key < record[0]):
            yield Difference(entry.key, None, entry)
            entry = await anext(stored, None)
        elif record is not None and entry is not None:
            yield Difference(entry.key, record[1], entry)
            record, entry = await anext(records, None), await anext(stored, None)


async def _entries(pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[Entry]:
    async for page in pages:
        for entry in page:
            yield entry
