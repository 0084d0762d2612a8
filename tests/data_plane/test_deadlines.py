"""The wheel: deadlines expire once, within a second after their time, wherever they were moved."""

import logging
from functools import partial

import pytest

from data_plane.deadlines import Deadlines, Timer
from tests.fakes.gateway import FakeClock


class Wheel:
    """A wheel, its clock, and what expired when."""

    def __init__(self) -> None:
        self.clock = FakeClock(1000.0)
        self.deadlines = Deadlines(self.clock)
        self.expired: list[tuple[str, float]] = []

    def timer(self, name: str, *moves: float) -> Timer:
        timer = Timer(partial(self._note, name))
        for at in moves:
            self.deadlines.arm(timer, at)
        return timer

    def run_to(self, end: float, step: float = 0.25) -> list[tuple[str, float]]:
        while self.clock.now < end:
            self.clock.now += step
            self.deadlines.sweep()
        return self.expired

    def _note(self, name: str) -> None:
        self.expired.append((name, self.clock.now))


@pytest.mark.parametrize(
    ("moves", "at"),
    [
        pytest.param((1010.0,), 1010.0, id="set"),
        pytest.param((1010.5,), 1011.0, id="between two seconds"),
        pytest.param((1010.0, 1030.5), 1031.0, id="moved later"),
        pytest.param((1075.0, 1010.0), 1010.0, id="moved earlier"),
        pytest.param((1011.0, 1010.0), 1010.0, id="moved a second earlier"),
        pytest.param((1010.5, 1010.1), 1011.0, id="moved within its second"),
        pytest.param((1020.0, 1010.0, 1015.0), 1015.0, id="to and fro"),
        pytest.param((999.0,), 1000.25, id="overdue"),
    ],
)
def test_a_deadline_expires_once_within_a_second_after_its_time(moves: tuple[float, ...], at: float) -> None:
    wheel = Wheel()
    wheel.timer("t", *moves)
    assert wheel.run_to(1100.0) == [("t", at)]


def test_a_deadline_moved_while_it_waits_is_never_early() -> None:
    wheel = Wheel()
    timer = wheel.timer("t", 1005.0)
    wheel.run_to(1004.0)
    wheel.deadlines.arm(timer, 1008.0)
    wheel.run_to(1007.0)
    wheel.deadlines.arm(timer, 1012.5)
    assert wheel.run_to(1020.0) == [("t", 1013.0)]


def test_a_deadline_may_be_set_again_by_what_expires() -> None:
    wheel = Wheel()
    timer = Timer(lambda: wheel.deadlines.arm(later, 1010.0))
    later = wheel.timer("later")
    wheel.deadlines.arm(timer, 1005.0)
    assert wheel.run_to(1020.0) == [("later", 1010.0)]


@pytest.mark.parametrize("how", ["disarm", "drop"])
def test_what_is_called_off_does_not_expire(how: str) -> None:
    wheel = Wheel()
    timer = wheel.timer("t", 1005.0)
    getattr(wheel.deadlines, how)(timer)
    assert wheel.run_to(1010.0) == []
    wheel.deadlines.arm(timer, 1015.0)
    assert wheel.run_to(1020.0) == [("t", 1015.0)]


def test_a_clock_that_leaps_expires_all_that_is_due() -> None:
    wheel = Wheel()
    for at in (1005.0, 1300.0, 1900.0):
        wheel.timer(str(at), at)
    assert wheel.run_to(1500.0, step=600.0) == [("1005.0", 1600.0), ("1300.0", 1600.0)]


def test_a_dropped_timer_is_not_kept() -> None:
    wheel = Wheel()
    wheel.deadlines.drop(wheel.timer("t", 1060.0))
    assert not any(wheel.deadlines._slots.values())


def test_an_owner_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("x")

    wheel = Wheel()
    wheel.deadlines.arm(Timer(fail), 1005.0)
    wheel.timer("other", 1005.0)
    with caplog.at_level(logging.ERROR):
        assert wheel.run_to(1006.0) == [("other", 1005.0)]
    assert caplog.messages == ["deadline handler failed"]
