"""How a replica that has nothing starts while the control planes are away: from a snapshot in a file or at a URL."""

import asyncio
import logging
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import aiohttp
from yarl import URL

from config_schemas.sealed_snapshot import Unusable
from data_plane.agent.agent import Agent
from data_plane.agent.discovery import Discovery
from data_plane.agent.messages import Commit
from data_plane.agent.source import serve
from data_plane.config.last_good import Opener
from data_plane.config.resource_set import ResourceSet

FETCH_SECONDS = 60.0  # for a whole snapshot
CONNECT_SECONDS = 5.0
MAX_BYTES = 1024 * 1024 * 1024  # as much as the discovery protocol brings in one update
MEMORY_BYTES = 32 * 1024 * 1024
READ_BYTES = 256 * 1024
FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
CONFIRM_SECONDS = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a snapshot lies: a path, or an http or https URL. `authority` None: the system's roots."""

    text: str
    authority: Path | None = None

    @property
    def url(self) -> URL | None:
        return URL(self.text) if self.text.startswith(("http://", "https://")) else None

    def __str__(self) -> str:
        """For logs: without user and query, which may hold what proves us."""
        return str(self.url.with_user(None).with_query(None)) if self.url else self.text


class Bootstrap:
    """Waits for a control plane for `wait_seconds`, then serves the snapshot, and goes on asking control planes.

    It is asked for only while nothing is served, so it never replaces what a control plane gave. Like a last good file
    it binds the replica to its store's epoch: a store that lost its content does not empty the replica.
    """

    def __init__(
        self,
        location: Location,
        opener: Opener,
        *,
        scratch: Path,
        wait_seconds: float,
        uniform: Callable[[float, float], float],
    ) -> None:
        """`scratch`: a folder for what is too large for memory while it comes."""
        self.failures = 0
        self._scratch = scratch
        self._location = location
        self._opener = opener
        self._wait_seconds = wait_seconds
        self._uniform = uniform
        self._commit: Commit | None = None

    def is_served(self, agent: Agent) -> bool:
        """Whether the replica serves the snapshot, and no control plane has replaced or confirmed it yet."""
        return self._commit is not None and agent.served.commit is self._commit

    async def run(self, discovery: Discovery, agent: Agent) -> None:
        """Have `discovery` run, for ever; what it raises ends it."""
        async with asyncio.TaskGroup() as group:
            following = group.create_task(discovery.run())
            resources = await self._obtain_if_left_alone(discovery, agent)
            if resources is None:
                return  # the group waits for discovery
            # No stream is open: what is cancelled is an attempt, or the wait for the next one.
            following.cancel()
            await asyncio.wait([following])
            served = await serve(resources, agent)
            if served.payloads:
                self._commit = agent.served.commit
                logger.info("serving the bootstrap snapshot location=%s", self._location)
            else:
                self._fail("nothing in it can be served")
            discovery.start_from(served)
            group.create_task(discovery.run())
            while self._commit is not None:
                await asyncio.sleep(CONFIRM_SECONDS)
                if discovery.is_current:
                    self._commit = None

    async def _obtain_if_left_alone(self, discovery: Discovery, agent: Agent) -> ResourceSet | None:
        """The snapshot, once no control plane has answered for so long; None: one has."""
        longest = FIRST_WAIT_SECONDS
        while await self._is_left_alone(discovery, agent):
            try:
                resources = await self._obtain()
            except (Unusable, OSError, aiohttp.ClientError, TimeoutError) as error:
                self._fail(str(error) or "it did not come in time")
                await asyncio.sleep(self._uniform(0, longest))
                longest = min(MAX_WAIT_SECONDS, longest * 2)
                continue
            if not _has_answer(discovery, agent):
                return resources
        return None

    async def _is_left_alone(self, discovery: Discovery, agent: Agent) -> bool:
        """True: no control plane has answered for so long. False: one has given us something to serve."""
        last = time.monotonic()
        while agent.served.commit is None:
            if discovery.connected_to is not None:
                last = time.monotonic()
            elif time.monotonic() - last >= self._wait_seconds:
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _obtain(self) -> ResourceSet:
        url = self._location.url
        if url is None:
            return await asyncio.to_thread(self._open, Path(self._location.text))
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(self._scratch)) as spooled:
            file = cast(BinaryIO, spooled)  # it has all that a binary file has
            await self._fetch(url, file)
            file.seek(0)
            return await asyncio.to_thread(self._opener.open, file)

    def _open(self, path: Path) -> ResourceSet:
        if path.stat().st_size > MAX_BYTES:
            raise Unusable(f"it has more than {MAX_BYTES} bytes")
        with path.open("rb") as file:
            return self._opener.open(file)

    async def _fetch(self, url: URL, file: BinaryIO) -> None:
        """Download into a file; it is as sealed there as where it comes from."""
        authority = self._location.authority
        trust = ssl.create_default_context(cafile=str(authority) if authority else None)
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS, connect=CONNECT_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, ssl=trust, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise Unusable(f"the server answers {answer.status}")
            size = 0
            async for piece in answer.content.iter_chunked(READ_BYTES):
                size += len(piece)
                if size > MAX_BYTES:
                    raise Unusable(f"it has more than {MAX_BYTES} bytes")
                await asyncio.to_thread(file.write, piece)

    def _fail(self, reason: str) -> None:
        self.failures += 1
        logger.error("bootstrap_snapshot_unusable location=%s reason=%r", self._location, reason)


def _has_answer(discovery: Discovery, agent: Agent) -> bool:
    return discovery.connected_to is not None or agent.served.commit is not None
