"""The life of a worker: load, accept, apply changes, report, drain. What it does with traffic is its owner's."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, assert_never

import msgspec

from data_plane.agent import orphans, presence
from data_plane.agent.channel import Channel, ChannelClosed
from data_plane.agent.messages import (
    Accept,
    Accepting,
    Applied,
    Certificates,
    Changes,
    Commit,
    Drain,
    Draining,
    KeyPair,
    LameDuck,
    Records,
    Report,
    Start,
    Stored,
    ToWorker,
)
from data_plane.config.rejection import Rejection
from data_plane.telemetry.sender import Sender
from data_plane.telemetry.spool import Spool

REPORT_SECONDS = 1.0
SEND_SECONDS = 0.2
TAKEOVER_SECONDS = 0.5
LAST_WORD_SECONDS = 3.0  # for the agent to store the last records
ORPHAN_SPOOL_BYTES = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


class Configuration(Protocol):
    """Compiles what the agent has accepted, and serves it."""

    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        """Serve the changes, or say what is wrong with them. Lets other work run meanwhile."""


class Traffic(Protocol):
    """The listener and what hangs on it."""

    async def accept(self) -> None:
        """Begin to take connections."""

    def use_certificates(self, certificates: Sequence[KeyPair]) -> None:
        """Take these from files for connections from now on, in place of those before."""

    async def on_configuration(self) -> None:
        """The configuration has changed: take over what of it is about listeners. Lets other work run meanwhile."""

    def leave(self) -> None:
        """Close each connection after its next answer, and accept on."""

    async def drain(self, seconds: float) -> None:
        """Take no more connections; return when the last exchange has ended, or after so long."""

    def cut_off(self) -> None:
        """Make a drain that is under way end now."""


class Worker:
    """Ends by itself after a drain: asked for by the agent, by SIGTERM, or by the successor of an agent that died."""

    def __init__(
        self,
        channel: Channel[ToWorker],
        configuration: Configuration,
        traffic: Traffic,
        sender: Sender,
        report: Callable[[], Report],
    ) -> None:
        self._channel = channel
        self._configuration = configuration
        self._traffic = traffic
        self._sender = sender
        self._report = report
        self._draining = asyncio.Event()
        self._stored = asyncio.Event()
        self._spool: Spool | None = None  # of an orphan: from then on nothing is said to the agent
        self._told: Commit | None = None
        self._changed: dict[str, bytes | None] = {}
        self._news = asyncio.Event()
        self._may_accept = False

    def stop(self) -> None:
        """Drain; while draining, cut off what is still under way."""
        if self._draining.is_set():
            self._traffic.cut_off()
        self._draining.set()

    async def run(self, start: Start) -> None:
        """Live until drained. A fault of our own ends us at once: the agent starts another."""
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen_to_agent(start))
                others = [group.create_task(each) for each in (self._apply_changes(), self._report_on())]
                sending = group.create_task(self._send_records_on())
                await self._draining.wait()
                self._post(Draining())
                await self._traffic.drain(start.drain_seconds)
                for task in (*others, sending):
                    task.cancel()
                self._post(self._report())
                await self._send_last_records()
                listening.cancel()
        finally:
            await self._channel.flush_and_close(LAST_WORD_SECONDS)
            if self._spool is not None:
                self._spool.close()

    async def _listen_to_agent(self, start: Start) -> None:
        try:
            while True:
                self._on_message(await self._channel.receive())
        except ChannelClosed:
            await self._outlive_agent(start)

    def _on_message(self, message: ToWorker) -> None:
        match message:
            case Changes():
                self._changed.update(message.changed)
                self._changed.update(dict.fromkeys(message.removed))
            case Commit():
                self._told = message
                self._news.set()
            case Accept():
                self._may_accept = True
                self._news.set()
            case Certificates() | LameDuck() | Drain():
                self._pass_on(message)
            case Stored():
                self._sender.on_stored(message.sequence)
                self._stored.set()
            case Start():
                raise ValueError("a worker is started once")
            case _:
                assert_never(message)

    def _pass_on(self, message: Certificates | LameDuck | Drain) -> None:
        if isinstance(message, Certificates):
            self._traffic.use_certificates(message.certificates)
        elif isinstance(message, LameDuck):
            self._traffic.leave()
        else:
            if message.at_once:
                self._traffic.cut_off()
            self._draining.set()

    async def _apply_changes(self) -> None:
        """One commit at a time. The agent sends the next only after our answer, so nothing piles up here."""
        accepting = False
        while True:
            await self._news.wait()
            self._news.clear()
            commit, self._told = self._told, None
            if commit is not None:
                began = time.monotonic()
                changes, self._changed = self._changed, {}
                changed = {path: content for path, content in changes.items() if content is not None}
                removed = [path for path, content in changes.items() if content is None]
                rejections = await self._configuration.apply(changed, removed, commit.revision)
                await self._traffic.on_configuration()
                content_hash = commit.content_hash
                if rejections:  # by the same code that made the agent accept them
                    content_hash = "rejected " + ", ".join(rejection.path for rejection in rejections[:10])
                self._post(Applied(commit.revision, content_hash, time.monotonic() - began))
            if self._may_accept and not accepting and not self._draining.is_set():
                accepting = True
                await self._traffic.accept()
                self._post(Accepting())

    async def _report_on(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._post(self._report())

    async def _send_records_on(self) -> None:
        loop = asyncio.get_running_loop()

        def send_soon() -> None:
            loop.call_soon(self._send_records)

        self._sender.on_many = send_soon
        while True:
            await asyncio.sleep(SEND_SECONDS)
            self._send_records()

    def _send_records(self) -> None:
        for batch in self._sender.next_batches():
            self._post(Records(batch.sequence, batch.count, batch.lines))
        if self._spool is not None:
            self._write_unstored(self._spool)

    async def _send_last_records(self) -> None:
        self._send_records()
        deadline = time.monotonic() + LAST_WORD_SECONDS
        while self._sender.unstored() and self._spool is None and time.monotonic() < deadline:
            self._stored.clear()
            try:
                await asyncio.wait_for(self._stored.wait(), deadline - time.monotonic())
            except TimeoutError:
                break
        self._send_records()  # an agent that died meanwhile has made us write them ourselves

    async def _outlive_agent(self, start: Start) -> None:
        """Go on serving without an agent, until another one's workers serve."""
        self._channel.close()
        if not self._may_accept:
            self._draining.set()  # we never served: nobody misses us
        folder = Path(start.data_dir) / "records" / f"orphan-{os.getpid()}"
        self._spool = Spool(folder, ORPHAN_SPOOL_BYTES)
        self._stored.set()
        logger.warning("the agent is gone; serving on until another takes over worker=%d", start.worker)
        async with asyncio.TaskGroup() as group:
            lend = orphans.lend(Path(start.data_dir), start.listening, lambda: not self._draining.is_set())
            lending = group.create_task(lend)
            while True:
                await asyncio.sleep(TAKEOVER_SECONDS)
                if presence.is_replaced(Path(start.data_dir), start.agent):
                    break
            lending.cancel()
        logger.info("another agent's workers serve; draining worker=%d", start.worker)
        self._draining.set()

    def _post(self, message: msgspec.Struct) -> None:
        if self._spool is None:
            self._channel.post(message)

    def _write_unstored(self, spool: Spool) -> None:
        """On the loop: without an agent there is no better place, and an orphan does not live long."""
        for batch in self._sender.unstored():
            spool.append(batch.lines, batch.count)
            self._sender.on_stored(batch.sequence)
