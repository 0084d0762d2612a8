"""Empties the spool into a collector: files are claimed, sent, and removed once the collector has confirmed them.

Runs beside all else: it waits where a collector is slow, and rests between the pieces that it encodes.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from isthmus.telemetry.v1.telemetry_pb2 import Delivery, Receipt

from data_plane.agent.renewal import Connection
from data_plane.agent.tls_files import TlsFiles, TlsMaterial
from data_plane.config.certificate import CertificateError
from data_plane.tasks import spawn
from data_plane.telemetry.delivery import Chunk, read_chunk, read_sums_file

DELIVER = "/isthmus.telemetry.v1.RecordCollector/Deliver"
CONNECT_SECONDS = 10.0
RECEIPT_SECONDS = 90.0  # without one while something is under way; a collector waits 60 for its store
STABLE_SECONDS = 10.0  # a stream that lasted so long makes the next wait short again
FIRST_WAIT_SECONDS = 0.2
MAX_WAIT_SECONDS = 15.0
POLL_SECONDS = 1.0  # between two looks into the spool
ADOPT_SECONDS = 10.0
FINISH_SECONDS = 5.0  # for the last records at the replica's end, if a collector is connected
WINDOW = 64  # deliveries under way: a full segment of the default spool
REST = 2  # rests so many times as long as encoding took: a third of one processor, at most

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Spool(Protocol):
    """What is emptied. Its methods block."""

    @property
    def has_records(self) -> bool:
        """Whether records wait that have not been claimed."""

    def claim_records(self) -> list[Path]:
        """Files of records to be sent, until each has been forgotten."""

    def claim_sums(self) -> list[Path]:
        """Files of sums, likewise."""

    def forget(self, path: Path) -> None:
        """A collector has stored what is in this file."""

    def adopt(self, folder: Path, *, is_last: bool) -> None:
        """Take what a spool has left that nobody writes to any more."""


class CollectorEnded(Exception):
    """The collector has ended the stream, and says why."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Files to be sent. `is_all`: there is nothing else that waits."""

    sums: list[Path]
    records: list[Path]
    is_all: bool


class OnDisk(Protocol):
    """Runs a function in the spool's one thread."""

    def __call__(self, function: Callable[[], Result]) -> Coroutine[None, None, Result]:
        """Its result."""


@dataclass(frozen=True, slots=True)
class Node:
    """Who sends, and where spools of its other processes lie."""

    name: str
    gateway: str
    spools: Path


@dataclass(slots=True)
class FeedCounters:
    """What happened since the start."""

    connects: int = 0
    failures: int = 0
    sent: int = 0  # records; what is sent again counts again
    acked: int = 0
    unusable: int = 0  # lines that no collector would take


@dataclass(slots=True)
class _Sent:
    """A delivery under way, and where in its file the next one begins."""

    sequence: int
    file: Path
    end: int
    records: int


