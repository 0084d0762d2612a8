"""Requests over a real socket: one after the other, whole or in pieces, with stub plans and a fake upstream."""

import asyncio

import pytest

from data_plane.exchange import Exchange, Outcome, Response
from data_plane.ingress.bounds import Limits, Timeouts
from data_plane.pipeline.filter import Filter
from tests.fakes.filters import Answer, AsyncAnswer, AsyncSpy, ReadBody, Refuse, Spy
from tests.fakes.front import (
    BODY,
    CONTINUE,
    EXPECTING,
    GET,
    POST_HEAD,
    Front,
    Instant,
    Open,
    chunk,
    sent,
    statuses,
    until,
)
from tests.fakes.sides import FakeWay

CHUNKED_HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("filter_", [Filter(), AsyncSpy()], ids=["sync", "async"])
async def test_a_connection_carries_one_request_after_another(opened: Open, filter_: Filter) -> None:
    front = await opened(Front(filter_))
    client = await front.connect()
    for request in (GET, POST_HEAD + BODY, GET):
        client.send(request)
        answer = await client.answer()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nhi")
        assert b"connection: close" not in answer
    await until(lambda: front.listener.exchanges == 0)
    assert front.listener.connections == 1


@pytest.mark.parametrize("filter_", [Answer(), AsyncAnswer()], ids=["sync", "async"])
async def test_pipelined_requests_are_answered_in_order(opened: Open, filter_: Filter) -> None:
    spy, refuse = Spy(), b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
    front = await opened(Front(spy, filter_))
    answers = await front.ask(GET * 500 + (POST_HEAD + BODY) * 2 + refuse + GET)
    assert statuses(answers) == [b"200"] * 502 + [b"400"]
    assert spy.outcomes == [Outcome.COMPLETED] * 502


async def test_pipelined_requests_wait_for_the_one_before(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way))
    client = await front.connect()
    client.send(GET * 2)
    first = await sent(way)
    assert front.listener.exchanges == 1
    first.on_response(Response(200, [], 1), b"1", True)
    second = await sent(way, 2)
    second.on_response(Response(200, [], 1), b"2", True)
    assert [(await client.answer())[-1:], (await client.answer())[-1:]] == [b"1", b"2"]


async def test_requests_do_not_pile_up_for_a_client_that_sends_but_does_not_read(opened: Open) -> None:
    way = Instant(b"z" * (16 << 20))
    front = await opened(Front(way=way))
    client = await front.connect()
    client.stop_reading()
    client.send(GET)
    await until(lambda: way.sent)
    client.send(GET * (1 << 20))
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert len(way.sent) == 1 and client.unsent_bytes > 0


async def test_answers_do_not_pile_up_for_a_client_that_sends_but_does_not_read(opened: Open) -> None:
    way = Instant(b"z" * (2 << 20))
    front = await opened(Front(way=way))
    client = await front.connect()
    client.stop_reading()
    for _ in range(10):
        client.send(GET * 2)
        await asyncio.sleep(0.002)
    await until(lambda: way.sent)
    assert len(way.sent) <= 8  # most of it in the kernel's buffers
    client.read_on()
    client.send(GET.replace(b"Host", b"Connection: close\r\nHost"))
    answers = await client.rest()
    assert statuses(answers) == [b"200"] * 21 and answers.count(b"z") == 21 * (2 << 20)


@pytest.mark.parametrize(
    ("request_", "closes"),
    [
        (GET.replace(b"1.1", b"1.0"), True),
        (GET.replace(b"1.1\r\n", b"1.0\r\nConnection: keep-alive\r\n"), True),
        (GET.replace(b"Host", b"Connection: close\r\nHost"), True),
        (GET, False),
    ],
    ids=["HTTP/1.0", "HTTP/1.0 with keep-alive", "close", "HTTP/1.1"],
)
async def test_a_connection_is_kept_unless_client_or_version_say_no(
    opened: Open, request_: bytes, closes: bool
) -> None:
    front = await opened(Front())
    client = await front.connect()
    client.send(request_)
    answer = await client.answer()
    assert (b"connection: close\r\n" in answer) is closes
    if closes:
        assert await client.rest() == b""
    else:
        client.send(GET)
        assert await client.answer()


