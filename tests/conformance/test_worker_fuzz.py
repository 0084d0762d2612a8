"""Random requests to a real worker: what reaches the upstream is what was read, and every answer is well-formed."""

import time
from collections.abc import Callable, Sequence

import pytest

from data_plane.deadlines import Deadlines
from data_plane.ingress.head_table import HeadTable
from tests.conformance.client import Client
from tests.conformance.generator import Generator
from tests.conformance.oracle import Heard
from tests.conformance.reading import Reading
from tests.conformance.recorder import Recorder
from tests.conformance.request_rules import FAULTS, Broken
from tests.conformance.test_request_fuzz import SEEDS
from tests.conformance.wire import CutShort, Malformed
from tests.fakes.replica import Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAST = b"GET /rest/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LONG_SECONDS = 120.0
REFUSALS = (400, 404, 405, 413, 414, 417, 431, 501, 505)


async def send(pieces: Sequence[bytes], replica: Replica, recorder: Recorder) -> bool:
    """Whether it was worth it. Raises Broken."""
    ours = Reading(pieces, HeadTable(Deadlines()))
    if not ours.refused and not ours.is_ended:
        return False  # both would wait for more
    recorder.forget()
    client = await Client.connect(replica.port)
    try:
        await client.send(pieces)
        statuses = [await status_of(client, mine.start[0]) for mine in ours.heard]
        if ours.refused:
            statuses.append(await status_of(client, ours.refused_method))
        if not await client.is_closed():
            raise Broken(f"more than {statuses}")
    except (CutShort, Malformed, TimeoutError) as error:
        raise Broken(f"{error!r} after {ours.heard} and '{ours.refused}'") from None
    finally:
        await client.leave()
    compare(ours, statuses, recorder)
    return bool(ours.heard)


async def status_of(client: Client, method: bytes) -> int:
    """0: closed."""
    answer = await client.answer(method)
    return answer.status if answer is not None else 0


def compare(ours: Reading, statuses: list[int], recorder: Recorder) -> None:
    if recorder.faults:
        raise Broken(f"the upstream got {recorder.faults}")
    served = [mine for mine in ours.heard if is_served(mine)]
    expected = [(*mine.start, mine.body) for mine in served]
    told = recorder.told
    if told != expected[: len(told)]:
        raise Broken(f"we read {expected}, the upstream got {told}")
    if len(served) < len(ours.heard):
        return  # after a request that is refused before its body, a connection may end
    if len(told) != len(expected) or statuses[: len(served)] != [200] * len(served):
        raise Broken(f"we read {expected}, the upstream got {told}, the client {statuses}")
    if ours.refused and statuses[-1] not in REFUSALS:  # which one depends on how the bytes came, and on the route
        raise Broken(f"refused with {ours.refused}, told {statuses}")


def is_served(request: Heard) -> bool:
    path = request.start[1].partition(b"?")[0]
    return path == b"/rest" or path.startswith(b"/rest/")


@pytest.mark.parametrize(
    ("seconds", "seed"),
    [(5.0, 11), pytest.param(LONG_SECONDS, 12, marks=[pytest.mark.long, pytest.mark.timeout(300)])],
    ids=["short", "long"],
)
async def test_the_upstream_gets_what_was_read(
    seconds: float, seed: int, replica: Replica, recorder: Recorder, record_property: Callable[[str, object], None]
) -> None:
    generator = Generator(seed, SEEDS)
    ends, number, worth = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends:
        pieces = generator.pieces(generator.requests() + LAST)
        try:
            worth += await send(pieces, replica, recorder)
        except FAULTS as fault:
            raise Broken(f"case {number} of seed {seed}: {pieces!r}: {fault!r}") from fault
        number += 1
    record_property("inputs", number)
    record_property("with a request", worth)
    assert worth > number / 20