class CollectorFeed:
    """Runs against `targets` (`host:port`), one at a time, for as long as `run` is not cancelled."""

    def __init__(
        self,
        spool: Spool,
        on_disk: OnDisk,
        node: Node,
        targets: Sequence[str],
        tls: TlsFiles,
        *,
        uniform: Callable[[float, float], float],
    ) -> None:
        self._spool = spool
        self._on_disk = on_disk
        self._node = node
        self._targets = tuple(targets)
        self._tls = tls
        self._uniform = uniform
        self._tries = 0  # since the last stable stream
        self._next = int(uniform(0, len(self._targets))) % len(self._targets)  # replicas spread over collectors
        self._acked: dict[Path, int] = {}  # how far a file that is claimed has been stored
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="collector-feed")
        self._hurry = asyncio.Event()
        self._finishes = 0  # how often `finish` was called
        self._is_empty = asyncio.Event()
        self._empty_at = time.monotonic()
        self.counters = FeedCounters()
        self.connected_to: str | None = None

    @property
    def lag_seconds(self) -> float:
        """For how long the oldest record that is not stored by a collector has been waiting, or a little less."""
        return time.monotonic() - self._empty_at

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._adopt_on())
            while True:
                target = self._targets[self._next % len(self._targets)]
                started = time.monotonic()
                try:
                    await self._stream(target)
                    continue  # over a connection with the new certificate
                except grpc.aio.AioRpcError as error:
                    reason = f"{error.code().name}: {error.details()}"
                except (CollectorEnded, CertificateError, TimeoutError, OSError, DecodeError) as error:
                    reason = str(error) or "no answer in time"
                finally:
                    self.connected_to = None
                if time.monotonic() - started > STABLE_SECONDS:
                    self._tries = 0
                self.counters.failures += 1
                self._next += 1
                wait_seconds = self._wait_seconds()
                logger.warning("collector_lost target=%s retry_seconds=%.2f reason=%r", target, wait_seconds, reason)
                await asyncio.sleep(wait_seconds)

    async def finish(self) -> None:
        """Send what there is now, as far as a collector that is connected takes it at once."""
        self._hurry.set()
        self._finishes += 1
        if self.connected_to is not None:
            self._is_empty.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_empty.wait(), FINISH_SECONDS)

    def _wait_seconds(self) -> float:
        """Full jitter: replicas that lost the same collector must not return at once."""
        longest = min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(self._tries, 16))
        self._tries += 1
        return self._uniform(0, longest)

    async def _stream(self, target: str) -> None:
        """Until there is a new certificate to connect with."""
        connection = Connection.to(target, await self._beside(self._tls.get))
        async with connection.channel as channel:
            async with asyncio.timeout(CONNECT_SECONDS):
                await channel.channel_ready()
            self.counters.connects += 1
            self.connected_to = target
            logger.info("collector_connected target=%s", target)
            await _Transfer(self, channel.stream_stream(DELIVER)(), connection.tls).run()

    # What a transfer asks for.

    async def claim(self) -> Claim:
        asked = self._finishes
        claim = await self._on_disk(self._claim)
        if not claim.sums and not claim.records and asked == self._finishes:  # else more may have come since we looked
            self._is_empty.set()
        return claim

    def on_empty(self, when: float) -> None:
        """What there was at that time is stored, all of it."""
        self._empty_at = when

    async def has_new_certificate(self, used: TlsMaterial) -> bool:
        return await self._beside(self._tls.get) != used

    def _claim(self) -> Claim:
        sums, records = self._spool.claim_sums(), self._spool.claim_records()
        return Claim(sums, records, not self._spool.has_records)

    async def read_records(self, file: Path, offset: int) -> Chunk | None:
        began = time.monotonic()
        chunk = await self._beside(lambda: read_chunk(file, offset, self._node.gateway))
        if not self._hurry.is_set():
            await asyncio.sleep(REST * (time.monotonic() - began))
        return chunk

    async def read_sums(self, file: Path) -> list[Delivery]:
        return await self._beside(lambda: read_sums_file(file, self._node.name))

    async def pause(self) -> None:
        """Until it is time to look into the spool again."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), POLL_SECONDS)
        if self._hurry.is_set():
            await asyncio.sleep(POLL_SECONDS / 10)

    def acked_of(self, file: Path) -> int:
        return self._acked.get(file, 0)

    def on_acked(self, sent: _Sent) -> None:
        self._acked[sent.file] = sent.end
        self.counters.acked += sent.records
        self._tries = 0

    async def forget(self, file: Path) -> None:
        await self._on_disk(lambda: self._spool.forget(file))
        self._acked.pop(file, None)

    async def _beside(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _adopt_on(self) -> None:
        """Take over what other processes of this replica have left: agents before, workers that outlived theirs."""
        while True:
            try:
                await self._on_disk(self._adopt)
            except OSError as error:
                logger.error("call records cannot be adopted error=%s", error.strerror)
            await asyncio.sleep(ADOPT_SECONDS)

    def _adopt(self) -> None:
        root = self._node.spools
        for folder in (root, *sorted(root.iterdir())):
            if folder.is_dir() and any(folder.glob("*.jsonl")):
                self._spool.adopt(folder, is_last=folder.name.startswith("orphan-"))


class _Transfer:
    """One stream: sends a file after the other, and hears how much is stored."""

    def __init__(
        self, feed: CollectorFeed, call: "grpc.aio.StreamStreamCall[bytes, bytes]", certificate: TlsMaterial
    ) -> None:
        self._feed = feed
        self._call = call
        self._certificate = certificate
        self._sequence = 0
        self._under_way: deque[_Sent] = deque()
        self._receipt = asyncio.Event()

    async def run(self) -> None:
        """Until there is a new certificate, with nothing under way.

        Raises:
            CollectorEnded, grpc.aio.AioRpcError, TimeoutError, OSError: what has been sent may be stored or not.
        """
        tasks = (spawn(self._hear()), spawn(self._send_on()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _send_on(self) -> None:
        while not await self._feed.has_new_certificate(self._certificate):
            claimed_at = time.monotonic()
            claim = await self._feed.claim()
            for file in claim.sums:
                for number, delivery in enumerate(await self._feed.read_sums(file)):
                    await self._send(delivery, file, number, 0)
                await self._forget(file)
            for file in claim.records:
                await self._send_records(file)
                await self._forget(file)
            if claim.is_all:
                self._feed.on_empty(claimed_at)
            if claim.is_all or not (claim.sums or claim.records):
                await self._feed.pause()

    async def _forget(self, file: Path) -> None:
        """All of it has been sent: once it is stored, it may go."""
        await self._settle(0)
        await self._feed.forget(file)

    async def _send_records(self, file: Path) -> None:
        offset = self._feed.acked_of(file)
        while (chunk := await self._feed.read_records(file, offset)) is not None:
            offset = chunk.end
            if chunk.unusable:
                self._feed.counters.unusable += chunk.unusable
                logger.error("call records cannot be sent count=%d: damaged, or another gateway's", chunk.unusable)
            await self._send(chunk.message, file, chunk.end, chunk.records)

    async def _send(self, delivery: Delivery, file: Path, end: int, records: int) -> None:
        await self._settle(WINDOW - 1)
        self._sequence += 1
        delivery.sequence = self._sequence
        self._under_way.append(_Sent(self._sequence, file, end, records))
        try:
            async with asyncio.timeout(RECEIPT_SECONDS):
                await self._call.write(delivery.SerializeToString())
        except asyncio.InvalidStateError:  # the stream has ended meanwhile
            raise await self._ended() from None
        self._feed.counters.sent += records

    async def _settle(self, under_way: int) -> None:
        """Wait until no more than so many deliveries are under way."""
        while len(self._under_way) > under_way:
            self._receipt.clear()
            async with asyncio.timeout(RECEIPT_SECONDS):
                await self._receipt.wait()

    async def _hear(self) -> None:
        while isinstance(message := await self._call.read(), bytes):  # the keepalive is its deadline
            sequence = Receipt.FromString(message).sequence
            while self._under_way and self._under_way[0].sequence <= sequence:
                self._feed.on_acked(self._under_way.popleft())
            self._receipt.set()
        raise await self._ended()

    async def _ended(self) -> CollectorEnded:
        return CollectorEnded(f"{(await self._call.code()).name}: {await self._call.details()}")
