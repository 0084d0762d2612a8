"""What clients send: each case whole, byte by byte and in random segments, to a real worker."""

from collections.abc import Awaitable, Callable

import pytest

from tests.conformance import chunk_cases, connection_cases, field_cases, length_cases, target_cases
from tests.conformance.case import CLOSED, OPEN, WAITS, Case
from tests.conformance.client import FEEDS, Client, pieces, until
from tests.conformance.recorder import Recorder
from tests.fakes.replica import Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {
    "length": length_cases.CASES,
    "chunk": chunk_cases.CASES,
    "field": field_cases.CASES,
    "target": target_cases.CASES,
    "connection": connection_cases.CASES,
}
CASES = [pytest.param(case, id=f"{group}: {case.name}") for group, cases in GROUPS.items() for case in cases]
PROBE = b"GET /rest/probe HTTP/1.1\r\nHost: a\r\n\r\n"
SEEN_PROBE = (b"GET", b"/rest/probe", b"")


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("case", CASES)
async def test_a_case_ends_as_it_must(case: Case, feed: str, replica: Replica, recorder: Recorder) -> None:
    await play(case, feed, lambda: Client.connect(replica.port), recorder)
    check_lines(case, recorder)


async def play(case: Case, feed: str, connect: Callable[[], Awaitable[Client]], recorder: Recorder) -> None:
    """Have a case sent and answered; fails if anything but the fields that the upstream gets is not as it must be."""
    client = await connect()
    try:
        await client.send(pieces(case.data, feed, case.name))
        methods = [method for method, _, _ in case.seen]
        answers = [
            await client.answer(methods[position] if position < len(methods) else b"GET")
            for position in range(len(case.answers))
        ]
        statuses = [answer.status if answer is not None else 0 for answer in answers]
        assert all(status in right for status, right in zip(statuses, case.answers, strict=True)), statuses
        probed = await go_on(client, case, connect)
    finally:
        await client.leave()
    await until(lambda: all(request.complete or request.cut_short for request in recorder.requests))
    assert recorder.faults == []
    assert recorder.told == [*case.seen, *[SEEN_PROBE] * probed]
    for request in recorder.requests[: len(case.seen)]:
        names = [name.lower().replace(b"_", b"-") for name, _ in request.head.fields]
        assert [name for name in case.lacks if name in names] == []


async def go_on(client: Client, case: Case, connect: Callable[[], Awaitable[Client]]) -> bool:
    """Whether another request has been served after the case; fails if the connection is not as it should be."""
    if case.ends is WAITS:
        await client.leave()
        client = await connect()
    if case.ends is CLOSED:
        assert await client.is_closed(), "more than the last answer"
        assert not client.was_reset or client_went_on(case), "reset: the client may have lost the answer"
        return False
    await client.send([PROBE])
    answer = await client.answer()
    if answer is None:
        assert case.ends is not OPEN, "closed"
        return False
    await client.leave()
    assert (answer.status, answer.body) == (200, b'{"path":"/rest/probe"}')
    return True


def client_went_on(case: Case) -> bool:
    """Whether the client sent more though it had said itself that the connection ends."""
    return case.answers[-1] == {200}


def check_lines(case: Case, recorder: Recorder) -> None:
    lines = [name + b": " + value for request in recorder.requests[:1] for name, value in request.head.fields]
    assert [lines.count(line) for line in case.has] == [1] * len(case.has), lines
