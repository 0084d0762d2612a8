"""Random requests that we accept, sent through nginx: where it accepts them too, it reads the same ones."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from data_plane.deadlines import Deadlines
from data_plane.ingress.head_table import HeadTable
from tests.conformance.generator import Generator
from tests.conformance.nginx import Nginx
from tests.conformance.reading import Reading
from tests.conformance.recorder import Recorder
from tests.conformance.request_rules import FAULTS, Broken, canonical
from tests.conformance.test_request_fuzz import CORPUS, SEEDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LONG_SECONDS = 90.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nginx(running_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nginx]:
    async with Nginx(tmp_path_factory.mktemp("peer"), running_recorder) as nginx:
        yield nginx


async def compare(data: bytes, nginx: Nginx, heads: HeadTable) -> bool:
    """Whether both accept all of it. Raises Broken if they read different requests."""
    ours = Reading([data + LAST], heads)
    if ours.refused or not ours.is_ended or not all(b"host" in mine.fields for mine in ours.heard):
        return False  # stricter; a matter of time; without a Host for the recorder
    try:
        theirs = await nginx.hear([data + LAST])
    except TimeoutError:
        raise Broken(f"we read {ours.heard}, nginx waits for more") from None
    for mine, (method, target, body, hosts) in zip(ours.heard, theirs, strict=False):
        if mine.start != (method, canonical(target)) or mine.body != body:
            raise Broken(f"we read {mine}, nginx {method!r} {target!r} {body!r}")
        if mine.fields.get(b"host", b"") not in (b"", *hosts):
            raise Broken(f"we read Host {mine.fields.get(b'host')!r}, nginx {hosts}")
    if len(theirs) > len(ours.heard) and ours.heard[-1].start[1] == b"/last":  # else we have closed before
        raise Broken(f"we read {len(ours.heard)} requests, nginx {len(theirs)}")
    return len(theirs) >= len(ours.heard)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
async def test_a_case_of_the_corpus_is_read_the_same_by_nginx(file: Path, nginx: Nginx) -> None:
    heads = HeadTable(Deadlines())
    for _ in range(3):  # by then its head is known
        await compare(file.read_bytes(), nginx, heads)


@pytest.mark.parametrize(
    ("seconds", "seed"),
    [(5.0, 5), pytest.param(LONG_SECONDS, 6, marks=[pytest.mark.long, pytest.mark.timeout(300)])],
    ids=["short", "long"],
)
async def test_what_we_accept_is_read_the_same_by_nginx(
    seconds: float, seed: int, nginx: Nginx, record_property: Callable[[str, object], None]
) -> None:
    generator, heads = Generator(seed, SEEDS), HeadTable(Deadlines())
    ends, number, both = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends:
        data = generator.requests()
        try:
            both += await compare(data, nginx, heads)
        except FAULTS as fault:
            raise Broken(f"case {number} of seed {seed}: {data!r}: {fault!r}") from fault
        number += 1
    record_property("inputs", number)
    record_property("accepted by both", both)
    assert both > number / 100
