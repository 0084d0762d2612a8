"""A well-behaved client beside attacks, and what the worker takes meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from data_plane.tasks import spawn
from tests.conformance.client import Client
from tests.conformance.wire import CutShort, Malformed
from tests.fakes.replica import Replica
from tests.fakes.worker_usage import MEBIBYTE, WorkerUsage

EVERY_SECONDS = 0.1
LONGEST_SECONDS = 1.0
AMPLIFICATION = 100  # bytes of memory for each that an attacker sends (Envoy's threat model)
SLACK_BYTES = 24 * MEBIBYTE  # what a worker may take anyway: buffers of the kernel's size, and pages it keeps
ASKS = b"GET /rest/canary HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Canary:
    """Asks every tenth of a second, on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.slowest = 0.0
        self.answers = 0
        self.failures: list[str] = []
        self._port = port

    async def sing(self) -> None:
        while True:
            await self._ask()
            await asyncio.sleep(EVERY_SECONDS)

    async def _ask(self) -> None:
        began = time.monotonic()
        client = None
        try:
            client = await Client.connect(self._port)
            answer = await client.ask(ASKS)
            if answer.status != 200:
                self.failures.append(f"status {answer.status}")
        except (OSError, CutShort, Malformed, TimeoutError) as error:
            self.failures.append(repr(error))
        finally:
            if client is not None:
                await client.leave()
        self.answers += 1
        self.slowest = max(self.slowest, time.monotonic() - began)


class Attack:
    """What is counted of one: whoever attacks adds to `sent`."""

    def __init__(self, canary: Canary) -> None:
        self.canary = canary
        self.sent = 0
        self.growth = 0
        self.processor_seconds = 0.0


@asynccontextmanager
async def attacked(replica: Replica) -> AsyncIterator[Attack]:
    """The canary sings through the block; in the end it must be well, and the worker not much larger."""
    (pid,) = replica.worker_pids()
    usage = WorkerUsage(pid)
    canary = Canary(replica.port)
    attack = Attack(canary)
    usage.forget_peak()
    before, spent = usage.resident_bytes, usage.processor_seconds
    singing = spawn(canary.sing())
    try:
        yield attack
        attack.processor_seconds = usage.processor_seconds - spent
        sung = canary.answers
        async with asyncio.timeout(5):  # once more, now that all is over
            while canary.answers < sung + 2:
                await asyncio.sleep(EVERY_SECONDS)
    finally:
        singing.cancel()
    attack.growth = usage.peak_bytes - before
    assert canary.failures == []
    assert canary.slowest < LONGEST_SECONDS
    assert attack.growth < AMPLIFICATION * attack.sent + SLACK_BYTES
    assert replica.worker_pids() == [pid]
