"""A whole data plane in this process without a socket: bytes go in at one connection and are seen at the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, cycle, islice
from typing import Any

from data_plane.config.snapshot import SnapshotHolder
from data_plane.deadlines import Deadlines
from data_plane.equipment import Equipment
from data_plane.exchange import Exchange, Request
from data_plane.ingress.connection import Connection
from data_plane.ingress.host import Snapshots
from data_plane.ingress.listener import Listener
from data_plane.pipeline.plan import Plan
from data_plane.protocol import as_protocol
from data_plane.telemetry.record import Origin
from data_plane.telemetry.sender import Sender

CONNECT_TURNS = 10
UNIQUE = b"{unique}"


class Transport(asyncio.Transport):
    """Takes bytes at once, and keeps those of the last write."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data) if not isinstance(data, bytes) else data)

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Network(asyncio.SelectorEventLoop):
    """A loop whose connections lead nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Transport] = []

    async def create_connection(self, protocol_factory: Callable[[], Any], *_: Any, **__: Any) -> Any:
        protocol = protocol_factory()
        transport = Transport(protocol)
        self.opened.append(transport)
        protocol.connection_made(transport)
        return transport, protocol


@dataclass(frozen=True, slots=True)
class Traffic:
    """What exchanges consist of: the client's bytes, in one read and by turns; the upstream's in one or more.

    `UNIQUE` in a request becomes a number that was never there before.
    """

    requests: tuple[bytes, ...]
    answer: tuple[bytes, ...]


class Planted:
    """Costs a known time for every request, to show that it is seen."""

    def __init__(self, snapshots: Snapshots, burn: Callable[[], None]) -> None:
        self._snapshots = snapshots
        self._burn = burn

    def begin(self, request: Request, now: float) -> tuple[Exchange, Plan]:
        self._burn()
        return self._snapshots.begin(request, now)


class InProcess:
    """One worker's objects, one client and one upstream connection. Made inside a running `Network`."""

    def __init__(self, resources: dict[str, bytes], traffic: Traffic, plant: Callable[[], None] | None = None) -> None:
        deadlines, self._sender = Deadlines(), Sender()
        equipment = Equipment(deadlines, self._sender, Origin("node", "edge", 1, 1))
        compiled = equipment.compiler().compile_now(resources, [], 1)
        if compiled.snapshot is None or compiled.rejections:
            raise ValueError(f"the configuration was rejected: {compiled.rejections}")
        holder: Snapshots = SnapshotHolder(compiled.snapshot)
        listener = Listener(holder if plant is None else Planted(holder, plant), deadlines)
        self._traffic = traffic
        self._client = Connection(listener)
        self._client_side = Transport(as_protocol(self._client))
        self._client.connection_made(self._client_side)
        self._upstream_side = self._client_side  # until there is one
        self._next = cycle(traffic.requests)
        self._numbers = count(1)

    async def warm(self, times: int = 20) -> None:
        """Connect to the upstream, and go each way a few times.

        Raises:
            RuntimeError: the client did not get what the upstream answered.
        """
        network = asyncio.get_running_loop()
        assert isinstance(network, Network)
        before = len(network.opened)
        self._client.data_received(*self.requests(1))
        for _ in range(CONNECT_TURNS):
            await asyncio.sleep(0)
        if len(network.opened) == before:
            raise RuntimeError(f"nothing went upstream: {self._client_side.written}")
        self._upstream_side = network.opened[-1]
        for data in self._traffic.answer:
            self._upstream_side.protocol.data_received(data)
        self.run(self.requests(times))
        answers = b"".join(self._client_side.written).count(b"HTTP/1.1 200 OK\r\n")
        if answers != times + 1:
            raise RuntimeError(f"{answers} of {times + 1} requests were answered: {self._client_side.written[-1:]}")
        self.forget()

    def requests(self, times: int) -> list[bytes]:
        """The next so many requests; made before the clock runs."""
        return [request.replace(UNIQUE, b"%032x" % next(self._numbers)) for request in islice(self._next, times)]

    def run(self, requests: list[bytes]) -> None:
        """So many exchanges, one after the other."""
        answer = self._traffic.answer
        ask, tell = self._client.data_received, self._upstream_side.protocol.data_received
        for request in requests:
            ask(request)
            for data in answer:
                tell(data)

    def forget(self) -> None:
        """Drop what came of the exchanges so far: bytes, and records that wait for the agent."""
        self._client_side.written.clear()
        self._upstream_side.written.clear()
        for batch in self._sender.next_batches():
            self._sender.on_stored(batch.sequence)


def http(first_line: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{first_line}\r\n{lines}\r\n".encode() + body
