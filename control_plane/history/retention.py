"""Lets the history forget: the last 50 versions of a resource are kept, each for 90 days after it was replaced."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from control_plane.history.entry import moment_of, parse_record
from control_plane.store.base import Compare, Delete, Entry, Store
from control_plane.store.keys import HISTORY_PREFIX
from control_plane.store.writer import Now, utc_now

MAX_VERSIONS = 50
MAX_AGE = timedelta(days=90)
PERIOD_SECONDS = 3600.0
PAGE_ENTRIES = 500
DELETES_AT_ONCE = 100


class HistoryRetention:
    """A duty of the leader."""

    name = "history_retention"
    period_seconds = PERIOD_SECONDS

    def __init__(self, store: Store, *, now: Now = utc_now) -> None:
        self._store = store
        self._now = now

    async def run(self, fence: Compare) -> None:
        """Remove what need not be kept."""
        start, open_group = "", list[Entry]()
        while True:
            page = await self._store.list(HISTORY_PREFIX, start=start, limit=PAGE_ENTRIES)
            groups = [list(group) for _, group in groupby([*open_group, *page.entries], key=_path_of)]
            # A resource's versions may go on in the next page; only then is it known which are the newest.
            open_group = groups.pop() if groups and page.next_key is not None else []
            await self._remove([entry.key for group in groups for entry in forgotten(group, self._now())], fence)
            if page.next_key is None:
                return
            start = page.next_key

    async def _remove(self, keys: Sequence[str], fence: Compare) -> None:
        for index in range(0, len(keys), DELETES_AT_ONCE):
            await self._store.transact([fence], [Delete(key) for key in keys[index : index + DELETES_AT_ONCE]])


def forgotten(entries: Sequence[Entry], now: datetime) -> Iterator[Entry]:
    """Which versions of one resource need not be kept."""
    oldest = int((now - MAX_AGE).timestamp() * 1000)
    replaced: int | None = None  # when; the newest version has not been
    for number, entry in enumerate(sorted(entries, key=lambda entry: -entry.revision)):
        moment = moment_of(entry.key)
        if replaced is None and (record := parse_record(entry.value)) and record.action == "deleted":
            replaced = moment  # of a deleted resource, nothing is kept in the end
        if number >= MAX_VERSIONS or (replaced is not None and replaced < oldest):
            yield entry
        replaced = moment


def _path_of(entry: Entry) -> str:
    return entry.key.rpartition("/")[0]