async def test_the_end_of_a_body_of_unknown_length_is_the_end_of_an_http_1_0_connection(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way))
    client = await front.connect()
    client.send(GET.replace(b"1.1", b"1.0"))
    run = await sent(way)
    run.on_response(Response(200, []), b"01", False)
    run.on_body(b"23", True)
    answer = await client.rest()
    assert answer.endswith(b"\r\n\r\n0123") and b"chunked" not in answer


@pytest.mark.parametrize(
    ("given", "taken"),
    [(b"client-1.2_3", True), (b"short", False), (b"x" * 65, False), (b"bad chars!", False), (b"-leading", False)],
)
async def test_a_clients_request_id_is_taken_if_it_is_a_plain_one(opened: Open, given: bytes, taken: bool) -> None:
    front = await opened(Front())
    client = await front.connect()
    client.send(GET.replace(b"Host", b"x-isthmus-request-id: " + given + b"\r\nHost"))
    expected = given if taken else b"made-here"
    assert b"x-isthmus-request-id: " + expected + b"\r\n" in await client.answer()


# The request's body.


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("head", [POST_HEAD, CHUNKED_HEAD], ids=["length", "chunked"])
@pytest.mark.parametrize("filter_type", [ReadBody, Spy], ids=["held", "streamed"])
async def test_a_body_arrives_however_it_is_cut(
    opened: Open, filter_type: type[Filter], head: bytes, size: int
) -> None:
    filter_, way = filter_type(), FakeWay()
    front = await opened(Front(filter_, way=way))
    client = await front.connect()
    body = BODY if head is POST_HEAD else chunk(BODY[:4]) + chunk(BODY[4:]) + b"0\r\n\r\n"
    client.send(head)
    for at in range(0, len(body), size):
        await asyncio.sleep(0)
        client.send(body[at : at + size])
    run = await sent(way)
    if isinstance(filter_, ReadBody):
        assert filter_.bodies == [BODY] and way.sent == [(BODY, False)]
    else:
        if way.sent != [(BODY, False)]:  # it did not come whole with its head
            assert way.sent == [(b"", True)]
            await until(lambda: way.upstream.sent and way.upstream.sent[-1][1])
            assert b"".join(data for data, _ in way.upstream.sent) == BODY
    assert run.exchange.bytes_in == 10
    run.on_response(Response(200, [], 2), b"hi", True)
    assert b"connection: close" not in await client.answer()


@pytest.mark.parametrize("filter_type", [ReadBody, Spy], ids=["held", "streamed"])
async def test_a_body_that_is_cut_short_is_of_a_client_that_has_gone(opened: Open, filter_type: type[Filter]) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, filter_type(), way=way))
    client = await front.connect()
    client.send(POST_HEAD + BODY[:4])
    await until(lambda: front.listener.held_bytes if filter_type is ReadBody else way.upstream.sent)
    assert front.listener.held_bytes == (4 if filter_type is ReadBody else 0)
    client.leave()
    await until(lambda: spy.outcomes)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and front.listener.held_bytes == front.listener.exchanges == 0
    assert way.upstream.calls == ([] if filter_type is ReadBody else ["abort"])


async def test_the_client_is_asked_for_its_body_only_after_the_head_has_passed(opened: Open) -> None:
    gate = asyncio.Event()

    class Gate(Filter):
        async def on_request(self, exchange: Exchange) -> None:
            await gate.wait()

    read = ReadBody()
    front = await opened(Front(Gate(), read))
    client = await front.connect()
    client.send(EXPECTING)
    await until(lambda: front.listener.exchanges)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await client.until(b"\n")
    gate.set()
    assert await client.until(b"\r\n\r\n") == CONTINUE
    client.send(BODY[:4])
    await until(lambda: front.listener.held_bytes)
    client.send(BODY[4:])
    assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n") and read.bodies == [BODY]


@pytest.mark.parametrize("reads", [True, False], ids=["held", "streamed"])
async def test_a_refusal_comes_before_the_body_is_asked_for(opened: Open, reads: bool) -> None:
    spy, read = Spy(), ReadBody() if reads else Spy()
    front = await opened(Front(spy, Refuse(), read))
    client = await front.connect()
    client.send(EXPECTING)
    answer = await client.rest()
    assert statuses(answer) == [b"429"] and b"connection: close\r\n" in answer and b"retry-after: 3\r\n" in answer
    assert spy.outcomes == [Outcome.REFUSED] and spy.exchanges[0].bytes_in == 0


