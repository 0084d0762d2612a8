"""A model server that streams: as fast as it can, or at a steady pace.

Usage: python -m benchmarks.upstream --port N

A chat request with `"user":"paced"` gets an event each 5 ms, any other streamed one all its events at once, and
everything else one short answer. A paced event carries the time it was sent at, for whoever measures its delay.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from typing import cast

import uvloop

from benchmarks.requests import ANSWER, PACED_USER

EVENTS = 100
EVENT_MILLISECONDS = 5
STAMP = b"sent="  # then nanoseconds of the monotonic clock, in 20 digits
READ_BYTES = 262_144
LENGTH = b"\r\ncontent-length:"
HEAD_END = b"\r\n\r\n"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)


def event(content: str) -> bytes:
    """An event as OpenAI sends it, some 208 bytes."""
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": None}
    return _framed({**CHUNK, "choices": [choice]})


def _framed(document: object) -> bytes:
    data = b"data: %b\n\n" % json.dumps(document, separators=(",", ":")).encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNK = {"id": "chatcmpl-0123456789abcdef", "object": "chat.completion.chunk", "created": 1764000000, "model": "bench"}
BEFORE, AFTER = event("sent=" + "0" * 20).split(b"0" * 20)
DONE = b"data: [DONE]\n\n"
LAST = _framed({**CHUNK, "choices": [], "usage": ANSWER["usage"]}) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(DONE), DONE)
BURST = STREAM_HEAD + event("the quick brown fox jumps") * EVENTS + LAST
BODY = json.dumps(ANSWER).encode()
SHORT = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Pacer:
    """Sends the next event of each running stream; the streams are spread over the milliseconds."""

    def __init__(self) -> None:
        self._turns: deque[dict[asyncio.WriteTransport, int]] = deque({} for _ in range(EVENT_MILLISECONDS))

    def add(self, transport: asyncio.WriteTransport) -> None:
        """Begin a stream in the emptiest millisecond."""
        transport.write(STREAM_HEAD)
        min(self._turns, key=len)[transport] = EVENTS

    def forget(self, transport: asyncio.WriteTransport) -> None:
        for streams in self._turns:
            streams.pop(transport, None)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 0.001
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._send(self._turns[0])
            self._turns.rotate(-1)

    def _send(self, streams: dict[asyncio.WriteTransport, int]) -> None:
        stamped = b"%b%020d%b" % (BEFORE, time.monotonic_ns(), AFTER)
        for transport, left in list(streams.items()):
            if left:
                streams[transport] = left - 1
                transport.write(stamped)
            else:
                del streams[transport]
                transport.write(LAST)


class Server(asyncio.BufferedProtocol):
    """One connection: requests one after the other, each with a Content-Length or without a body."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._kept = b""  # the beginning of a request
        self._missing = 0  # bytes of a body, not kept, that is still to come
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # what loop.create_server promises

    def connection_lost(self, exc: Exception | None) -> None:
        self._pacer.forget(self._transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._missing > nbytes:
            self._missing -= nbytes
        elif self._missing:
            self._missing = 0
            self._transport.write(SHORT)
        else:
            self._read(self._kept + self._buffer[:nbytes])

    def _read(self, data: bytes) -> None:
        """Only the length is read of a head, and of a body only what kind of answer it wants."""
        end = data.find(HEAD_END)
        if end < 0:
            self._kept = data
            return
        head = data[: end + 2].lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) : head.index(b"\r", at + 2)]) if at >= 0 else 0
        present = len(data) - end - len(HEAD_END)
        if present < length and length > READ_BYTES:
            self._kept, self._missing = b"", length - present
        elif present < length:
            self._kept = data
        else:
            self._kept = b""
            self._reply(data[end:])

    def _reply(self, body: bytes) -> None:
        if b'"stream":true' not in body:
            self._transport.write(SHORT)
        elif PACED_USER in body:
            self._pacer.add(self._transport)
        else:
            self._transport.write(BURST)


async def serve(port: int) -> None:
    """Until it is told to end."""
    pacer = Pacer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(pacer), "127.0.0.1", port, backlog=4096)
    async with server:
        await pacer.run()


def main() -> int:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
