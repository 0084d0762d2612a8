"""An upstream that says what the path asks for, as fast as Python can: for loads of many requests.

Usage: python -m tests.fakes.canned_upstream PORT
"""

import asyncio
import sys
from typing import cast

import uvloop

CHAT = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}'
)
EVENT = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'


def whole(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(EVENT)
STREAM = BEGUN + chunk(EVENT) * 10 + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
# By what stands in the path, or in a chat's body. `hang` begins, and never ends.
ANSWERS = {
    b"/rest/error": whole(b"500 Internal Server Error", b'{"error":"scripted"}'),
    b"/rest/big": whole(b"200 OK", b"x" * 1_000_000),
    b"/rest/hang": BEGUN,
    b"/rest/stream": STREAM,
    b"/rest/broken": BEGUN + b"zz\r\n",
}
OTHERS = whole(b"200 OK", b'{"answer":"hello"}')
CHATS = whole(b"200 OK", CHAT)


class CannedUpstream(asyncio.Protocol):
    """One connection; the gateway sends one request after the other."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        data = self._buffer = self._buffer + data
        head, end, body = data.partition(b"\r\n\r\n")
        if not end or not is_whole(head, body):
            return
        self._buffer = b""
        target = head.split(b" ", 2)[1]
        if target.startswith(b"/v1/"):
            self._transport.write(STREAM if b'"stream":true' in body else CHATS)
        else:
            self._transport.write(ANSWERS.get(target, OTHERS))


def is_whole(head: bytes, body: bytes) -> bool:
    """Whether a request's body has come, all of it."""
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length or b"0")


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(CannedUpstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
