"""What a listener takes at the same time, and how it lets go."""

import asyncio

import pytest

from data_plane.exchange import Outcome, Response
from data_plane.ingress.bounds import Capacity, Timeouts
from tests.fakes.filters import AsyncSpy, ReadBody, Slow, Spy
from tests.fakes.front import BODY, GET, POST_HEAD, Front, Open, sent, until
from tests.fakes.sides import FakeWay

HALF_A_BODY = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + b"x" * 400


def is_refusal(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 1\r\n" in answer and not answer.endswith(b">")


async def test_one_connection_too_many_is_told_to_come_back(opened: Open) -> None:
    front = await opened(Front(capacity=Capacity(connections=2)))
    first, _ = [await front.connect() for _ in range(2)]
    await until(lambda: front.listener.connections == 2)
    assert is_refusal(await front.ask(GET))
    first.leave()
    await until(lambda: front.listener.connections == 1)
    client = await front.connect()
    client.send(GET)
    assert (await client.answer()).startswith(b"HTTP/1.1 200 ")


async def test_one_exchange_too_many_is_told_to_come_back(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way, capacity=Capacity(exchanges=1)))
    client = await front.connect()
    client.send(GET)
    await until(lambda: way.receivers)
    assert is_refusal(await front.ask(GET)) and front.listener.exchanges == 1
    way.receivers[0].on_response(Response(200, [], 2), b"hi", True)
    await client.answer()
    client.send(GET)
    await until(lambda: len(way.receivers) == 2)


async def test_bodies_are_held_up_to_a_bound(opened: Open) -> None:
    spy = Spy()
    front = await opened(Front(spy, ReadBody(), capacity=Capacity(held_bytes=1400)))
    held = [await front.connect() for _ in range(3)]
    for client in held:
        client.send(HALF_A_BODY)
    await until(lambda: front.listener.held_bytes == 1200)
    assert is_refusal(await front.ask(HALF_A_BODY))
    assert spy.outcomes == [Outcome.REFUSED] and front.listener.held_bytes == 1200
    held[2].leave()
    await until(lambda: front.listener.held_bytes == 800)
    held[0].send(b"x" * 600)
    assert (await held[0].answer()).startswith(b"HTTP/1.1 200 ")
    assert front.listener.held_bytes == 400


async def test_a_body_counts_as_held_until_its_exchange_has_ended(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, ReadBody(), way=way, capacity=Capacity(held_bytes=15)))
    first, second = await front.connect(), await front.connect()
    first.send(POST_HEAD + BODY)
    run = await sent(way)
    assert front.listener.held_bytes == 10
    second.send(POST_HEAD + BODY)
    assert is_refusal(await second.answer()) and front.listener.held_bytes == 10
    run.on_response(Response(200, [], 2), b"hi", True)
    await first.answer()
    second.send(POST_HEAD + BODY)
    await sent(way, 2)
    assert spy.outcomes == [Outcome.REFUSED, Outcome.COMPLETED]


async def test_a_drain_closes_what_is_idle_and_lets_exchanges_end(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, way=way, timeouts=Timeouts(drain_idle=0.05)))
    idle, client = await front.connect(), await front.connect()
    client.send(GET)
    await until(lambda: way.receivers and front.listener.connections == 2)
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(front.listener.drain(5.0))
        assert await idle.rest() == b""
        with pytest.raises(OSError):
            await front.connect()
        assert not draining.done()
        way.receivers[0].on_response(Response(200, [], 2), b"hi", True)
        answer = await client.rest()
    assert b"connection: close\r\n" in answer and answer.endswith(b"\r\n\r\nhi")
    assert spy.outcomes == [Outcome.COMPLETED] and front.listener.connections == 0


async def test_a_request_that_crosses_with_a_drain_is_answered(opened: Open) -> None:
    front = await opened(Front(Spy(), timeouts=Timeouts(drain_idle=5.0)))
    client = await front.connect()
    await until(lambda: front.listener.connections == 1)
    async with asyncio.TaskGroup() as group:
        group.create_task(front.listener.drain(5.0))
        await until(lambda: front.listener.draining)
        client.send(GET)
        answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 200 ") and b"connection: close\r\n" in answer


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_a_drain_cuts_off_what_takes_too_long(opened: Open, spy_type: type[Spy]) -> None:
    spy, way = spy_type(), FakeWay()
    front = await opened(Front(spy, way=way))
    client = await front.connect()
    client.send(GET)
    await until(lambda: way.receivers)
    await front.listener.drain(0.01)
    await until(lambda: not front.listener.connections)
    await until(lambda: spy.outcomes)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and await client.rest() in (b"", b"<reset>")
    assert front.listener.exchanges == 0


async def test_a_drain_stops_hooks_that_wait(opened: Open) -> None:
    slow = Slow()
    front = await opened(Front(slow))
    client = await front.connect()
    client.send(GET)
    await until(lambda: slow.notes)
    await front.listener.drain(0.0)
    await until(lambda: "client_gone" in slow.notes)
    assert slow.notes == ["begun", "left", "client_gone"]


async def test_a_connection_that_comes_in_amid_a_drain_carries_one_request(opened: Open) -> None:
    front = await opened(Front())
    front.listener.draining = True
    client = await front.connect()
    client.send(GET * 2)
    answer = await client.rest()
    assert answer.count(b"HTTP/1.1 200 OK") == 1 and b"connection: close\r\n" in answer


@pytest.mark.parametrize(("descriptors", "connections"), [(256, 144), (1_048_576, 16_384), (40, 1)])
def test_a_worker_takes_no_more_clients_than_it_has_descriptors_for(descriptors: int, connections: int) -> None:
    assert Capacity.within(descriptors).connections == connections
