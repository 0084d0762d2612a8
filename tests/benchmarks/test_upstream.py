"""The upstream answers what it is asked, however the bytes arrive."""

import asyncio

import pytest

from benchmarks.requests import CHAT_PATH, MEBIBYTE, UPLOAD_PATH, chat_body, whole
from benchmarks.upstream import BURST, EVENTS, SHORT, STREAM_HEAD, Pacer, Server

SMALL = whole("POST", CHAT_PATH, 17, chat_body(300))
LARGE = whole("POST", UPLOAD_PATH, 7, b"x" * MEBIBYTE)
BURST_REQUEST = whole("POST", CHAT_PATH, 17, chat_body(300, stream=True))
PACED_REQUEST = whole("POST", CHAT_PATH, 17, chat_body(300, stream=True, paced=True))


class Transport(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def feed(request: bytes, read_bytes: int) -> bytes:
    """What is answered to a request that arrives in reads of at most so many bytes."""
    server, transport = Server(Pacer()), Transport()
    server.connection_made(transport)
    while request:
        assert transport.written == b""
        buffer = server.get_buffer(-1)
        count = min(len(buffer), read_bytes, len(request))
        buffer[:count] = request[:count]
        request = request[count:]
        server.buffer_updated(count)
    return transport.written


@pytest.mark.parametrize("read_bytes", [1, 100, 10_000_000], ids=["bytes", "pieces", "whole"])
@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [(SMALL, SHORT), (BURST_REQUEST, BURST), (PACED_REQUEST, STREAM_HEAD), (whole("GET", "/", 7), SHORT)],
    ids=["chat", "burst", "paced", "get"],
)
def test_every_request_has_its_answer(request_bytes: bytes, answer: bytes, read_bytes: int) -> None:
    assert feed(request_bytes, read_bytes) == answer


@pytest.mark.parametrize("read_bytes", [65_536, 10_000_000], ids=["pieces", "whole"])
def test_a_large_body_is_answered_when_it_has_ended(read_bytes: int) -> None:
    assert feed(LARGE, read_bytes) == SHORT


def test_a_burst_holds_all_events_and_the_usage() -> None:
    assert BURST.count(b"data: ") == EVENTS + 2
    assert BURST.count(b'"usage"') == 1
    assert BURST.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
