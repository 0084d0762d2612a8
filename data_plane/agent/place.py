"""The place of one worker: always taken by a process that serves, whatever becomes of the one before."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, assert_never

import msgspec

from data_plane.agent.channel import ChannelClosed
from data_plane.agent.feed import Feed, WorkerDiffers
from data_plane.agent.messages import (
    Accepting,
    Applied,
    Drain,
    Draining,
    KeyPair,
    LameDuck,
    Listening,
    Records,
    Report,
    Start,
    Stored,
    ToAgent,
)
from data_plane.agent.sockets import Bound
from data_plane.agent.worker_process import WorkerProcess
from data_plane.tasks import spawn

SILENT_SECONDS = 30.0  # a worker reports once a second; one that does not for so long is stuck
EXIT_SECONDS = 5.0  # between the end of the line and the end of the process
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 10.0
STEADY_SECONDS = 5.0  # a worker that has served for so long did not fail at its start
REPLACE_SECONDS = 60.0  # for a new worker to serve, before its place stays with the one that it was to replace

logger = logging.getLogger(__name__)


class Replica(Protocol):
    """What a place needs of its agent."""

    @property
    def certificates(self) -> tuple[KeyPair, ...]:
        """From files, as they are now."""

    def new_feed(self) -> Feed:
        """A feed that begins with what is accepted now."""

    def on_report(self, pid: int, report: Report) -> None:
        """A worker's counters."""

    def on_end(self, pid: int) -> None:
        """A worker is gone."""

    async def store(self, records: Records) -> None:
        """Put call records into the spool; returns when they are there, or counted as lost."""

    def on_change(self) -> None:
        """A worker came, went or applied something."""


@dataclass(eq=False, slots=True)
class Worker:
    """One process in a place."""

    process: WorkerProcess
    feed: Feed
    freed: asyncio.Event  # it takes no more connections: the next may come
    gone: asyncio.Event
    settled: asyncio.Event  # it accepts, or is gone
    accepting: bool = False
    accepting_since: float | None = None  # monotonic
    draining: bool = False
    differs: bool = False
    apply_seconds: float = 0.0

    def has_served(self, seconds: float) -> bool:
        """Whether it has accepted connections for so long."""
        return self.accepting_since is not None and time.monotonic() - self.accepting_since > seconds


