"""The control planes that run now, each a small key under a lease: while an older one runs, nothing is written that it
could not read.
"""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass

from config_schemas.canonical import PATH_PREFIX
from config_schemas.version import SCHEMA_VERSION
from control_plane.store.base import Compare, Conflict, LeaseEnded, Put, Store, StoreError

MEMBERS_PREFIX = f"{PATH_PREFIX}_control_planes/"
LEASE_SECONDS = 15
PERIOD_SECONDS = 3.0  # how old the picture of the others may be
MAX_MEMBERS = 1_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A control plane that runs."""

    name: str
    version: str
    schema_version: int = SCHEMA_VERSION


class Members:
    """`run` announces this control plane and looks at the others."""

    def __init__(self, store: Store, own: Member) -> None:
        self._store = store
        self.own = own
        self._lease = 0
        self._seen: tuple[Member, ...] = ()

    def all(self) -> tuple[Member, ...]:
        """Those that run, by name; this one also before it is announced."""
        others = {member.name: member for member in self._seen}
        return tuple(sorted((others | {self.own.name: self.own}).values(), key=lambda member: member.name))

    def oldest(self) -> tuple[int, tuple[str, ...]]:
        """The lowest schema version of a control plane, and which have it."""
        members = self.all()
        oldest = min(member.schema_version for member in members)
        return oldest, tuple(member.name for member in members if member.schema_version == oldest)

    async def run(self) -> None:
        """Until cancelled; then our key goes."""
        try:
            while True:
                try:
                    await self._announce()
                    self._seen = await self._look()
                except StoreError as error:
                    logger.warning("members_not_written reason=%r", str(error))
                await asyncio.sleep(PERIOD_SECONDS)
        finally:
            await self._leave()

    async def _announce(self) -> None:
        if self._lease and await self._store.renew_lease(self._lease):
            return
        self._lease = await self._store.grant_lease(LEASE_SECONDS)
        key = MEMBERS_PREFIX + self.own.name
        there = await self._store.get(key)  # of one before us with our name
        put = Put(key, json.dumps(asdict(self.own)).encode(), self._lease)
        try:
            await self._store.transact([Compare(key, there.revision if there else 0)], [put])
        except (Conflict, LeaseEnded):
            await self._leave()  # the next round tries again

    async def _look(self) -> tuple[Member, ...]:
        page = await self._store.list(MEMBERS_PREFIX, limit=MAX_MEMBERS)
        found = (parse_member(entry.key.removeprefix(MEMBERS_PREFIX), entry.value) for entry in page.entries)
        return tuple(member for member in found if member)

    async def _leave(self) -> None:
        lease, self._lease = self._lease, 0
        if not lease:
            return
        try:
            await self._store.revoke_lease(lease)
        except StoreError as error:
            logger.warning("members_lease_kept reason=%r", str(error))


def parse_member(name: str, value: bytes) -> Member | None:
    """None: the record cannot be read. A newer control plane may have written more than we know."""
    try:
        match json.loads(value):
            case {"version": str(version), "schema_version": int(schema_version)}:
                return Member(name, version, schema_version)
    except ValueError:
        pass
    return None
