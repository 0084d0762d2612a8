"""What one worker still has to be told: the newest state, never a queue."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from data_plane.agent.messages import CHUNK_BYTES, Accept, Changes, Commit

APPLY_SECONDS = 120.0  # for the largest set, on a busy machine


class WorkerDiffers(Exception):
    """The worker has made something else of the same resources: a bug."""


class Sender(Protocol):
    async def send(self, message: msgspec.Struct) -> None:
        """Send, and wait while the other side does not keep up."""


class Feed:
    """Begins with the whole accepted set. One update is in flight; what comes meanwhile is merged into the next."""

    def __init__(self, resources: Mapping[str, bytes], commit: Commit | None) -> None:
        self._pending: dict[str, bytes | None] = dict(resources)
        self._goal = commit
        self._told: Commit | None = None
        self.applied: Commit | None = None
        self._may_accept = False
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()

    def offer(self, changed: Mapping[str, bytes], removed: tuple[str, ...], commit: Commit) -> None:
        """Have these changes told, too."""
        self._pending.update(changed)
        self._pending.update(dict.fromkeys(removed))
        self._goal = commit
        self._changed.set()

    def accept(self) -> None:
        """Have the worker take connections once it serves what there is now."""
        self._may_accept = True
        self._changed.set()

    def on_applied(self, revision: int, content_hash: str) -> None:
        """The worker's answer.

        Raises:
            WorkerDiffers: it is not what was told.
        """
        told = self._told
        self._answered.set()
        if told is None or (told.revision, told.content_hash) != (revision, content_hash):
            raise WorkerDiffers(f"told {told}, applied revision={revision} hash={content_hash}")
        self.applied = told

    async def run(self, sender: Sender) -> None:
        """Tell the worker, until cancelled.

        Raises:
            ChannelClosed: from the sender.
            TimeoutError: the worker does not answer.
        """
        accepting = False
        while True:
            while self._goal is not None and self._goal != self._told:
                await self._tell(sender, self._goal)
            if self._may_accept and not accepting:
                accepting = True
                await sender.send(Accept())
            self._changed.clear()
            if self._goal == self._told and accepting == self._may_accept:
                await self._changed.wait()

    async def _tell(self, sender: Sender, goal: Commit) -> None:
        pending, self._pending = self._pending, {}
        self._told = goal
        self._answered.clear()
        for changes in chunks(pending):
            await sender.send(changes)
        await sender.send(goal)
        await asyncio.wait_for(self._answered.wait(), APPLY_SECONDS)


def chunks(pending: Mapping[str, bytes | None]) -> Iterator[Changes]:
    """The changes in messages of bounded size."""
    changed: dict[str, bytes] = {}
    removed: list[str] = []
    size = 0
    for path, content in pending.items():
        if content is None:
            removed.append(path)
        else:
            changed[path] = content
        size += len(path) + len(content or b"")
        if size >= CHUNK_BYTES:
            yield Changes(changed, removed)
            changed, removed, size = {}, [], 0
    if changed or removed:
        yield Changes(changed, removed)
