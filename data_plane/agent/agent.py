"""The parent process of a replica: what exists once, and the workers."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from data_plane.agent import presence
from data_plane.agent.feed import Feed
from data_plane.agent.messages import Certificates, Commit, KeyPair, Records, Report, Start
from data_plane.agent.place import Place, Worker
from data_plane.agent.sockets import Sockets
from data_plane.agent.totals import Totals
from data_plane.agent.worker_process import WorkerProcess
from data_plane.config.rejection import Rejection
from data_plane.config.subscriber import ConfigUpdate
from data_plane.observability.delta import Delta
from data_plane.observability.metrics import SECONDS, Definition, Histogram
from data_plane.telemetry.spool import Spool

SERVED_SECONDS = 2.0  # how long an ack waits for the workers; one that is stuck must not hold back the next change
SAVE_SECONDS = 5.0
CUT_SECONDS = 3.0  # for workers to flush when they are told to end at once
EXTRA_SECONDS = 5.0  # beyond the drain, before workers that do not end are killed

APPLY_SECONDS = Definition(
    "isthmus_config_apply_seconds",
    "histogram",
    "From an update's arrival until all workers served it.",
    (),
    SECONDS,
)

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Configuration(Protocol):
    """Compiles what is to be served, as the workers will."""

    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        """Take the changes, or say which resources are to blame that nothing has changed. Lets other work run."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent works with."""

    configuration: Configuration
    spool: Spool
    sockets: Sockets
    start_worker: Callable[[Sequence[int]], Coroutine[None, None, WorkerProcess]]
    leave_seconds: float = 0.0  # between the end of readiness and the end of accepting


@dataclass(slots=True)
class Served:
    """What the replica serves, and how that came about."""

    commit: Commit | None = None
    since: float = 0.0  # monotonic
    accepted: int = 0  # updates since the start
    rejected: int = 0


