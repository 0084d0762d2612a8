"""Figures of a bench are compared within a round."""

import pytest

from benchmarks.report import console_table
from benchmarks.samples import Point, Sample, ratio, rows

POINT = Point("chat_relay", 64, 17)


def runs(*cpu_us: float) -> list[Sample]:
    return [Sample(each, each / 4, {"worker": each}, 1000.0, 1, 2) for each in cpu_us]


def test_a_slow_round_slows_both_and_leaves_the_ratio() -> None:
    assert ratio(runs(20, 60, 20), runs(10, 30, 10)) == pytest.approx(2.0)


def test_a_row_holds_medians_the_minimum_and_both_sides_of_the_kernel() -> None:
    floor, ours = rows({POINT: {"nginx": runs(10, 12, 14), "isthmus": runs(20, 36, 28)}})
    assert (ours.cpu_us, ours.cpu_us_min, ours.user_us, ours.system_us) == (28, 20, 7, 21)
    assert (floor.ratio_to_nginx, ours.ratio_to_nginx) == (1.0, 2.0)


def test_without_the_floor_there_is_no_ratio() -> None:
    (row,) = rows({POINT: {"isthmus": runs(20)}})
    assert row.ratio_to_nginx is None


def test_the_table_has_a_line_for_each_system_and_point() -> None:
    lines = console_table(rows({POINT: {"nginx": runs(10), "isthmus": runs(25)}})).splitlines()[2:]
    assert [line.split()[:5] for line in lines] == [
        ["chat_relay", "64", "17", "nginx", "10.00"],
        ["chat_relay", "64", "17", "isthmus", "25.00"],
    ]
