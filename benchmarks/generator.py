"""Loads that wrk does not know: a steady rate, paced streams, idle connections. Prints what happened as JSON.

Usage: python -m benchmarks.generator rate|streams|idle --port N --request FILE --connections N [--seconds N] [--rate N]
"""

import argparse
import ctypes
import json
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.upstream import STAMP

PR_SET_TIMERSLACK = 29  # prctl(2); the default slack of 50 us would be a part of every latency
READ_BYTES = 262_144
ANSWER_SECONDS = 20.0
STAMP_DIGITS = 20
BILLION = 1_000_000_000
STREAM_END = b"\r\n0\r\n\r\n"
GOOD = b"HTTP/1.1 200 "


class Client:
    """One connection, without waiting: what was sent when, and how much of the answer is there."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = 0
        self._answer = b""

    def ask(self, request: bytes, due: int) -> None:
        """Send; the clock of this request started at `due`."""
        self.due = due
        if self.socket.send(request) != len(request):
            raise RuntimeError("the request did not fit into the socket's buffer")

    def is_answered(self) -> bool:
        """Read, and say whether the answer is whole.

        Raises:
            RuntimeError: it is not the answer that was asked for.
        """
        data = self.socket.recv(READ_BYTES)
        self._answer += data
        if not data or not self._answer.startswith(GOOD):
            raise RuntimeError(f"not an answer: {self._answer[:200]!r}")
        if not is_whole(self._answer):
            return False
        self._answer = b""
        return True


def is_whole(answer: bytes) -> bool:
    """Whether a head and as many bytes as it announces are there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer[:end].lower().find(b"content-length:")
    if at < 0:
        return answer.endswith(STREAM_END)
    return len(answer) - end - 4 >= int(answer[at + 15 : end].split(b"\r\n", 1)[0])


class Load:
    """The connections, and what came of them."""

    def __init__(self, port: int, request: bytes, connections: int) -> None:
        self.port = port
        self.request = request
        self.connections = connections
        self.clients: list[Client] = []
        self.latencies: list[int] = []  # nanoseconds
        self.parts = 0  # events, of streams
        self._poll = select.epoll()
        self._by_descriptor: dict[int, Client] = {}

    def connect(self) -> Client:
        """One more connection."""
        client = Client(self.port)
        self.clients.append(client)
        self._by_descriptor[client.socket.fileno()] = client
        self._poll.register(client.socket, select.EPOLLIN)
        return client

    def ready(self, seconds: float) -> list[Client]:
        """Wait at most so long for connections that can be read; more exact than epoll's milliseconds."""
        select.select([self._poll], [], [], max(0.0, seconds))
        return [self._by_descriptor[descriptor] for descriptor, _ in self._poll.poll(0)]

    def rate(self, rate: float, seconds: float) -> None:
        """Send at a steady rate whatever the answers do; latency counts from when a request was due."""
        idle = [self.connect() for _ in range(self.connections)]
        step, start = BILLION / rate, time.monotonic_ns()
        total, sent = round(rate * seconds), 0
        while len(self.latencies) < total:
            now = time.monotonic_ns()
            while idle and sent < total and start + sent * step <= now:
                idle.pop().ask(self.request, round(start + sent * step))
                sent += 1
            if now > start + (seconds + ANSWER_SECONDS) * BILLION:
                raise RuntimeError(f"{len(self.latencies)} of {total} requests were answered in time")
            # With all connections busy only an answer can help.
            wait = (start + sent * step - now) / BILLION if idle and sent < total else 0.05
            for client in self.ready(wait):
                if client.is_answered():
                    self.latencies.append(time.monotonic_ns() - client.due)
                    idle.append(client)

    def streams(self, _: float, seconds: float) -> None:
        """Keep a stream running on every connection; counts events, and how long each was on its way."""
        for _ in range(self.connections):
            self.connect().ask(self.request, 0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in self.ready(0.05):
                data = client.socket.recv(READ_BYTES)
                if not data:
                    raise RuntimeError("a stream was cut off")
                now = time.monotonic_ns()
                self.parts += data.count(b"data: ")
                if (at := data.find(STAMP)) >= 0:
                    stamp = data[at + len(STAMP) : at + len(STAMP) + STAMP_DIGITS]
                    if len(stamp) == STAMP_DIGITS:
                        self.latencies.append(now - int(stamp))
                if data.endswith(STREAM_END):
                    client.ask(self.request, 0)

    def idle(self, _: float, seconds: float) -> None:
        """Connection after connection has one answer; whoever called holds them."""
        for _ in range(self.connections):
            client = self.connect()  # and asks at once: gateways do not wait long for a first request
            start = time.monotonic_ns()
            client.ask(self.request, start)
            client.socket.settimeout(ANSWER_SECONDS)
            while not client.is_answered():
                pass
            self.latencies.append(time.monotonic_ns() - start)


LOADS: Mapping[str, Callable[[Load, float, float], None]] = {
    "rate": Load.rate,
    "streams": Load.streams,
    "idle": Load.idle,
}


def main() -> int:
    """Load, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("load", choices=LOADS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--request", type=Path, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=1000.0)
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    load = Load(given.port, given.request.read_bytes(), given.connections)
    start = time.monotonic()
    LOADS[given.load](load, given.rate, given.seconds)
    seconds = time.monotonic() - start
    ordered = sorted(load.latencies) or [0]
    figures = {
        "requests": len(load.latencies),
        "seconds": seconds,
        "p50_us": ordered[len(ordered) // 2] / 1000,
        "p99_us": ordered[len(ordered) * 99 // 100] / 1000,
        "parts": load.parts or len(load.latencies),
    }
    print(json.dumps(figures), flush=True)
    if given.load == "idle":
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
