"""What is remembered of the records that were stored."""

import random

import pytest

from control_plane.collector import sequences
from control_plane.collector.sequences import Ranges, Stored

WRITER = ("edge", "node", 0, 1)


@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_it_holds_what_was_added_and_nothing_else(order: str) -> None:
    numbers = [number for number in range(60) if number % 7]
    if order == "falling":
        numbers.reverse()
    elif order == "mixed":
        random.Random(1).shuffle(numbers)
    ranges = Ranges()
    for number in (*numbers, *numbers[:5]):
        ranges.add(number)
    assert [number for number in range(-2, 70) if number in ranges] == sorted(numbers)


def test_beyond_its_bound_it_forgets_the_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "MAX_RANGES", 3)
    ranges = Ranges()
    for number in (2, 4, 6, 8):
        ranges.add(number)
    assert [number for number in range(10) if number in ranges] == [4, 6, 8]


def test_writers_are_apart_and_the_one_silent_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "MAX_WRITERS", 2)
    stored = Stored()
    first, second, third = (("edge", "node", number, 1) for number in range(3))
    for writer in (first, second, first, third):
        stored.add(writer, 1)
    assert [stored.has(writer, 1) for writer in (first, second, third)] == [True, False, True]
    assert not stored.has(first, 2)
