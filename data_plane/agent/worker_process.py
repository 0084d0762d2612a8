"""Starts a worker: a program of its own, joined to the agent by a socketpair."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from data_plane.agent.channel import Channel
from data_plane.agent.messages import ToAgent

WORKER_MODULE = "data_plane.worker"

# glibc gives big buffers back to the kernel with each free, and page faults then cost more than the work: 1 MiB bodies
# took 1,700 us of CPU without these and 700 with.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_TOP_PAD_": "16777216",
}


class Process(Protocol):
    """What we use of `asyncio.subprocess.Process`."""

    @property
    def pid(self) -> int:
        """Its number, which is ours until `wait` has returned."""

    @property
    def returncode(self) -> int | None:
        """None while it runs."""

    def send_signal(self, signal: int) -> None:
        """As `kill(2)`; a process that has just ended is no error."""

    async def wait(self) -> int:
        """Wait for its end."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A running worker and the agent's end of the line to it."""

    process: Process
    channel: Channel[ToAgent]

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def wait(self) -> int:
        """Wait for its end; the exit status, negative for a signal."""
        return await self.process.wait()


async def start_worker(descriptors: Sequence[int]) -> WorkerProcess:
    """Start a worker that inherits the given descriptors, under their numbers.

    In a process group of its own: Ctrl-C is for the agent, which then drains its workers.

    Raises:
        OSError: the system has no room for it.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                WORKER_MODULE,
                str(theirs.fileno()),
                str(os.getpid()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *descriptors),
                env={**os.environ, **ALLOCATOR},
                process_group=0,
            )
        except OSError:
            ours.close()
            raise
    return WorkerProcess(process, await Channel.open(ours, msgspec.msgpack.Decoder(ToAgent)))
