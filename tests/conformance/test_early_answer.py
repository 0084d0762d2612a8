"""Upstreams that answer before they have the request: what is left of it may never be read as another one."""

import asyncio

import pytest

from tests.conformance.case import POST, SEEN_SMUGGLED, SMUGGLED
from tests.conformance.client import Client, until
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import PROBE, SEEN_PROBE
from tests.fakes.replica import Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

EARLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"
NO = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
WAITS = POST + b"Content-Length: %d\r\n" % len(SMUGGLED)
CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def early(recorder: Recorder, answer: bytes) -> None:
    """The upstream answers a head at once, and goes on reading requests."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    recorder.scripts[b"/rest/x"] = script


async def serves_another(replica: Replica) -> None:
    client = await Client.connect(replica.port)
    assert (await client.ask(PROBE)).body == b'{"path":"/rest/probe"}'
    await client.leave()


@pytest.mark.parametrize(
    ("head", "begun", "rest"),
    [
        pytest.param(WAITS + b"\r\n", b"", SMUGGLED, id="CL, nothing of the body"),
        pytest.param(WAITS + b"\r\n", SMUGGLED[:4], SMUGGLED[4:], id="CL, some of the body"),
        pytest.param(CHUNKS, b"", b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED), id="chunked, nothing"),
        pytest.param(CHUNKS, b"1\r\nG\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (39, SMUGGLED[1:]), id="chunked, one chunk"),
    ],
)
@pytest.mark.parametrize("answer", [EARLY, NO], ids=["200", "403"])
async def test_an_answer_before_the_body_ends_the_upstream_connection(
    answer: bytes, head: bytes, begun: bytes, rest: bytes, replica: Replica, recorder: Recorder
) -> None:
    early(recorder, answer)
    client = await Client.connect(replica.port)
    await client.send([head + begun])
    got = await client.answer()
    assert got is not None and got.body == answer.rpartition(b"\r\n\r\n")[2]
    await client.send([rest, PROBE])
    after = await client.answer()
    assert after is None or after.body == b'{"path":"/rest/probe"}'
    await client.leave()
    await serves_another(replica)
    told = [request.head.start[1] for request in recorder.requests]
    assert told[0] == b"/rest/x" and set(told[1:]) == {b"/rest/probe"}
    assert recorder.requests[0].connection not in [each.connection for each in recorder.requests[1:]]
    assert all("start line" in fault for fault in recorder.faults), recorder.faults  # the rest of the body, cut short


@pytest.mark.parametrize("answer", [EARLY, EARLY + EARLY], ids=["one answer", "two answers"])
async def test_an_upstream_that_takes_a_body_for_a_request_answers_nobody_else(
    answer: bytes, replica: Replica, recorder: Recorder
) -> None:
    """The desync of upstreams that know of no body (0.CL): whatever they say unasked costs them the connection."""
    early(recorder, answer)
    client = await Client.connect(replica.port)
    assert (await client.ask(WAITS + b"\r\n" + SMUGGLED)).body == b"early"
    await client.leave()
    await until(lambda: SEEN_SMUGGLED in recorder.told)
    for _ in range(5):
        await serves_another(replica)
    connections = {request.connection for request in recorder.requests if request.told == SEEN_PROBE}
    assert recorder.requests[0].connection not in connections


async def test_a_client_is_told_to_continue_once_and_by_the_gateway(replica: Replica, recorder: Recorder) -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONTINUE + CONTINUE)
        await reader.readexactly(len(SMUGGLED))
        writer.write(EARLY)

    recorder.scripts[b"/rest/x"] = twice
    client = await Client.connect(replica.port)
    await client.send([WAITS + b"Expect: 100-continue\r\n\r\n"])
    async with asyncio.timeout(5):
        assert await client.reader.readexactly(len(CONTINUE)) == CONTINUE
    await client.send([SMUGGLED])
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    await client.leave()
    assert not recorder.requests[0].head.values(b"expect")


async def test_a_client_that_waits_to_continue_hears_a_refusal_instead(replica: Replica, recorder: Recorder) -> None:
    client = await Client.connect(replica.port)
    await client.send([WAITS.replace(b"/rest/x", b"/nowhere") + b"Expect: 100-continue\r\n\r\n"])
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    await client.leave()
    assert recorder.requests == []


async def test_an_upstream_that_reads_nothing_more_gets_nothing_more(replica: Replica, recorder: Recorder) -> None:
    """It answers, and closes; the client sends the rest of a body that nobody wants."""

    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(NO)
        writer.close()

    recorder.scripts[b"/rest/x"] = closes
    client = await Client.connect(replica.port)
    await client.send([POST + b"Content-Length: 10000000\r\n\r\n" + b"x" * 100_000])
    answer = await client.answer()
    assert answer is not None and answer.status in (403, 502)
    await client.send([b"x" * 100_000])
    await client.leave()
    await serves_another(replica)
    await until(lambda: recorder.open <= 1)