class Agent:
    """Owns sockets, workers, spool and totals. Updates come in by `apply`, one at a time."""

    def __init__(self, start: Start, parts: Parts) -> None:
        self.totals = Totals()
        self.served = Served()
        self.resources: dict[str, bytes] = {}
        self.certificates: tuple[KeyPair, ...] = ()
        self.draining = False
        self.failed_upgrades = 0
        self.lost_records = 0  # by workers, before they reached the spool
        self.spool = parts.spool
        self.on_last_record: Callable[[], Awaitable[None]] | None = None  # no more come; the spool is still open
        self._configuration = parts.configuration
        self._apply_seconds = Histogram()
        self._start = start
        self._sockets = parts.sockets
        self._data_dir = Path(start.data_dir)
        self._has_orphans = presence.has_orphans(self._data_dir)
        self.is_up = asyncio.Event()  # all workers serve, or have once
        self._is_open = False
        self._is_replacing = False
        self._are_told = False  # the workers, to drain
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()
        self._leave_seconds = parts.leave_seconds
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")  # one thread: the spool has one writer
        self.places = tuple(
            Place(msgspec.structs.replace(start, worker=number), bound, self, parts.start_worker)
            for number, bound in enumerate(parts.sockets.places)
        )

    # Configuration.

    async def apply(self, update: ConfigUpdate) -> Sequence[Rejection]:
        """Have the workers serve the update, unless resources of it are rejected: then nothing changes.

        Returns when all workers that serve now serve the update, or after a bounded time.
        """
        began = time.monotonic()
        rejections = await self._configuration.apply(update.changed, update.removed, update.revision)
        if rejections:
            self.served.rejected += 1
            return rejections
        for path in update.removed:
            self.resources.pop(path, None)
        self.resources.update(update.changed)
        commit = Commit(update.epoch, update.revision, update.content_hash)
        self.served.commit = commit
        self.served.since = time.monotonic()
        self.served.accepted += 1
        for worker in self._workers():
            worker.feed.offer(update.changed, update.removed, commit)
            worker.feed.accept()
        if not await self._all_serve(commit):
            logger.warning("workers are slow to serve a change revision=%d", update.revision)
        self._apply_seconds.observe(time.monotonic() - began)
        if taken := self._apply_seconds.take():
            self.totals.add([Delta(APPLY_SECONDS.name, [], *taken)])
        return ()

    async def _all_serve(self, commit: Commit) -> bool:
        deadline = time.monotonic() + SERVED_SECONDS
        while any(worker.accepting and worker.feed.applied != commit for worker in self._workers()):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
            except TimeoutError:
                return False
        return True

    def open(self) -> None:
        """What is on disk is loaded. Without configuration workers answer 503 from now on, unless workers of an earlier
        agent still serve what it had."""
        if not self._has_orphans:
            self._is_open = True
            for worker in self._workers():
                worker.feed.accept()

    # What places ask for.

    def new_feed(self) -> Feed:
        feed = Feed(self.resources, self.served.commit)
        if self.served.commit is not None or self._is_open:
            feed.accept()
        return feed

    def on_report(self, pid: int, report: Report) -> None:
        self.totals.add(report.deltas)
        self.totals.set_gauges(pid, report.gauges)
        self.lost_records += report.lost_records

    def on_end(self, pid: int) -> None:
        self.totals.drop_gauges(pid)

    async def store(self, records: Records) -> None:
        await self.on_disk(lambda: self.spool.append(records.lines, records.count))

    async def on_disk(self, function: Callable[[], Result]) -> Result:
        """Run this in the one thread that uses the spool."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, function)

    def on_change(self) -> None:
        self._changed.set()
        if not self.is_up.is_set() and self.is_served_by_all():
            self.is_up.set()
            presence.take_over(self._data_dir, self._start.agent)

    def is_served_by_all(self) -> bool:
        """Whether each place has a worker that accepts and has configuration."""
        return all(place.is_serving for place in self.places)

    def serving(self) -> int:
        """In how many places a worker accepts and has configuration."""
        return sum(place.is_serving for place in self.places)

    def set_certificates(self, certificates: tuple[KeyPair, ...]) -> None:
        """Have the workers take these from files, in place of those before."""
        self.certificates = certificates
        for worker in self._workers():
            worker.process.channel.post(Certificates(certificates))

    def _workers(self) -> list[Worker]:
        return [worker for place in self.places for worker in place.workers if not worker.draining]

    # Life.

    def stop(self) -> None:
        """Drain and end; the second time, at once."""
        if self.draining:
            self._stop_now.set()
            for place in self.places if self._are_told else ():
                place.stop(at_once=True)
        self.draining = True
        self._stop.set()

    def hand_over(self) -> None:
        """Drain at once: another agent's workers accept on our sockets."""
        self._leave_seconds = 0.0
        if not self.draining:
            self.stop()

    async def replace_workers(self) -> None:
        """Put new processes in place of all workers, one after the other, while connections are accepted on.

        The first that cannot be replaced ends it.
        """
        if self.draining or self._is_replacing:
            return
        self._is_replacing = True
        try:
            for place in self.places:
                if not await place.replace():
                    return
            logger.info("workers replaced count=%d", len(self.places))
        finally:
            self._is_replacing = False

    async def run(self) -> None:
        """Keep the workers running until `stop`, then until they have drained."""
        async with asyncio.TaskGroup() as group:
            saving = group.create_task(self._save_on())
            places = [group.create_task(place.run()) for place in self.places]
            await self._stop.wait()
            await self._leave()
            logger.info("draining seconds=%g", self._start.drain_seconds)
            # Ours goes first: what the kernel went on to queue for it would wait for nobody, and be reset at our end.
            self._sockets.close()
            self._are_told = True
            for place in self.places:
                place.stop(at_once=self._stop_now.is_set())
            _, late = await asyncio.wait(places, timeout=self._start.drain_seconds + EXTRA_SECONDS)
            if late:
                logger.error("workers do not end; killing them")
                for place in self.places:
                    place.signal(signal.SIGKILL)
            saving.cancel()
        if self.on_last_record is not None:
            await self.on_last_record()
        await asyncio.get_running_loop().run_in_executor(self._disk, self.spool.close)
        self._disk.shutdown()

    async def _leave(self) -> None:
        """Accept on for a while, for load balancers to see that we are not ready; the second `stop` ends it."""
        if self._leave_seconds:
            logger.info("leaving seconds=%g", self._leave_seconds)
            for place in self.places:
                place.leave()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop_now.wait(), self._leave_seconds)

    async def _save_on(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await asyncio.get_running_loop().run_in_executor(self._disk, self.spool.save)
