"""A plan holds the hooks that its filters have, in the order in which they run."""

import pytest

from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.pipeline.plan import compile_plan
from tests.fakes.filters import Act, AddHeader, AsyncBodySpy, AsyncSpy, Broken, Mask, ReadBody, Spy


class AsyncResponse(Filter):
    async def on_response(self, exchange: Exchange, response: Response) -> Response:
        return response


def test_only_hooks_that_a_filter_has_are_called_requests_in_order_and_all_else_in_reverse() -> None:
    filters = [Spy(), Broken(""), Filter(), AddHeader(), ReadBody(), Act(lambda exchange: None), Mask()]
    plan = compile_plan(filters)
    assert plan.filter_count == 7 and plan.head_count == 4 and plan.holds_body
    assert plan.body_mode is BodyMode.HEAD
    assert plan.head == ((2, filters[1].on_request),)
    assert plan.body == ((5, filters[4].on_request), (6, filters[5].on_request))
    assert plan.response == ((4, filters[3].on_response), (2, filters[1].on_response))
    assert plan.stream == ((7, filters[6].on_stream), (2, filters[1].on_stream))
    assert plan.complete == ((2, filters[1].on_complete), (1, filters[0].on_complete))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([Spy(), ReadBody(), AddHeader()], (False, False, False)),
        ([AsyncSpy(), ReadBody()], (True, False, True)),
        ([Broken(""), AsyncBodySpy()], (False, True, False)),
        ([ReadBody(), AsyncSpy()], (False, True, True)),
        ([AsyncResponse()], (False, False, True)),
    ],
    ids=["none", "on the head", "on the body", "on the head, after a reader", "on the response"],
)
def test_a_phase_needs_a_task_only_if_one_of_its_hooks_waits(
    filters: list[Filter], expected: tuple[bool, bool, bool]
) -> None:
    plan = compile_plan(filters)
    assert (plan.head_is_async, plan.body_is_async, plan.response_is_async) == expected


def test_a_plan_that_goes_on_leaves_out_the_request_hooks_that_have_run() -> None:
    filters = [Spy(), Broken(""), ReadBody(), Act(lambda exchange: None)]
    plan = compile_plan(filters, entered=3)
    assert plan.head == () and plan.body == ((4, filters[3].on_request),)
    assert plan.response == ((2, filters[1].on_response),) and len(plan.complete) == 2
