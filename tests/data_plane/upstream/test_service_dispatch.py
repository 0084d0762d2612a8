"""What a Service gets, and where a request goes when an endpoint fails."""

import asyncio
from collections import Counter
from random import Random

import pytest

from data_plane.errors import BadGateway, Overloaded
from data_plane.upstream import pool as pool_module
from data_plane.upstream.cluster import Endpoint
from data_plane.upstream.pool import Pools
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import ANSWER, OK, ScriptedUpstream, answer, closes, hangs, receiver, says, service

NOBODY = Endpoint("127.0.0.1", 1)  # tcpmux: nothing listens there


async def test_an_answer_is_relayed_and_the_connection_used_again(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(3):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        await call.end()
        assert (call.status, call.body) == (200, ANSWER)
        assert call.tries == [("default/s", 200, "")]
    assert upstream.connections == 1
    assert pools.get(upstream.endpoint()).busy == 0


async def test_what_a_service_answers_is_the_clients_whatever_it_is(pools: Pools, open_upstream: OpenUpstream) -> None:
    for status in (401, 403, 429, 503):
        upstream = await open_upstream(says(answer(status, b"Retry-After: 7", body=b"no")))
        other = await open_upstream()
        call = receiver()
        service(pools, upstream.endpoint(), other.endpoint()).send(call, streams_body=False)
        await call.end()
        assert call.response is not None and (call.status, call.body) == (status, b"no")
        assert call.response.headers == [(b"retry-after", b"7"), (b"x-isthmus-error-origin", b"upstream")]
        assert other.connections == 0


def loses_the_second(upstream: ScriptedUpstream) -> None:
    """Have the upstream close its connection when the second request comes, as if it had done so just before."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await (closes if len(upstream.heads) == 2 else says(OK))(reader, writer, head)

    upstream.script = script


@pytest.mark.parametrize(
    ("method", "retries_stale", "is_sent_again"),
    [("GET", False, True), ("PUT", False, True), ("POST", False, False), ("POST", True, True)],
)
async def test_a_stale_connection_is_replaced_where_the_request_may_come_twice(
    pools: Pools, open_upstream: OpenUpstream, method: str, retries_stale: bool, is_sent_again: bool
) -> None:
    upstream = await open_upstream()
    loses_the_second(upstream)
    dispatcher = service(pools, upstream.endpoint(), retries_stale=retries_stale)
    first, second = receiver(method, "/x", b"body"), receiver(method, "/x", b"body")
    for call in (first, second):
        dispatcher.send(call, streams_body=False)
        await call.end()
    assert len(upstream.heads) == (3 if is_sent_again else 2)
    assert second.tries[0] == ("default/s", 0, "upstream_failed")
    if is_sent_again:
        assert (second.status, second.body) == (200, ANSWER)
        assert upstream.heads[1] == upstream.heads[2]
    else:
        assert isinstance(second.error, BadGateway)
    assert pools.get(upstream.endpoint()).busy == 0


async def test_a_request_whose_answer_has_begun_is_not_sent_again(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()

    async def begin_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if len(upstream.heads) == 1:
            writer.write(OK)
        else:
            writer.write(OK[:20])
            writer.close()

    upstream.script = begin_the_second
    dispatcher = service(pools, upstream.endpoint(), retries_stale=True)
    for _ in range(2):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        await call.end()
    assert isinstance(call.error, BadGateway)
    assert (len(upstream.heads), upstream.connections) == (2, 1)


async def test_a_request_on_a_fresh_connection_is_sent_once(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, other = await open_upstream(closes), await open_upstream()
    call = receiver()
    service(pools, upstream.endpoint(), other.endpoint(), retries_stale=True).send(call, streams_body=False)
    await call.end()
    assert isinstance(call.error, BadGateway)
    assert (len(upstream.heads), len(other.heads)) == (1, 0)


async def test_where_one_endpoint_cannot_be_reached_another_serves(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    call = receiver("POST", "/x", b"body")
    service(pools, NOBODY, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    assert (call.status, call.body) == (200, ANSWER)
    assert [attempt.endpoint for attempt in call.exchange.attempts] == ["127.0.0.1:1", f"127.0.0.1:{upstream.port}"]


async def test_where_none_can_be_reached_each_is_tried_once(pools: Pools) -> None:
    call = receiver()
    service(pools, *(Endpoint("127.0.0.1", port) for port in (1, 2, 3, 4, 5))).send(call, streams_body=False)
    await call.end()
    assert isinstance(call.error, BadGateway) and call.error.code == "upstream_unreachable"
    endpoints = [attempt.endpoint for attempt in call.exchange.attempts]
    assert len(endpoints) == len(set(endpoints)) == 3


async def test_requests_spread_and_leave_out_what_hangs(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstreams = [await open_upstream(), await open_upstream(), await open_upstream(hangs)]
    dispatcher = service(pools, *(each.endpoint() for each in upstreams), random=Random(1).random)
    answered = 0
    calls = []
    for _ in range(60):
        call = receiver()
        calls.append(call)
        dispatcher.send(call, streams_body=False)
        if call.exchange.attempts[0].endpoint != f"127.0.0.1:{upstreams[2].port}":
            await call.end()
            answered += 1
    counts = Counter(call.exchange.attempts[0].endpoint for call in calls)
    assert min(counts[f"127.0.0.1:{each.port}"] for each in upstreams[:2]) > 15
    assert 60 - answered < 12
    for call in calls:
        if call.upstream is not None:
            call.upstream.abort()


async def test_an_endpoint_takes_no_more_than_its_connections(
    pools: Pools, open_upstream: OpenUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MAX_CONNECTIONS", 1)
    upstream = await open_upstream(hangs)
    dispatcher = service(pools, upstream.endpoint())
    first = receiver()
    dispatcher.send(first, streams_body=False)
    with pytest.raises(Overloaded, match="too many requests"):
        dispatcher.send(receiver(), streams_body=False)
    assert first.upstream is not None
    first.upstream.abort()
    assert pools.get(upstream.endpoint()).busy == 0
