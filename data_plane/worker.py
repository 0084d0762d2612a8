"""The program of a worker: `python -m data_plane.worker <control fd> <agent's pid>`; `Start` says what it inherits.

Never imports grpc: what only the agent needs stays out of the processes that carry traffic.
"""

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import uvloop

from data_plane.agent import log, presence
from data_plane.agent.channel import Channel, ChannelClosed
from data_plane.agent.configuration import Configuration
from data_plane.agent.messages import KeyPair, Report, Start, ToWorker
from data_plane.agent.parent import die_with_parent
from data_plane.agent.worker import Worker
from data_plane.config.certificate import read_certificate
from data_plane.deadlines import Deadlines
from data_plane.equipment import Equipment
from data_plane.ingress.bounds import Capacity
from data_plane.ingress.listener import Listener
from data_plane.ingress.tls_state import TlsState
from data_plane.limits.per_address import ConnectionGuard
from data_plane.observability.address_refusals import AddressRefusals
from data_plane.observability.delta import Delta
from data_plane.tasks import spawn, wait_for_all
from data_plane.telemetry.record import Origin
from data_plane.telemetry.sender import Sender

SWEEP_SECONDS = 1.0
GC_THRESHOLD = 10_000  # requests under way come and go by the thousand; 700 is for programs with few objects
RECHECK_SECONDS = 1.0
COMPLETION_SECONDS = 2.0  # for hooks that still run when the last exchange has ended


class Ingress:
    """The listeners of this worker, on the sockets that it shares with its agent."""

    def __init__(self, listener: Listener, start: Start, tls: TlsState, recheck: Callable[[], Awaitable[None]]) -> None:
        self._listener = listener
        self._recheck = recheck
        self._listening = [(socket.socket(fileno=each.descriptor), each.address) for each in start.listening]
        self._tls = tls
        self._use_files(start.certificates)
        self._draining: asyncio.Task[None] | None = None
        self._is_cut = False

    async def accept(self) -> None:
        gc.collect()
        gc.freeze()  # what is loaded stays; no collection needs to look at it again
        gc.set_threshold(GC_THRESHOLD)
        await self._tls.refresh()
        for listening, address in self._listening:
            await self._listener.serve(listening, address)

    def use_certificates(self, certificates: Sequence[KeyPair]) -> None:
        self._use_files(certificates)
        spawn(self._tls.refresh())

    async def on_configuration(self) -> None:
        await self._recheck()
        await self._tls.refresh()

    def leave(self) -> None:
        self._listener.leave()

    async def drain(self, seconds: float) -> None:
        if not self._is_cut:
            self._draining = spawn(self._listener.drain(seconds))
            await asyncio.wait((self._draining,))
        if self._is_cut:
            await self._listener.drain(0)
        for _ in range(100):  # what was cut off hears of it in a later turn of the loop, and is recorded then
            if not self._listener.connections:
                break
            await asyncio.sleep(0.01)
        await wait_for_all(COMPLETION_SECONDS)

    def _use_files(self, certificates: Sequence[KeyPair]) -> None:
        self._tls.use_files([read_certificate(each.name, each.chain, each.key) for each in certificates])

    def cut_off(self) -> None:
        self._is_cut = True
        if self._draining is not None:
            self._draining.cancel()


class Reporter:
    """What this worker counted since the last report."""

    def __init__(self, deltas: Callable[[], list[Delta]], listener: Listener, sender: Sender) -> None:
        self._deltas = deltas
        self._listener = listener
        self._sender = sender
        self._lost = 0

    def report(self) -> Report:
        lost, self._lost = self._sender.lost - self._lost, self._sender.lost
        listener = self._listener
        gauges = [
            Delta("isthmus_connections", [], float(listener.connections)),
            Delta("isthmus_exchanges", [], float(listener.exchanges)),
            Delta("isthmus_held_bytes", [], float(listener.held_bytes)),
            Delta("isthmus_connections_limit", [], float(listener.capacity.connections)),
            Delta("isthmus_exchanges_limit", [], float(listener.capacity.exchanges)),
            Delta("isthmus_held_bytes_limit", [], float(listener.capacity.held_bytes)),
        ]
        return Report([*self._deltas(), *listener.metrics.deltas(), *listener.refusals.deltas()], gauges, lost)


async def _run(control: int) -> None:
    channel = await Channel.open(socket.socket(fileno=control), msgspec.msgpack.Decoder(ToWorker))
    try:
        start = await channel.receive()
    except ChannelClosed:
        return
    if not isinstance(start, Start):
        raise TypeError("an agent begins with Start")
    log.configure(f"worker-{start.worker}")
    lock = presence.join_workers(Path(start.data_dir))
    deadlines, sender = Deadlines(), Sender()
    equipment = Equipment(deadlines, sender, Origin(start.node, start.gateway, start.worker, start.incarnation))
    configuration = Configuration(equipment.compiler())
    snapshots = configuration.snapshots
    refusals = AddressRefusals(equipment.metrics)
    guard = ConnectionGuard(
        lambda: snapshots.current.connection_caps,
        lambda address: refusals.count("connections", address, deadlines.now()),
    )
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    listener = Listener(snapshots, deadlines, capacity=Capacity.within(descriptors), guard=guard)

    async def recheck() -> None:
        await equipment.watched.recheck(snapshots.current.admits)

    worker = Worker(
        channel,
        configuration,
        Ingress(listener, start, TlsState(listener, lambda: configuration.tls), recheck),
        sender,
        Reporter(equipment.metrics.deltas, listener, sender).report,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    async with asyncio.TaskGroup() as group:
        others = [group.create_task(each) for each in (_sweep_on(deadlines), _repeat(recheck))]
        await worker.run(start)
        for task in others:
            task.cancel()
    equipment.close()
    os.close(lock)


async def _sweep_on(deadlines: Deadlines) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        deadlines.sweep()


async def _repeat(recheck: Callable[[], Awaitable[None]]) -> None:
    """Keys expire without a change of the configuration."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        await recheck()


def main() -> None:
    control, agent = map(int, sys.argv[1:3])
    die_with_parent(os.environ, agent)
    log.configure("worker")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(control))


if __name__ == "__main__":
    main()
