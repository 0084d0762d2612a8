"""Requests of every kind, many at the same time: plain, chats, streams, errors, refused, chunked, large, given up.

Usage: python -m tests.fakes.mixed_load PORT REQUESTS KEY; writes {"done": ..., "wrong": ..., "seconds": ...}
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from random import Random
from typing import cast

import uvloop

from data_plane.tasks import spawn

CONNECTIONS = 32
FRAMED = -1  # how long an answer is that states no length


@dataclass(frozen=True)
class Kind:
    """One request, and what must come. `end`: of an answer that states no length."""

    request: bytes
    statuses: tuple[bytes, ...]
    end: bytes = b"0\r\n\r\n"
    may_be_cut: bool = False
    is_given_up: bool = False  # when so much has come


def rest(path: bytes, body: bytes = b"", fields: bytes = b"") -> bytes:
    method = b"POST" if body else b"GET"
    length = b"Content-Length: %d\r\n" % len(body) if body and b"chunked" not in fields else b""
    return b"%b %b HTTP/1.1\r\nHost: a\r\n%b%b\r\n%b" % (method, path, fields, length, body)


def chat(key: str, body: bytes) -> bytes:
    fields = b"Authorization: Bearer %b\r\nContent-Type: application/json\r\n" % key.encode()
    return rest(b"/v1/chat/completions", body, fields)


def kinds(key: str) -> list[Kind]:
    """As often as they stand here."""
    message = b'"messages":[{"role":"user","content":"hello"}]}'
    plain = Kind(chat(key, b'{"model":"chat",' + message), (b"200",))
    stream = Kind(chat(key, b'{"model":"chat","stream":true,' + message), (b"200",))
    unknown = Kind(chat(key, b'{"model":"nobody",' + message), (b"404",))
    keyless = Kind(chat("isk_wrong_0", b'{"model":"chat",' + message), (b"401",))
    chunked = Kind(rest(b"/rest/x", b"5\r\nabcde\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), (b"200",))
    large = Kind(chat(key, b'{"model":"chat","x":"%b",' % (b"x" * 300_000) + message), (b"200",))
    some = [
        *[plain] * 40,
        *[Kind(rest(b"/rest/x"), (b"200",))] * 20,
        *[stream] * 10,
        *[chunked] * 10,
        *[Kind(rest(b"/rest/error"), (b"500",))] * 5,
        *[unknown] * 5,
        *[keyless] * 5,
        *[Kind(rest(b"/nowhere"), (b"404",))] * 3,
        Kind(rest(b"/rest/broken"), (b"200", b"502"), may_be_cut=True),
        Kind(rest(b"/rest/hang"), (b"200",), b"\n\n\r\n", is_given_up=True),
    ]
    return some * 20 + [large, Kind(rest(b"/rest/big"), (b"200",))]


class Load:
    """What is left to be done, and what came of it."""

    def __init__(self, port: int, count: int, kinds: list[Kind]) -> None:
        self.left = count
        self.done = 0
        self.wrong: list[str] = []
        self._port, self._kinds, self._random = port, kinds, Random(1)
        self._calling = 0
        self._finished = asyncio.Event()

    async def run(self) -> None:
        """Have all of it done."""
        await asyncio.gather(*[self._connect() for _ in range(CONNECTIONS)])
        await self._finished.wait()

    def next(self) -> Kind | None:
        if not self.left:
            return None
        self.left -= 1
        return self._kinds[int(self._random.random() * len(self._kinds))]

    def note(self, kind: Kind, answer: bytes) -> None:
        self.done += 1
        if answer[9:12] not in kind.statuses:
            self.wrong.append(f"{kind.request[:60]!r}: {answer[:300]!r}")

    def closed(self) -> None:
        self._calling -= 1
        if self.left:
            spawn(self._connect())
        elif not self._calling:
            self._finished.set()

    async def _connect(self) -> None:
        self._calling += 1
        await asyncio.get_running_loop().create_connection(lambda: Caller(self), "127.0.0.1", self._port)


class Caller(asyncio.Protocol):
    """One connection: one request after the other."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._kind: Kind | None = None
        self._answer = bytearray()
        self._whole = 0  # how long the answer is, once its head has told
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        kind, answer = self._kind, self._answer
        if kind is None:
            return
        answer += data
        if not self._whole:
            head, found, _ = answer.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._whole = len(head) + 4 + int(length) if length else FRAMED
        if answer.endswith(kind.end) if self._whole == FRAMED else len(answer) >= self._whole:
            self._load.note(kind, bytes(answer[:400]))
            self._kind = None
            if kind.is_given_up:
                self._transport.abort()
            else:
                self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        kind, self._kind = self._kind, None
        if kind is not None:
            self._load.note(kind, bytes(self._answer[:400]))
            if not kind.may_be_cut:
                self._load.wrong.append(f"closed amid {kind.request[:60]!r}: {bytes(self._answer[-200:])!r} {exc}")
        self._load.closed()

    def _ask(self) -> None:
        kind = self._kind = self._load.next()
        self._answer.clear()
        self._whole = 0
        if kind is None:
            self._transport.close()
        else:
            self._transport.write(kind.request)


async def main(port: int, count: int, key: str) -> None:
    load, began = Load(port, count, kinds(key)), time.monotonic()
    await load.run()
    seconds = time.monotonic() - began
    sys.stdout.write(json.dumps({"done": load.done, "wrong": load.wrong[:20], "seconds": seconds}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
