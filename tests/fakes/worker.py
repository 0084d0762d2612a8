"""Workers that do what the test says, at the other end of real channels."""

import asyncio
import socket
from collections.abc import Sequence

import msgspec

from data_plane.agent.channel import Channel
from data_plane.agent.messages import ToAgent, ToWorker
from data_plane.agent.worker_process import WorkerProcess


class FakeProcess:
    """A process that ends when it is killed or when the test ends it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.signals: list[int] = []
        self._ended = asyncio.Event()

    def send_signal(self, signal: int) -> None:
        self.signals.append(signal)
        self.end(-signal)

    def end(self, status: int) -> None:
        self.returncode = status
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


class FakeWorker:
    """The worker's end."""

    def __init__(self, process: FakeProcess, channel: Channel[ToWorker]) -> None:
        self.process = process
        self.channel = channel

    def say(self, *messages: msgspec.Struct) -> None:
        for message in messages:
            self.channel.post(message)

    async def hear(self) -> ToWorker:
        return await asyncio.wait_for(self.channel.receive(), 1.0)

    def die(self, status: int) -> None:
        self.process.end(status)
        self.channel.close()


class FakeWorkers:
    """Starts fake workers, and keeps them for the test."""

    def __init__(self) -> None:
        self.started: asyncio.Queue[FakeWorker] = asyncio.Queue()
        self.refusals = 0  # starts that are to fail
        self._all: list[FakeWorker] = []

    async def start(self, descriptors: Sequence[int]) -> WorkerProcess:
        if self.refusals:
            self.refusals -= 1
            raise OSError("no room")
        ours, theirs = socket.socketpair()
        process = FakeProcess(100 + len(self._all))
        worker = FakeWorker(process, await Channel.open(theirs, msgspec.msgpack.Decoder(ToWorker)))
        self._all.append(worker)
        self.started.put_nowait(worker)
        return WorkerProcess(process, await Channel.open(ours, msgspec.msgpack.Decoder(ToAgent)))

    async def next(self) -> FakeWorker:
        """The next worker that is started."""
        return await asyncio.wait_for(self.started.get(), 3.0)

    def end_all(self) -> None:
        for worker in self._all:
            worker.die(0)

    async def close(self) -> None:
        for worker in self._all:
            await worker.channel.flush_and_close(1.0)
