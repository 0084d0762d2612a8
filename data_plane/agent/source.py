"""Where an agent's configuration comes from: a control plane, with the last good file before it, or files."""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from data_plane.agent import static_config
from data_plane.config.last_good import LastGoodFile, Saved
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import ConfigUpdate

POLL_SECONDS = 0.5
REST = 4  # rests so many times as long as the last write took: a fifth of the time is spent on writing, at most
RESTORE_TRIES = 5

logger = logging.getLogger(__name__)


class Target(Protocol):
    """Who serves the configuration: an agent."""

    resources: dict[str, bytes]

    async def apply(self, update: ConfigUpdate) -> Sequence[Rejection]:
        """Serve the update, or say which resources are to blame that nothing has changed."""


class StaticSource:
    """Files that are read again when they change; each reading is a revision."""

    def __init__(self, path: Path, target: Target) -> None:
        self._path = path
        self._target = target
        self._revision = 0
        self._seen = static_config.fingerprint(path)

    async def load(self) -> None:
        """Serve what the files say now.

        Raises:
            StaticConfigError: they say nothing that can be served.
        """
        resources = await asyncio.to_thread(static_config.load, self._path)
        held = self._target.resources
        self._revision += 1
        update = ConfigUpdate(
            epoch="static",
            revision=self._revision,
            content_hash=str(self._revision),
            changed={path: content for path, content in resources.items() if held.get(path) != content},
            removed=tuple(path for path in held if path not in resources),
        )
        rejections = await self._target.apply(update)
        if rejections:
            raise static_config.StaticConfigError(
                "; ".join(f"{rejection.path}: {rejection.reason}" for rejection in rejections[:10])
            )

    async def run(self) -> None:
        """Watch the files, for ever."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            seen = await asyncio.to_thread(static_config.fingerprint, self._path)
            if seen in (self._seen, ()):
                continue
            self._seen = seen
            try:
                await self.load()
                logger.info("static configuration loaded revision=%d", self._revision)
            except static_config.StaticConfigError as error:
                logger.error("static configuration refused; the last one is served on: %s", error)


async def restore(file: LastGoodFile, target: Target) -> ResourceSet:
    """Serve what the file holds, and return it; an empty set if it holds nothing that can be served."""
    resources = await asyncio.to_thread(file.load)
    served = await serve(resources, target) if resources is not None else ResourceSet()
    if served.payloads:
        logger.info("serving the last good configuration revision=%d", served.position.revision)
    return served


async def serve(resources: ResourceSet, target: Target) -> ResourceSet:
    """Serve a set that was kept, and return it; an empty set if nothing in it can be served.

    What was accepted once may be rejected by a newer release: it is left out, what needs it fails closed, and the
    control plane, told another content hash, sends it again.
    """
    for _ in range(RESTORE_TRIES):
        position = resources.position
        update = ConfigUpdate(position.epoch, position.revision, resources.content_hash.hex(), resources.payloads, ())
        rejections = await target.apply(update)
        if not rejections:
            return resources
        logger.error("resources of the kept configuration are rejected count=%d", len(rejections))
        resources.apply({rejection.path: None for rejection in rejections}, position)
    return ResourceSet()


class LastGoodSaver:
    """Writes the newest accepted set, one at a time, off the loop."""

    def __init__(self, file: LastGoodFile) -> None:
        self.saved_revision = 0
        self.failures = 0
        self._file = file
        self._resources: ResourceSet | None = None
        self._changed = asyncio.Event()

    def on_accepted(self, resources: ResourceSet) -> None:
        self._resources = resources
        self._changed.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._changed.wait()
            began = time.monotonic()
            await self.flush()
            await asyncio.sleep(REST * (time.monotonic() - began))

    async def flush(self) -> None:
        """Write what is still to be written. A failure is logged and counted; the next change tries again."""
        if self._resources is None or not self._changed.is_set():
            return
        self._changed.clear()
        saved = Saved.of(self._resources)
        try:
            await asyncio.to_thread(self._file.save, saved)
            self.saved_revision = saved.position.revision
        except OSError as error:
            self.failures += 1
            logger.error("the last good configuration cannot be written error=%s", error.strerror)
