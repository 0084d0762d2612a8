"""Streams of models that end badly: the client sees it, is told in the stream, and never that all is done."""

import asyncio

import pytest

from tests.conformance.client import FEEDS, Client, pieces
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import PROBE
from tests.conformance.wire import CutShort
from tests.fakes.replica import Replica, api_key

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b'{"model":"chat","stream":true,"messages":[{"role":"user","content":"hello"}]}'
ASKS = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (api_key().encode(), len(BODY), BODY)
)
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
STOLEN = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def stream(answer: bytes, feed: str, replica: Replica, recorder: Recorder) -> tuple[int, bytes, bool]:
    """Status, what came of the body, and whether it was whole. Then others are asked."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(BODY))
        for piece in pieces(answer, feed, feed):
            writer.write(piece)
            await asyncio.sleep(0)
        writer.close()

    recorder.scripts[b"/v1/chat/completions"] = script
    client = await Client.connect(replica.port)
    await client.send([ASKS])
    try:
        got = await client.answer()
        assert got is not None
        status, body, whole = got.head.status, got.body, True
    except CutShort as cut:
        status, body, whole = 200, cut.body, False
    await client.leave()
    late = await Client.connect(replica.port)
    assert (await late.ask(PROBE)).body == b'{"path":"/rest/probe"}'
    await late.leave()
    return status, body, whole


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CHUNKED + chunk(EVENT) * 2, id="closes after an event"),
        pytest.param(CHUNKED + chunk(EVENT) + chunk(EVENT)[:-20], id="closes amid a chunk"),
        pytest.param(CHUNKED + chunk(EVENT[:-30]), id="closes amid an event"),
        pytest.param(CHUNKED + chunk(EVENT) + b"zz\r\n", id="a malformed chunk"),
        pytest.param(CHUNKED + chunk(EVENT) + b"0\r\nX: 1\nY: 2\r\n\r\n", id="a malformed trailer"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n" + EVENT, id="less than its length"),
        pytest.param(CHUNKED, id="closes before the first event"),
        pytest.param(CHUNKED + STOLEN, id="another response instead of a chunk"),
    ],
)
async def test_a_stream_that_is_cut_short_is_not_done(
    answer: bytes, feed: str, replica: Replica, recorder: Recorder
) -> None:
    status, body, whole = await stream(answer, feed, replica, recorder)
    assert b"[DONE]" not in body and b"stolen" not in body
    assert status == 502 or not whole or b'"error"' in body.rpartition(b"data: ")[2]


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CHUNKED + chunk(EVENT) + chunk(DONE) + b"0\r\n\r\n", id="as it should be"),
        pytest.param(CHUNKED + chunk(EVENT) + chunk(DONE) + b"0\r\n\r\n" + STOLEN, id="and another response"),
        pytest.param(HEAD + b"\r\n" + EVENT + DONE, id="until close"),
        pytest.param(CHUNKED + b"".join(chunk(b"%c" % byte) for byte in EVENT + DONE) + b"0\r\n\r\n", id="tiny chunks"),
    ],
)
async def test_a_stream_that_is_whole_is_done(answer: bytes, feed: str, replica: Replica, recorder: Recorder) -> None:
    assert await stream(answer, feed, replica, recorder) == (200, EVENT + DONE, True)
