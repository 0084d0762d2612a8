"""What upstreams answer: each case whole, byte by byte and in random segments, through a real worker."""

import asyncio

import pytest

from tests.conformance.answer_cases import CASES, CUT, HI, HI_CHUNKED, REFUSED, RELAYED, STOLEN, AnswerCase, Result
from tests.conformance.client import FEEDS, Answer, Client, pieces, until
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import PROBE, SEEN_PROBE
from tests.conformance.wire import CutShort
from tests.fakes.replica import Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROBES = 3


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
async def test_a_bad_answer_harms_nobody(case: AnswerCase, feed: str, replica: Replica, recorder: Recorder) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces(case.data, feed, case.name):
            writer.write(piece)
            await asyncio.sleep(0)
        if case.closes:
            writer.close()

    recorder.scripts[b"/rest/x"] = script
    client = await Client.connect(replica.port)
    await client.send([case.request])
    result, answer = await what_comes(client, case.request.partition(b" ")[0])
    assert result in case.results, answer
    if result is RELAYED:
        check_relayed(case, answer)
    await check_others(client, result, case, replica, recorder)


async def what_comes(client: Client, method: bytes) -> tuple[Result, Answer | None]:
    try:
        answer = await client.answer(method)
    except CutShort:
        return CUT, None
    if answer is None:
        return CUT, None
    return (REFUSED if answer.status == 502 else RELAYED), answer


def check_relayed(case: AnswerCase, answer: Answer | None) -> None:
    assert answer is not None
    assert answer.body == case.body
    names = [name.lower().replace(b"_", b"-") for name, _ in answer.head.fields]
    assert [name for name in case.lacks if name in names] == []


async def check_others(client: Client, result: Result, case: AnswerCase, replica: Replica, recorder: Recorder) -> None:
    """The next requests, the first on the same connection if that is open, get answers of their own."""
    if result is CUT:
        assert await client.is_closed()
    for _ in range(PROBES):
        if result is CUT:
            await client.leave()
            client = await Client.connect(replica.port)
        answer = await client.ask(PROBE)
        assert (answer.status, answer.body) == (200, b'{"path":"/rest/probe"}')
        result = CUT
    await client.leave()
    assert recorder.faults == []
    assert recorder.told == [SEEN_PROBE] * PROBES
    if not case.may_be_reused:
        hostile = {request.connection for request in recorder.requests if not request.complete}
        assert not hostile & {request.connection for request in recorder.requests if request.complete}


@pytest.mark.parametrize("late", [STOLEN, b"x", b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"])
@pytest.mark.parametrize("first", [HI, HI_CHUNKED], ids=["length", "chunked"])
async def test_what_an_idle_upstream_says_is_nobodys_answer(
    first: bytes, late: bytes, replica: Replica, recorder: Recorder
) -> None:
    may_go_on = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await may_go_on.wait()
        writer.write(late)

    recorder.scripts[b"/rest/x"] = script
    client = await Client.connect(replica.port)
    assert (await client.ask(PROBE.replace(b"probe", b"x"))).body == b"hi"
    before = recorder.open
    may_go_on.set()
    await until(lambda: recorder.open < before)
    assert (await client.ask(PROBE)).body == b'{"path":"/rest/probe"}'
    await client.leave()


async def test_a_client_of_http_1_0_notices_that_a_body_was_cut_short(replica: Replica, recorder: Recorder) -> None:
    """Without a length, only a reset tells it from the end."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HI_CHUNKED.partition(b"0\r\n\r\n")[0] + b"5\r\nho")
        await asyncio.sleep(0)
        writer.close()

    recorder.scripts[b"/rest/x"] = script
    client = await Client.connect(replica.port)
    await client.send([b"GET /rest/x HTTP/1.0\r\n\r\n"])
    result, _ = await what_comes(client, b"GET")
    assert result is REFUSED or client.was_reset
    await client.leave()
