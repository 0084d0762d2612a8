"""Figures of a bench are compared within a round."""

import pytest

from benchmarks.measure import Measured
from benchmarks.run import ratio_to_floor, table


def runs(*cpu_us: float) -> list[Measured]:
    return [Measured(each, 1000.0, 1, 2) for each in cpu_us]


def test_a_slow_round_slows_both_and_leaves_the_ratio() -> None:
    peers = {"nginx": runs(10, 30, 10), "isthmus": runs(20, 60, 20)}
    assert ratio_to_floor(peers, "isthmus") == pytest.approx(2.0)


def test_the_table_has_a_line_for_each_gateway_and_scenario() -> None:
    figures = {"chat": {"nginx": runs(10), "isthmus": runs(25)}, "rest": {"nginx": runs(10), "isthmus": runs(15)}}
    lines = table(figures).splitlines()[2:]
    assert [line.split()[:4] for line in lines] == [
        ["chat", "nginx", "10.0", "1.00"],
        ["chat", "isthmus", "25.0", "2.50"],
        ["rest", "nginx", "10.0", "1.00"],
        ["rest", "isthmus", "15.0", "1.50"],
    ]
