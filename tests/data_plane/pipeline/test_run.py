"""A run between three fakes: whatever ends it, and whatever follows, its filters hear of one end."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

import pytest

from data_plane.errors import BadGateway, GatewayTimeout, NotFound
from data_plane.exchange import Exchange, Outcome, Response
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import compile_plan
from tests.fakes.filters import (
    Act,
    AddHeader,
    Answer,
    AsyncAnswer,
    AsyncBodySpy,
    AsyncSpy,
    Broken,
    Fragile,
    ReadBody,
    Refuse,
    Slow,
    Spy,
    Stubborn,
)
from tests.fakes.sides import FakeWay, Sides, answer, between_fakes, run_through, turns

SECRET = b"secret of the inside"

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
    sides = run_through(outer, spy, way=way)
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
    sides = run_through(spy, slow)
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
    sides = run_through(record, slow)
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
    sides = run_through(first, *filters, second, ReadBody(), has_body=True)
    sides.run.start()
    sides.leave()
    assert first.outcomes == second.outcomes == [Outcome.CLIENT_GONE]


@pytest.mark.parametrize("slow", [Stubborn, Fragile])
@pytest.mark.parametrize("hook", ["on_request", "on_response"])
@pytest.mark.parametrize("end", ["client", "deadline"])
async def test_a_hook_that_resists_cancellation_changes_no_end(slow: type[Slow], hook: str, end: str) -> None:
    record, way, later = Spy(), FakeWay(), Act(lambda exchange: pytest.fail("ran on"))
    filters = (record, slow(hook), later) if hook == "on_request" else (record, slow(hook))
    sides = run_through(*filters, way=way)
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
    sides = run_through(spy, Cancelled())
    sides.run.start()
    await turns()
    assert sides.client.status == b"500" and spy.outcomes == [Outcome.REFUSED]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one read", "in two"])
def test_an_upstream_connection_is_left_alone_after_its_last_byte(at_once: bool) -> None:
    class TheNextRequestUsesIt(Filter):
        def on_response(self, exchange: Exchange, response: Response) -> Response:
            if at_once:
                raise RuntimeError("a bug")
            return response

    way = FakeWay()
    sides = run_through(Spy(), TheNextRequestUsesIt(), way=way)
    sides.run.start()
    answer(sides, b"", last=at_once)
    if not at_once:
        sides.run.on_body(b"hi", True)
    sides.leave()
    assert way.upstream.calls == [] and sides.client.ends == ["finished"]


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("late", ENDS)
def test_what_comes_late_meets_a_run_that_is_over(first: str, late: str) -> None:
    spy, way = Spy(), FakeWay()
    sides = run_through(spy, way=way)
    sides.run.start()
    ENDS[first](sides)
    written, ends = list(sides.client.written), list(sides.client.ends)
    ENDS[late](sides)
    assert spy.outcomes == [OUTCOMES[first]]
    assert sides.client.written == written and sides.client.ends == ends


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_stream", "on_complete"])
@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_a_hook_that_fails_shows_nothing_of_the_inside(hook: str, spy_type: type[Spy]) -> None:
    outer, broken, inner = spy_type(), Broken(hook), Spy()
    sides = run_through(outer, broken, inner)
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
    sides = run_through(spy_type(), AddHeader(), *filters, Broken("on_response") if filters else Filter())
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
    sides = run_through(spy, filter_, inner, way=way)
    sides.run.start()
    await turns()
    assert sides.client.body == b"hi" and spy.outcomes == [Outcome.COMPLETED]
    assert inner.outcomes == [] and way.sent == []


def test_a_request_that_nothing_serves_is_refused() -> None:
    for way, status in ((FakeWay(NotFound("x")), b"404"), (FakeWay(RuntimeError("x")), b"500")):
        spy = Spy()
        sides = run_through(spy, way=way)
        sides.run.start()
        assert sides.client.status == status and spy.outcomes == [Outcome.REFUSED]
    sides = between_fakes(compile_plan([]))
    sides.run.start()
    assert sides.client.status == b"500"
