"""A storm of connections from a process of its own: so many a second, one request on each, whatever comes back.

`python -m tests.fakes.storm PORT RATE` writes a line of JSON now and then, and the last one after its input has ended.
"""

import asyncio
import json
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Self

REQUEST = b"GET /nowhere HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"  # answered by the gateway itself
GOOD = b"HTTP/1.1 404 "
REPORT_SECONDS = 0.2
CALL_SECONDS = 40.0
SOURCES = [f"127.0.0.{number}" for number in range(2, 18)]  # one has not enough ports for a minute of this
Address = tuple[str, int]


@dataclass(slots=True)
class Outcome:
    """What has become of connections. `failures`: our end of each that did not get its answer, and what it got."""

    begun: int = 0
    answered: int = 0
    seconds: float = 0.0
    failures: dict[Address, str] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        return self.answered + len(self.failures)


class _Client:
    """Opens connections and reads answers; no loop of asyncio, since that would cost more than what it measures."""

    def __init__(self, port: int) -> None:
        self.outcome = Outcome()
        self.open: dict[int, tuple[socket.socket, float, list[bytes]]] = {}
        self._port = port
        self._poll = select.epoll()

    def begin(self, now: float) -> None:
        connection = socket.socket()
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen at connect
        connection.bind((SOURCES[self.outcome.begun % len(SOURCES)], 0))
        connection.setblocking(False)
        self.outcome.begun += 1
        connection.connect_ex(("127.0.0.1", self._port))
        self.open[connection.fileno()] = (connection, now, [])
        try:
            connection.send(REQUEST)
            wanted = select.EPOLLIN
        except BlockingIOError:
            wanted = select.EPOLLOUT
        except OSError as error:
            self._end(connection.fileno(), repr(error))
            return
        self._poll.register(connection, wanted)

    def turn(self, seconds: float) -> None:
        for descriptor, events in self._poll.poll(seconds):
            connection, _, pieces = self.open[descriptor]
            try:
                if events & select.EPOLLOUT:
                    connection.send(REQUEST)
                    self._poll.modify(descriptor, select.EPOLLIN)
                    continue
                data = connection.recv(65536)
            except OSError as error:
                self._end(descriptor, repr(error))
                continue
            if data:
                pieces.append(data)
            else:
                answer = b"".join(pieces)
                self._end(descriptor, "" if answer.startswith(GOOD) else f"closed after {len(answer)} bytes")

    def give_up(self, now: float) -> None:
        for descriptor, (_, began, _) in tuple(self.open.items()):
            if now - began > CALL_SECONDS:
                self._end(descriptor, "no answer in time")

    def _end(self, descriptor: int, failure: str) -> None:
        connection, _, _ = self.open.pop(descriptor)
        if failure:
            self.outcome.failures[connection.getsockname()] = failure
        else:
            self.outcome.answered += 1
        connection.close()


def main() -> None:
    port, rate = int(sys.argv[1]), float(sys.argv[2])
    client, ended = _Client(port), select.poll()
    ended.register(sys.stdin, select.POLLIN | select.POLLHUP)
    began = reported = time.monotonic()
    is_over = False
    while not is_over or client.open:
        now = time.monotonic()
        if not is_over:
            client.outcome.seconds = now - began
            while client.outcome.begun < rate * client.outcome.seconds:
                client.begin(now)
        client.turn(0.002)
        if now - reported > REPORT_SECONDS:
            reported = now
            client.give_up(now)
            is_over = is_over or bool(ended.poll(0))
            _report(client.outcome)
    _report(client.outcome)


def _report(outcome: Outcome) -> None:
    failures = [[*address, why] for address, why in outcome.failures.items()]
    sys.stdout.write(json.dumps([outcome.begun, outcome.answered, outcome.seconds, failures]) + "\n")
    sys.stdout.flush()


class Storm:
    """Runs the program while the block does; `outcome` is at most a moment old, and final after the block."""

    def __init__(self, port: int, rate: int) -> None:
        self.outcome = Outcome()
        self._arguments = (str(port), str(rate))
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def more(self, count: int) -> None:
        """Wait for so many more answers."""
        goal = self.outcome.finished + count
        async with asyncio.timeout(CALL_SECONDS):
            while self.outcome.finished < goal:
                await asyncio.sleep(0.02)

    async def _read(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            begun, answered, seconds, failures = json.loads(line)
            self.outcome = Outcome(begun, answered, seconds, {(host, port): why for host, port, why in failures})

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.fakes.storm", *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        assert self._process.stdout is not None
        self._reading = asyncio.get_running_loop().create_task(self._read(self._process.stdout))
        return self

    async def __aexit__(self, *exception: Any) -> None:
        assert self._process is not None and self._process.stdin is not None and self._reading is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.gather(self._reading, self._process.wait()), 2 * CALL_SECONDS)
        finally:
            if self._process.returncode is None:
                self._process.kill()


if __name__ == "__main__":
    main()