@pytest.mark.parametrize("cut", [4, 10], ids=["in part", "whole"])
async def test_a_body_that_came_with_its_head_needs_no_invitation(opened: Open, cut: int) -> None:
    front = await opened(Front(ReadBody()))
    client = await front.connect()
    client.send(EXPECTING + BODY[:cut])
    await until(lambda: front.snapshots.exchanges)
    client.send(BODY[cut:])
    assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_is_invited_once(opened: Open) -> None:
    front = await opened(Front(ReadBody()))
    client = await front.connect()
    client.send(CHUNKED_HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert await client.until(b"\r\n\r\n") == CONTINUE
    for data in (b"2\r\n", b"01\r\n", b"0\r\n", b"\r\n"):
        client.send(data)
        await asyncio.sleep(0.005)
    assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_refusal_of_what_has_been_read_keeps_the_connection(opened: Open) -> None:
    front = await opened(Front(Refuse(), ReadBody()))
    client = await front.connect()
    for _ in range(2):
        client.send(POST_HEAD + BODY)
        answer = await client.answer()
        assert statuses(answer) == [b"429"] and b"connection: close" not in answer


async def test_a_client_amid_its_body_gets_a_refusal_and_no_reset(opened: Open) -> None:
    front = await opened(Front(Refuse()))
    client = await front.connect()
    client.send(POST_HEAD.replace(b"10", b"%d" % (8 << 20)))
    for _ in range(64):
        client.send(b"x" * (1 << 16))
        await asyncio.sleep(0)
    answer = await client.rest()
    assert statuses(answer) == [b"429"] and not answer.endswith(b"<reset>")


async def test_a_large_answer_to_a_body_unread_is_not_cut_off_when_lingering_ends(opened: Open) -> None:
    front = await opened(Front(way=Instant(b"z" * (16 << 20)), timeouts=Timeouts(lingering=1, write_stall=20)))
    client = await front.connect()
    client.stop_reading()
    client.send(POST_HEAD + BODY[:4])
    await until(lambda: front.snapshots.exchanges and front.listener.exchanges == 0)
    front.pass_time(5)
    client.read_on()
    assert (await client.rest()).count(b"z") == 16 << 20


@pytest.mark.parametrize(
    "data",
    [POST_HEAD.replace(b"10", b"1001"), CHUNKED_HEAD + chunk(b"x" * 600) + chunk(b"x" * 600)],
    ids=["length", "chunked"],
)
@pytest.mark.parametrize("filter_type", [ReadBody, Spy], ids=["held", "streamed"])
async def test_a_body_may_have_so_many_bytes(opened: Open, filter_type: type[Filter], data: bytes) -> None:
    spy = Spy()
    front = await opened(Front(spy, filter_type(), way=FakeWay(), limits=Limits(body_bytes=1000)))
    assert statuses(await front.ask(data)) == [b"413"]
    assert spy.outcomes == ([Outcome.REFUSED] if spy.exchanges else [])


@pytest.mark.parametrize("filter_type", [ReadBody, Spy], ids=["held", "streamed"])
async def test_a_body_that_breaks_off_into_nonsense_is_refused(opened: Open, filter_type: type[Filter]) -> None:
    spy, way = Spy(), FakeWay()
    front = await opened(Front(spy, filter_type(), way=way))
    client = await front.connect()
    client.send(CHUNKED_HEAD + chunk(b"01"))
    await until(lambda: front.listener.held_bytes if filter_type is ReadBody else way.upstream.sent)
    client.send(b"nonsense\r\n")
    assert statuses(await client.rest()) == [b"400"]
    assert spy.outcomes == [Outcome.REFUSED] and spy.exchanges[0].error is not None


async def test_an_upstream_that_does_not_keep_up_holds_back_the_client(opened: Open) -> None:
    way = FakeWay()
    front = await opened(Front(way=way))
    client = await front.connect()
    total = 16 << 20
    client.send(POST_HEAD.replace(b"10", b"%d" % total))
    run = await sent(way)
    way.upstream.is_full = True
    client.send(b"z" * total)
    await until(lambda: way.upstream.sent)
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert sum(len(data) for data, _ in way.upstream.sent) <= 1 << 20
    front.pass_time(Timeouts().body_gap + 5)  # the client is not to blame
    assert front.listener.exchanges == 1
    way.upstream.is_full = False
    run.on_request_drained()
    await until(lambda: way.upstream.sent[-1][1])
    assert sum(len(data) for data, _ in way.upstream.sent) == total
    run.on_response(Response(200, [], 2), b"hi", True)
    assert b"connection: close" not in await client.answer()