class Place:
    """Starts a worker, and the next when it drains, dies or is to be replaced.

    Each process has a task that reads and one that feeds.
    """

    def __init__(
        self,
        start: Start,
        bound: Sequence[Bound],
        replica: Replica,
        start_worker: Callable[[Sequence[int]], Coroutine[None, None, WorkerProcess]],
    ) -> None:
        self.number = start.worker
        self.restarts = 0
        self.workers: list[Worker] = []  # the last is the current one; those before are draining, or will be
        self._begun = 0
        listening = tuple(Listening(each.address, each.socket.fileno()) for each in bound)
        self._start = msgspec.structs.replace(start, listening=listening)
        self._replica = replica
        self._start_worker = start_worker
        self._is_leaving = False
        self._stopping = asyncio.Event()

    @property
    def current(self) -> Worker | None:
        worker = self.workers[-1] if self.workers else None
        return worker if worker and not worker.draining else None

    @property
    def is_serving(self) -> bool:
        """Whether a worker accepts and has configuration."""
        return any(worker.accepting and worker.feed.applied is not None for worker in self.workers)

    async def run(self) -> None:
        """Keep the place taken until `stop`, then wait for the processes to end."""
        failures = 0
        while not self._stopping.is_set():
            worker = self.current or await self._begin()
            if worker is not None:
                await worker.freed.wait()
            if self._stopping.is_set():
                break
            self.restarts += 1
            if self.current is not None:
                continue  # it was replaced
            if worker is not None and worker.draining and not worker.differs:
                failures = 0
                continue
            was_steady = worker is not None and worker.has_served(STEADY_SECONDS)
            failures = 1 if was_steady else failures + 1
            await self._pause(min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (failures - 1)))
        for worker in tuple(self.workers):
            await worker.gone.wait()

    async def replace(self) -> bool:
        """Start another worker on the same sockets, and drain the present one when the new one accepts.

        False: the new one has failed, and the present one serves on. A place whose worker is not up needs no other.
        """
        old = self.current
        if old is None or not old.accepting or self._stopping.is_set():
            return True
        new = await self._begin()
        if new is None:
            return False
        try:
            await asyncio.wait_for(new.settled.wait(), REPLACE_SECONDS)
        except TimeoutError:
            new.process.signal(signal.SIGKILL)
        if not new.accepting:
            logger.error("worker was not replaced: the new one does not serve worker=%d", self.number)
            return False
        old.process.channel.post(Drain())
        await old.freed.wait()
        return True

    def leave(self) -> None:
        """Have clients go elsewhere, while connections are still accepted."""
        self._is_leaving = True
        for worker in self.workers:
            worker.process.channel.post(LameDuck())

    def stop(self, *, at_once: bool = False) -> None:
        """Drain: let what is under way end, or cut it off, and start nothing more."""
        self._stopping.set()
        for worker in self.workers:
            worker.process.channel.post(Drain(at_once))

    def signal(self, number: int) -> None:
        for worker in self.workers:
            worker.process.signal(number)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _begin(self) -> Worker | None:
        try:
            process = await self._start_worker([each.descriptor for each in self._start.listening])
        except OSError as error:
            logger.error("worker cannot be started worker=%d error=%s", self.number, error)
            return None
        start = msgspec.structs.replace(
            self._start,
            incarnation=self._start.incarnation + self._begun,
            certificates=self._replica.certificates,
        )
        self._begun += 1
        worker = Worker(process, self._replica.new_feed(), asyncio.Event(), asyncio.Event(), asyncio.Event())
        self.workers.append(worker)
        process.channel.post(start)
        if self._is_leaving:
            process.channel.post(LameDuck())
        if self._stopping.is_set():
            process.channel.post(Drain())
        logger.info("worker started worker=%d pid=%d", self.number, process.pid)
        spawn(self._attend(worker))
        return worker

    async def _attend(self, worker: Worker) -> None:
        feeding = spawn(self._feed(worker))
        try:
            while True:
                async with asyncio.timeout(SILENT_SECONDS):
                    message = await worker.process.channel.receive()
                await self._on_message(worker, message)
        except ChannelClosed:
            pass  # how every worker ends; its exit status says more
        except TimeoutError:
            logger.error("worker is stuck worker=%d pid=%d", self.number, worker.process.pid)
            worker.process.signal(signal.SIGKILL)
        finally:
            feeding.cancel()
            await self._bury(worker)

    async def _feed(self, worker: Worker) -> None:
        try:
            await worker.feed.run(worker.process.channel)
        except ChannelClosed:
            pass  # the reading task sees it, too
        except TimeoutError:
            logger.error("worker does not apply what it is told worker=%d", self.number)
            worker.process.signal(signal.SIGKILL)

    async def _on_message(self, worker: Worker, message: ToAgent) -> None:
        match message:
            case Report():
                self._replica.on_report(worker.process.pid, message)
            case Records():
                await self._replica.store(message)
                worker.process.channel.post(Stored(message.sequence))
            case Applied():
                self._on_applied(worker, message)
            case Accepting():
                worker.accepting, worker.accepting_since = True, time.monotonic()
                worker.settled.set()
                self._replica.on_change()
            case Draining():
                worker.accepting, worker.draining = False, True
                worker.freed.set()
                self._replica.on_change()
            case _:
                assert_never(message)

    def _on_applied(self, worker: Worker, applied: Applied) -> None:
        worker.apply_seconds = applied.seconds
        try:
            worker.feed.on_applied(applied.revision, applied.content_hash)
        except WorkerDiffers as error:
            logger.error("worker differs from the agent; it is replaced worker=%d %s", self.number, error)
            worker.differs = True
            worker.process.channel.post(Drain())  # what it serves may be wrong, but what it has begun may end
        self._replica.on_change()

    async def _bury(self, worker: Worker) -> None:
        process = worker.process
        process.channel.close()
        worker.accepting = False
        try:
            status = await asyncio.wait_for(process.wait(), EXIT_SECONDS)
        except TimeoutError:
            process.signal(signal.SIGKILL)
            status = await process.wait()
        level = logging.INFO if status == 0 else logging.ERROR
        logger.log(level, "worker ended worker=%d pid=%d status=%d", self.number, process.pid, status)
        self.workers.remove(worker)
        self._replica.on_end(process.pid)
        for event in (worker.settled, worker.freed, worker.gone):
            event.set()
        self._replica.on_change()
