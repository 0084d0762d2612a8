"""A run between three fakes: whatever ends it, and whatever follows, its filters hear of one end."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

import pytest

from data_plane.errors import BadGateway, GatewayTimeout, NotFound, Overloaded
from data_plane.exchange import Exchange, Outcome, Response, Timeouts, Usage
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import Plan, compile_plan
from tests.fakes.filters import (
    Act,
    AddHeader,
    Answer,
    AsyncAnswer,
    AsyncBodySpy,
    AsyncSpy,
    Broken,
    Fragile,
    Mask,
    ReadBody,
    Refuse,
    Slow,
    Spy,
    Stubborn,
)
from tests.fakes.sides import NOW, FakeWay, Sides, between_fakes

SECRET = b"secret of the inside"
EVENT = b'data: {"t":"Paris"}\n\n'


async def turns(count: int = 8) -> None:
    """Let tasks take some steps."""
    for _ in range(count):
        await asyncio.sleep(0)


def make(*filters: Filter, way: FakeWay | None = None, has_body: bool = False, stream: bool = False) -> Sides:
    return between_fakes(compile_plan(filters, dispatcher=way or FakeWay()), has_body=has_body, stream=stream)


def answer(sides: Sides, data: bytes = b"hi", *, last: bool = True) -> None:
    sides.run.on_response(Response(200, [], 2), data, last)


def begin_stream(sides: Sides, data: bytes = b"", *, last: bool = False) -> None:
    sides.run.on_response(Response(200, [(b"content-type", b"text/event-stream")]), data, last)


# Ends.

ENDS: dict[str, Callable[[Sides], None]] = {
    "answer": answer,
    "failure": lambda sides: sides.run.on_failure(BadGateway("x")),
    "deadline": lambda sides: sides.run.expire(),
    "client": lambda sides: sides.leave(),
}
OUTCOMES = {
    "answer": Outcome.COMPLETED,
    "failure": Outcome.UPSTREAM_FAILED,
    "deadline": Outcome.TIMED_OUT,
    "client": Outcome.CLIENT_GONE,
}


def is_heard(sides: Sides, name: str) -> bool:
    """Whether this end may still come: an upstream that was let go says nothing, nor a client that has its answer."""
    if name in ("answer", "failure"):
        return sides.run.upstream is not None
    return not sides.client.ends and not sides.client.is_gone


@pytest.mark.parametrize("begun", [False, True], ids=["no response yet", "response begun"])
@pytest.mark.parametrize("settles", [False, True], ids=["at once", "after a while"])
@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy, AsyncBodySpy], ids=["sync", "async", "async after the body"])
@pytest.mark.parametrize("ends", list(itertools.permutations(ENDS, 2)), ids=" then ".join)
async def test_filters_hear_of_one_end(ends: tuple[str, str], spy_type: type[Spy], settles: bool, begun: bool) -> None:
    outer, spy, way = Spy(), spy_type(), FakeWay()
    sides = make(outer, spy, way=way)
    sides.run.start()
    await turns()
    if begun:
        sides.run.on_response(Response(200, [], 2), b"", False)
        await turns()
    heard = []
    for name in ends:
        if is_heard(sides, name):
            heard.append(name)
            if name == "answer" and begun:
                sides.run.on_body(b"hi", True)
            else:
                ENDS[name](sides)
        if settles:
            await turns()
    await turns()
    assert len(spy.outcomes) == len(outer.outcomes) == 1
    assert outer.outcomes[0] is spy.outcomes[0]
    # An answer that hooks still look at may be overtaken; else the first end is the one.
    assert spy.outcomes[0] in {OUTCOMES[name] for name in (heard[:1] if settles else heard)}
    assert sides.client.ends == [] if spy.outcomes == [Outcome.CLIENT_GONE] else len(sides.client.ends) == 1
    assert way.upstream.calls.count("abort") <= 1


@pytest.mark.parametrize("end", ["failure", "deadline", "client"])
@pytest.mark.parametrize("other", list(ENDS))
async def test_an_end_after_another_that_waits_for_a_hook_is_no_second_one(end: str, other: str) -> None:
    spy, slow = Spy(), Slow("on_response")
    sides = make(spy, slow)
    sides.run.start()
    await turns()
    answer(sides, b"", last=False)
    await turns()
    ENDS[end](sides)
    if is_heard(sides, other) and other != "answer":
        ENDS[other](sides)
    await turns()
    if "client" not in (end, other):  # the hooks wait on the error's response, too; the deadline comes again
        sides.run.expire()
        await turns()
        assert sides.client.status in (b"502", b"504") and sides.client.ends == ["finished"]
    assert len(spy.outcomes) == 1 and slow.notes[-1] == spy.outcomes[0].value


@pytest.mark.parametrize("late", [None, 1], ids=["before the task's first step", "amid the hook"])
async def test_a_client_that_leaves_early_is_recorded_after_the_hook_has_left(late: int | None) -> None:
    record, slow = Spy(), Slow()
    sides = make(record, slow)
    sides.run.start()
    await turns(late or 0)
    sides.leave()
    assert record.outcomes == []
    await turns()
    assert record.outcomes == [Outcome.CLIENT_GONE] and record.exchanges[0].status == 499
    assert slow.notes == (["begun", "left", "client_gone"] if late else [])


@pytest.mark.parametrize("filters", [(), (Act(lambda exchange: None), Filter())], ids=["no hook", "hooks on the head"])
def test_a_client_that_leaves_while_its_body_is_held_is_recorded_by_all_filters_before_it(
    filters: Sequence[Filter],
) -> None:
    first, second = Spy(), Spy()
    sides = make(first, *filters, second, ReadBody(), has_body=True)
    sides.run.start()
    sides.leave()
    assert first.outcomes == second.outcomes == [Outcome.CLIENT_GONE]


@pytest.mark.parametrize("slow", [Stubborn, Fragile])
@pytest.mark.parametrize("hook", ["on_request", "on_response"])
@pytest.mark.parametrize("end", ["client", "deadline"])
async def test_a_hook_that_resists_cancellation_changes_no_end(slow: type[Slow], hook: str, end: str) -> None:
    record, way, later = Spy(), FakeWay(), Act(lambda exchange: pytest.fail("ran on"))
    filters = (record, slow(hook), later) if hook == "on_request" else (record, slow(hook))
    sides = make(*filters, way=way)
    sides.run.start()
    await turns()
    if hook == "on_response":
        answer(sides)
        await turns()
    ENDS[end](sides)
    await turns()
    if end == "deadline" and hook == "on_response":
        sides.run.expire()
        await turns()
    assert record.outcomes == [OUTCOMES[end]]
    assert sides.client.status == (b"" if end == "client" else b"504")


async def test_a_hook_that_is_cancelled_from_within_fails_its_exchange() -> None:
    class Cancelled(Filter):
        async def on_request(self, exchange: Exchange) -> None:
            raise asyncio.CancelledError

    spy = Spy()
    sides = make(spy, Cancelled())
    sides.run.start()
    await turns()
    assert sides.client.status == b"500" and spy.outcomes == [Outcome.REFUSED]


def test_an_upstream_connection_is_left_alone_after_its_last_byte() -> None:
    way = FakeWay()
    sides = make(Spy(), way=way)
    sides.run.start()
    answer(sides, b"", last=False)
    sides.run.on_body(b"hi", True)
    sides.leave()
    assert way.upstream.calls == [] and sides.client.ends == ["finished"]


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_stream", "on_complete"])
@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_a_hook_that_fails_shows_nothing_of_the_inside(hook: str, spy_type: type[Spy]) -> None:
    outer, broken, inner = spy_type(), Broken(hook), Spy()
    sides = make(outer, broken, inner)
    sides.run.start()
    await turns()
    if sides.run.upstream is not None:
        answer(sides)
    await turns(16)
    assert sides.client.status == (b"200" if hook == "on_complete" else b"500")
    assert SECRET not in b"".join(sides.client.written) and sides.client.ends == ["finished"]
    assert len(outer.outcomes) == 1
    assert len(inner.outcomes) == (0 if hook == "on_request" else 1)
    assert broken.times == (2 if hook == "on_response" else 1)  # errors pass the response hooks once more


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        ((Refuse(),), None),
        ((), BadGateway("x")),
        ((), GatewayTimeout("x")),
    ],
    ids=["refused", "failed", "timed out"],
)
@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_errors_pass_the_response_hooks_of_entered_filters(
    filters: tuple[Filter, ...], error: BadGateway | None, spy_type: type[Spy]
) -> None:
    sides = make(spy_type(), AddHeader(), *filters, Broken("on_response") if filters else Filter())
    sides.run.start()
    await turns()
    if error is not None:
        sides.run.on_failure(error)
        await turns()
    assert sides.client.written[0].count(b"x-added: 1\r\n") == 1
    assert (b"retry-after: 3\r\n" in sides.client.written[0]) is bool(filters)
    assert sides.exchange.error is not None and sides.exchange.status == sides.exchange.error.status


@pytest.mark.parametrize("filter_", [Answer(), AsyncAnswer()], ids=["sync", "async"])
async def test_a_filter_answers_without_the_upstream(filter_: Filter) -> None:
    spy, inner, way = Spy(), Spy(), FakeWay()
    sides = make(spy, filter_, inner, way=way)
    sides.run.start()
    await turns()
    assert sides.client.body == b"hi" and spy.outcomes == [Outcome.COMPLETED]
    assert inner.outcomes == [] and way.sent == []


def test_a_request_that_nothing_serves_is_refused() -> None:
    for way, status in ((FakeWay(NotFound("x")), b"404"), (FakeWay(RuntimeError("x")), b"500")):
        spy = Spy()
        sides = make(spy, way=way)
        sides.run.start()
        assert sides.client.status == status and spy.outcomes == [Outcome.REFUSED]
    sides = between_fakes(compile_plan([]))
    sides.run.start()
    assert sides.client.status == b"500"


# The request's body.


@pytest.mark.parametrize("reads_body", [False, True], ids=["streamed", "held"])
def test_a_refusal_at_the_head_asks_for_no_byte_of_the_body(reads_body: bool) -> None:
    way = FakeWay()
    sides = make(Refuse(), ReadBody() if reads_body else Filter(), has_body=True, way=way)
    sides.run.start()
    assert sides.client.status == b"429" and sides.client.asked == [] and way.sent == []
    assert b"connection: close\r\n" in sides.client.written[0]


def test_a_refusal_keeps_the_connection_if_the_body_has_come() -> None:
    sides = make(Refuse(), has_body=True)
    sides.client.has_read_body = True
    sides.run.start()
    assert b"connection: close" not in sides.client.written[0] and sides.client.persistent


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_held_body_is_whole_for_those_that_read_it(size: int) -> None:
    order: list[str] = []
    read, way = ReadBody(), FakeWay()
    sides = make(Act(lambda exchange: order.append("head")), read, has_body=True, way=way)
    sides.run.start()
    assert order == ["head"] and sides.client.asked == ["read"] and way.sent == [] and sides.run.holds_body
    sides.send_body(b"0123456789", size)
    assert read.bodies == [b"0123456789"] and way.sent == [(b"0123456789", False)]
    assert sides.exchange.bytes_in == 10 and not sides.run.holds_body


def test_a_held_body_that_is_cut_short_reaches_nobody() -> None:
    spy, read, way = Spy(), ReadBody(), FakeWay()
    sides = make(spy, read, has_body=True, way=way)
    sides.run.start()
    sides.run.on_request_body(b"012", False)
    sides.run.refuse(Overloaded("x", retry_after_seconds=1))
    assert read.bodies == [] and way.sent == [] and spy.outcomes == [Outcome.REFUSED]
    assert sides.client.status == b"503" and not sides.client.persistent


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_streamed_body_is_sent_on_as_it_comes(size: int) -> None:
    way = FakeWay()
    sides = make(Spy(), has_body=True, way=way)
    sides.run.start()
    assert way.sent == [(b"", True)] and sides.client.asked == ["read"] and not sides.run.holds_body
    sides.send_body(b"0123456789", size)
    assert b"".join(data for data, _ in way.upstream.sent) == b"0123456789"
    assert [last for _, last in way.upstream.sent] == [False] * (len(way.upstream.sent) - 1) + [True]
    assert sides.exchange.bytes_in == 10 and sides.exchange.request.body == b""


def test_a_full_upstream_holds_back_the_streamed_body() -> None:
    way = FakeWay()
    sides = make(Spy(), has_body=True, way=way)
    sides.run.start()
    way.upstream.is_full = True
    sides.run.on_request_body(b"01", False)
    assert sides.client.asked == ["read", "pause"]
    sides.run.on_request_drained()
    assert sides.client.asked == ["read", "pause", "resume"]


def test_an_answer_that_comes_before_the_body_is_whole_ends_the_connection() -> None:
    spy = Spy()
    sides = make(spy, has_body=True)
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

    sides = make(Act(shorten))
    sides.run.start()
    assert sides.client.deadlines == [NOW + 3.0]


# The response.


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_the_upstream_waits_while_hooks_wait_or_the_client_does_not_read(spy_type: type[Spy]) -> None:
    way = FakeWay()
    sides = make(spy_type(), way=way)
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [], 4), b"hi", False)
    sides.run.pause()
    assert set(way.upstream.calls) == {"pause"}
    await turns()
    assert set(way.upstream.calls) == {"pause"} and sides.client.written[0].endswith(b"hi")
    sides.run.resume()
    assert way.upstream.calls[-1] == "resume"


async def test_what_comes_while_response_hooks_wait_is_sent_in_order() -> None:
    sides = make(AsyncSpy())
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [], 6), b"01", False)
    sides.run.on_body(b"23", False)
    sides.run.on_body(b"45", True)
    await turns()
    assert sides.client.body == b"012345" and sides.client.ends == ["finished"]


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_content_is_changed_event_by_event(size: int, spy_type: type[Spy]) -> None:
    mask = Mask()
    sides = make(spy_type(), mask, stream=True)
    sides.run.start()
    await turns()
    begin_stream(sides)
    sent = EVENT * 2 + b"data: [DONE]\n\n"
    for at in range(0, len(sent), size):
        sides.run.on_body(sent[at : at + size], at + size >= len(sent))
    await turns()
    assert mask.events == [EVENT, EVENT, b"data: [DONE]\n\n"]
    assert unchunk(sides.client.body) == sent.replace(b"Paris", b"*****") + b"data: end\n\n"


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_content_that_a_filter_forbids_does_not_go_out(spy_type: type[Spy]) -> None:
    spy = spy_type()
    sides = make(spy, Mask())
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [(b"x", b"y")], 9), b"forbid", False)
    sides.run.on_body(b"den", True)
    await turns(16)
    assert sides.client.status == b"500" and spy.outcomes == [Outcome.UPSTREAM_FAILED]
    assert SECRET not in b"".join(sides.client.written) and b"".join(sides.client.written).count(b"HTTP/1.1") == 1


async def test_bytes_held_behind_a_failed_event_do_not_go_out() -> None:
    sides = make(AsyncSpy(), Mask(), stream=True)
    sides.run.start()
    await turns()
    begin_stream(sides, b"data: forbidden\n\n")
    sides.run.on_body(EVENT, True)
    await turns(16)
    assert sides.client.status == b"500" and b"data:" not in b"".join(sides.client.written)
    assert sides.client.ends == ["finished"]


@pytest.mark.parametrize("method_and_status", [(b"HEAD", 200), (b"POST", 204), (b"POST", 304)])
def test_what_has_no_body_is_not_changed(method_and_status: tuple[bytes, int]) -> None:
    method, status = method_and_status
    mask = Mask()
    sides = between_fakes(compile_plan([mask], dispatcher=FakeWay()), method=method)
    sides.run.start()
    sides.run.on_response(Response(status, [], 5), b"", True)
    assert mask.events == [] and sides.client.body == b"" and sides.client.ends == ["finished"]


class FakeMeter:
    def __init__(self, breaks_in: str = "") -> None:
        self.fed: list[bytes] = []
        self.breaks_in = breaks_in

    def feed(self, data: bytes) -> None:
        self.fed.append(data)
        if self.breaks_in == "feed":
            raise RuntimeError("a secret of the inside")

    def usage(self) -> Usage | None:
        if self.breaks_in == "usage":
            raise RuntimeError("a secret of the inside")
        return Usage(output=len(self.fed))


def test_a_meter_reads_what_the_upstream_sent() -> None:
    meter = FakeMeter()
    sides = make(Mask())
    sides.exchange.meter = meter
    sides.run.start()
    answer(sides, b"Paris")
    assert meter.fed == [b"Paris"] and sides.exchange.usage == Usage(output=1)


@pytest.mark.parametrize("breaks_in", ["feed", "usage"])
def test_a_meter_that_fails_costs_no_filter_its_end(breaks_in: str) -> None:
    spy = Spy()
    sides = make(spy)
    sides.exchange.meter = FakeMeter(breaks_in)
    sides.run.start()
    answer(sides)
    assert sides.client.status == (b"500" if breaks_in == "feed" else b"200")
    assert len(spy.outcomes) == 1 and sides.client.ends == ["finished"]


# The commit point of streams.

FAILURES = {name: ENDS[name] for name in ("failure", "deadline")}


@pytest.mark.parametrize("before", [b"", b": ping\n\n", b"da"], ids=["nothing", "a comment", "half a name"])
@pytest.mark.parametrize("end", FAILURES)
def test_a_stream_that_fails_before_its_first_event_is_an_ordinary_error(end: str, before: bytes) -> None:
    spy = Spy()
    sides = make(spy, stream=True)
    sides.run.start()
    begin_stream(sides, before)
    assert sides.client.written == []
    FAILURES[end](sides)
    assert sides.client.status in (b"502", b"504") and sides.client.ends == ["finished"]
    assert b"text/event-stream" not in sides.client.written[0] and spy.outcomes == [OUTCOMES[end]]


@pytest.mark.parametrize("end", FAILURES)
def test_a_stream_that_fails_after_its_first_event_says_so_and_does_not_end(end: str) -> None:
    spy = Spy()
    sides = make(spy, stream=True)
    sides.run.start()
    begin_stream(sides, EVENT)
    FAILURES[end](sides)
    body = sides.client.body
    assert sides.client.status == b"200" and sides.client.ends == ["cut short"] and spy.outcomes == [OUTCOMES[end]]
    assert not body.endswith(b"0\r\n\r\n") and b"[DONE]" not in body
    assert sides.exchange.error is not None
    assert unchunk(body).startswith(EVENT + b"\n\ndata: ") and sides.exchange.error.message.encode() in unchunk(body)
    assert sides.exchange.bytes_out == sum(map(len, sides.client.written))


@pytest.mark.parametrize("length", [None, 100], ids=["chunked", "with a length"])
def test_a_response_that_is_no_stream_is_cut_off(length: int | None) -> None:
    sides = make(Spy(), stream=True)
    sides.run.start()
    sides.run.on_response(Response(200, [(b"content-type", b"application/json")], length), b"{", False)
    sides.run.on_failure(BadGateway("x"))
    assert sides.client.ends == ["abort"] and b"error" not in b"".join(sides.client.written)


def test_the_first_event_goes_out_at_once_however_it_comes() -> None:
    sides = make(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides, b": ping\n\nda")
    assert sides.client.written == []
    sides.run.on_body(b"ta: 1", False)
    assert unchunk(sides.client.body) == b": ping\n\ndata: 1"
    sides.run.on_body(b"\n\n", False)
    assert unchunk(sides.client.body) == b": ping\n\ndata: 1\n\n"


def test_an_empty_stream_ends() -> None:
    sides = make(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides)
    sides.run.on_body(b"", True)
    assert sides.client.status == b"200" and sides.client.body == b"0\r\n\r\n" and sides.client.ends == ["finished"]


def test_a_stream_of_comments_is_held_back_within_bounds() -> None:
    sides = make(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides)
    for _ in range(70):
        sides.run.on_body(b":" + b" " * 1023, False)
    assert sides.client.written != []


def unchunk(body: bytes) -> bytes:
    """Chunks, whole or cut short, put together."""
    data = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        data += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return data
