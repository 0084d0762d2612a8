"""Requests look as the scenarios say, and a bench can be narrowed."""

from benchmarks.requests import API_KEY, LENGTHS
from benchmarks.samples import Point
from benchmarks.scenarios import SCENARIOS, is_target, points, requests_of


def fields(request: bytes) -> int:
    return request.partition(b"\r\n\r\n")[0].count(b"\r\n")


def test_a_chat_request_has_as_many_fields_as_the_point_says() -> None:
    assert [fields(requests_of(Point("chat_relay", 64, number))[0]) for number in (7, 17)] == [7, 17]


def test_neighbouring_chat_requests_differ_in_length_and_all_carry_the_key() -> None:
    requests = requests_of(Point("chat_relay", 64, 17))
    assert len({len(request) for request in requests}) == len(LENGTHS)
    assert all(API_KEY.encode() in request for request in requests)


def test_points_are_narrowed_and_a_number_that_was_not_there_is_added() -> None:
    assert points(["chat_relay"], [64, 128], [17]) == [Point("chat_relay", 64, 17), Point("chat_relay", 128, 17)]


def test_each_scenario_with_a_goal_has_one_point_for_it() -> None:
    for name, scenario in SCENARIOS.items():
        assert [is_target(point) for point in points([name])].count(True) == (scenario.target is not None)
