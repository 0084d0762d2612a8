"""Faulty and hostile upstreams: what they send ends with their connection, and reaches no other client."""

import asyncio

import pytest

from data_plane.errors import BadGateway
from data_plane.upstream.pool import Pool, Pools
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.hostile_answers import (
    CASES,
    CUT,
    LAST,
    REFUSED,
    WHOLE,
    Cut,
    Hostile,
    bytewise,
    in_segments,
    outcome_of,
    whole,
)
from tests.fakes.upstream import ANSWER, OK, FakeReceiver, hangs, receiver, service

CUTS = {"whole": whole, "byte by byte": bytewise} | {f"segments {seed}": in_segments(seed) for seed in range(5)}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_however_it_is_cut_up_the_outcome_is_safe(case: Hostile, cut: Cut) -> None:
    outcome, body = outcome_of(case, cut)
    assert outcome in case.outcomes
    assert not body or case.body.startswith(body) or outcome == WHOLE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_next_client_gets_its_own_answer(pools: Pools, open_upstream: OpenUpstream, case: Hostile) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if len(upstream.heads) > 1:
            writer.write(OK)
            return
        writer.write(case.data)
        if {CUT, REFUSED}.issuperset(case.outcomes):
            writer.write_eof()
            await hangs(reader, writer, head)  # until the gateway has closed, too

    upstream = await open_upstream(answer)
    dispatcher, pool = service(pools, upstream.endpoint()), pools.get(upstream.endpoint())
    first, second = receiver(case.method.decode()), receiver()
    dispatcher.send(first, streams_body=False)
    await first.end()
    assert told(first, pool) in case.outcomes
    dispatcher.send(second, streams_body=False)
    await second.end()
    assert (second.status, second.body, second.error) == (200, ANSWER, None)


def told(call: FakeReceiver, pool: Pool) -> str:
    """The outcome, as the client sees it; a connection that is not in its pool carries no other request."""
    if call.error is None:
        return WHOLE if pool.idle else LAST
    assert (pool.idle, pool.busy, call.error.status) == (0, 0, 502)
    if call.response is None:
        return REFUSED
    assert isinstance(call.error, BadGateway)
    return CUT


async def test_what_comes_after_an_early_answer_is_for_nobody(pools: Pools, open_upstream: OpenUpstream) -> None:
    """The desync by an answer before the request's body: the rest of the body must not be read as a request."""

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)

    upstream = await open_upstream(early)
    dispatcher = service(pools, upstream.endpoint())
    call = receiver("POST")
    call.exchange.request.length = 100
    dispatcher.send(call, streams_body=True)
    assert (await call.end()).body == ANSWER and call.upstream is None
    assert (pools.get(upstream.endpoint()).idle, pools.get(upstream.endpoint()).busy) == (0, 0)
    other = receiver()
    dispatcher.send(other, streams_body=False)
    assert (await other.end()).body == ANSWER
    assert upstream.connections == 2
