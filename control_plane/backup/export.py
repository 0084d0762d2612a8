"""Makes a backup of the store, at one revision, piece by piece."""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from config_schemas.canonical import PATH_PREFIX
from config_schemas.version import SCHEMA_VERSION
from control_plane.audit.log import timestamp
from control_plane.backup.contents import pages
from control_plane.backup.file import Header, Section, Writer
from control_plane.distribution.epoch import EPOCH_KEY, parse_epoch
from control_plane.secrets.sealer import Sealer, sealed_under
from control_plane.store.base import Entry, Store, UnderRestore
from control_plane.store.keys import RESTORE_KEY, SEAL_CHECK_KEY, find_resource_name

ALWAYS = (Section.SYSTEM, Section.TOKENS, Section.RESOURCES)


@dataclass(frozen=True, slots=True)
class Options:
    """What goes beside resources and tokens."""

    history: bool = True
    audit: bool = True

    @property
    def sections(self) -> tuple[Section, ...]:
        chosen = {*ALWAYS, *((Section.HISTORY,) if self.history else ()), *((Section.AUDIT,) if self.audit else ())}
        return tuple(sorted(chosen))


class Exporter:
    """`release` is this control plane's."""

    def __init__(self, store: Store, sealer: Sealer, release: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._sealer = sealer
        self._release = release
        self._now = now

    async def pieces(self, options: Options) -> AsyncIterator[bytes]:
        """The backup file. Every page is of the revision of the first; nothing of it is opened.

        Raises:
            UnderRestore: the store is between two sets.
            Compacted: it took longer than the store keeps old revisions.
        """
        page = await self._store.list(EPOCH_KEY, limit=1)
        revision = page.revision
        if (await self._store.list(RESTORE_KEY, limit=1, revision=revision)).entries:
            raise UnderRestore
        epoch = parse_epoch(page.entries[0].value) if page.entries else None
        writer, master_keys = Writer(), {self._sealer.key_id}
        header = Header(
            secrets.token_hex(8),
            timestamp(self._now()),
            epoch.name if epoch else "",
            revision,
            SCHEMA_VERSION,
            self._release,
            tuple(section.name.lower() for section in options.sections),
        )
        yield writer.begin(header)
        for section in options.sections:
            async for entries in pages(self._store, section, revision):
                if section in (Section.SYSTEM, Section.RESOURCES):
                    master_keys.update(_master_keys(entries))
                for piece in writer.chunks(section, ((_name(entry), entry.value) for entry in entries)):
                    yield piece
        yield writer.end(master_keys, self._sealer.sign)


def _name(entry: Entry) -> str:
    return entry.key.removeprefix(PATH_PREFIX)


def _master_keys(entries: Sequence[Entry]) -> Iterator[str]:
    """The ids of the keys that sealed what is in these entries."""
    for entry in entries:
        name = find_resource_name(entry.key)
        if entry.key == SEAL_CHECK_KEY:
            values = [entry.value.decode(errors="replace")]
        elif name is not None and name.kind == "Secret":
            values = sealed_values(entry.value)
        else:
            continue
        yield from (key_id for value in values if (key_id := sealed_under(value)))


def sealed_values(payload: bytes) -> list[str]:
    """The values of a stored Secret; none if it is not one that can be read."""
    try:
        data = json.loads(payload)["spec"]["data"]
        return [str(value) for value in data.values()]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []
