"""A run between three fakes: the request's body, held or streamed, through one plan or two."""

import pytest

from data_plane.errors import NotFound, Overloaded
from data_plane.exchange import Exchange, Outcome, Timeouts
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import Plan, compile_plan
from tests.fakes.filters import (
    Act,
    AddHeader,
    AsyncSpy,
    ReadBody,
    Refuse,
    Slow,
    Spy,
)
from tests.fakes.sides import NOW, FakeWay, Sides, answer, between_fakes, run_through, turns

# The request's body.


@pytest.mark.parametrize("reads_body", [False, True], ids=["streamed", "held"])
def test_a_refusal_at_the_head_asks_for_no_byte_of_the_body(reads_body: bool) -> None:
    way = FakeWay()
    sides = run_through(Refuse(), ReadBody() if reads_body else Filter(), has_body=True, way=way)
    sides.run.start()
    assert sides.client.status == b"429" and sides.client.asked == [] and way.sent == []
    assert b"connection: close\r\n" in sides.client.written[0]


def test_a_refusal_keeps_the_connection_if_the_body_has_come() -> None:
    sides = run_through(Refuse(), has_body=True)
    sides.client.has_read_body = True
    sides.run.start()
    assert b"connection: close" not in sides.client.written[0] and sides.client.persistent


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_held_body_is_whole_for_those_that_read_it(size: int) -> None:
    order: list[str] = []
    read, way = ReadBody(), FakeWay()
    sides = run_through(Act(lambda exchange: order.append("head")), read, has_body=True, way=way)
    sides.run.start()
    assert order == ["head"] and sides.client.asked == ["read"] and way.sent == [] and sides.run.holds_body
    sides.send_body(b"0123456789", size)
    assert read.bodies == [b"0123456789"] and way.sent == [(b"0123456789", False)]
    assert sides.exchange.bytes_in == 10 and not sides.run.holds_body


def test_a_held_body_that_is_cut_short_reaches_nobody() -> None:
    spy, read, way = Spy(), ReadBody(), FakeWay()
    sides = run_through(spy, read, has_body=True, way=way)
    sides.run.start()
    sides.run.on_request_body(b"012", False)
    sides.run.refuse(Overloaded("x", retry_after_seconds=1))
    assert read.bodies == [] and way.sent == [] and spy.outcomes == [Outcome.REFUSED]
    assert sides.client.status == b"503" and not sides.client.persistent


async def test_a_body_that_becomes_whole_after_a_refusal_sets_nothing_going() -> None:
    spy, slow, read, way = Spy(), Slow("on_response"), ReadBody(), FakeWay()
    sides = run_through(spy, slow, read, has_body=True, way=way)
    sides.run.start()
    await turns()
    sides.run.on_request_body(b"012", False)
    sides.run.expire()
    await turns()
    sides.send_body(b"3")
    await turns()
    assert slow.notes == ["begun"] and read.bodies == [] and way.sent == []
    sides.leave()
    await turns()
    assert spy.outcomes == [Outcome.CLIENT_GONE]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_streamed_body_is_sent_on_as_it_comes(size: int) -> None:
    way = FakeWay()
    sides = run_through(Spy(), has_body=True, way=way)
    sides.run.start()
    assert way.sent == [(b"", True)] and sides.client.asked == ["read"] and not sides.run.holds_body
    sides.send_body(b"0123456789", size)
    assert b"".join(data for data, _ in way.upstream.sent) == b"0123456789"
    assert [last for _, last in way.upstream.sent] == [False] * (len(way.upstream.sent) - 1) + [True]
    assert sides.exchange.bytes_in == 10 and sides.exchange.request.body == b""


def test_a_full_upstream_holds_back_the_streamed_body() -> None:
    way = FakeWay()
    sides = run_through(Spy(), has_body=True, way=way)
    sides.run.start()
    way.upstream.is_full = True
    sides.run.on_request_body(b"01", False)
    assert sides.client.asked == ["read", "pause"]
    sides.run.on_request_drained()
    assert sides.client.asked == ["read", "pause", "resume"]


def test_an_answer_that_comes_before_the_body_is_whole_ends_the_connection() -> None:
    spy = Spy()
    sides = run_through(spy, has_body=True)
    sides.run.start()
    sides.run.on_request_body(b"01", False)
    answer(sides)
    assert b"connection: close\r\n" in sides.client.written[0] and not sides.client.persistent
    sides.run.on_request_body(b"2", True)
    assert spy.outcomes == [Outcome.COMPLETED]


# Two plans.


class Second:
    """Gives the plan that goes on; notes with how many filters entered it was asked for."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.entered: list[int] = []

    def __call__(self, exchange: Exchange) -> Plan:
        self.entered.append(exchange.entered)
        return self.plan


def two_plans(first: list[Filter], more: list[Filter], way: FakeWay, *, has_body: bool = False) -> tuple[Sides, Second]:
    second = Second(compile_plan([*first, *more], dispatcher=way, entered=len(first)))
    return between_fakes(compile_plan(first, next_plan=second), has_body=has_body), second


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_the_next_plan_goes_on_where_the_first_ended(spy_type: type[Spy]) -> None:
    seen: list[str] = []
    record, inner, way = Spy(), spy_type(), FakeWay()
    first = [record, Act(lambda exchange: seen.append("first")), Filter()]
    sides, second = two_plans(first, [Act(lambda exchange: seen.append("second")), AddHeader(), inner], way)
    sides.run.start()
    await turns()
    assert seen == ["first", "second"] and second.entered == [3] and len(way.sent) == 1
    answer(sides)
    await turns()
    assert record.outcomes == inner.outcomes == [Outcome.COMPLETED] and b"x-added" in sides.client.written[0]


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_a_next_plan_may_hold_the_body_though_the_first_streams_it(spy_type: type[Spy]) -> None:
    read, way = ReadBody(), FakeWay()
    sides, _ = two_plans([Spy()], [spy_type(), read], way, has_body=True)
    sides.run.start()
    await turns()
    assert sides.client.asked == ["read"] and sides.run.holds_body and way.sent == []
    sides.send_body(b"0123", 1)
    await turns()
    assert read.bodies == [b"0123"] and way.sent == [(b"0123", False)]


def test_the_body_is_held_once_for_both_plans() -> None:
    reads, way = [ReadBody(), ReadBody()], FakeWay()
    sides, _ = two_plans([reads[0]], [reads[1]], way, has_body=True)
    sides.run.start()
    sides.send_body(b"0123")
    assert [each.bodies for each in reads] == [[b"0123"]] * 2 and sides.client.asked == ["read"]


def test_a_request_for_which_there_is_no_next_plan_is_refused_and_recorded() -> None:
    def nothing(exchange: Exchange) -> Plan:
        raise NotFound("x")

    spy, last = Spy(), Spy()
    sides = between_fakes(compile_plan([spy, Act(lambda exchange: None), last], next_plan=nothing))
    sides.run.start()
    assert sides.client.status == b"404" and spy.outcomes == last.outcomes == [Outcome.REFUSED]


def test_a_filter_may_change_the_deadline() -> None:
    def shorten(exchange: Exchange) -> None:
        exchange.timeouts = Timeouts(request=3.0)

    sides = run_through(Act(shorten))
    sides.run.start()
    assert sides.client.deadlines == [NOW + 3.0]
