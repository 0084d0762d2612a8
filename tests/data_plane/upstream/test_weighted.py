"""Shares, and what a change of weights moves."""

from collections import Counter
from random import Random

import pytest

from data_plane.upstream.weighted import Weighted

KEYS = [f"tenant/app-{number}".encode() for number in range(4000)]


def chosen_by(weights: dict[str, int]) -> dict[bytes, str]:
    weighted = Weighted(tuple(weights), tuple(weights.values()))
    return {key: weighted.choose_for(key, str) for key in KEYS}


def test_chance_follows_the_weights() -> None:
    weighted, random = Weighted("abc", (70, 20, 10)), Random(1).random
    counts = Counter(weighted.choose(random) for _ in range(10_000))
    assert counts["a"] == pytest.approx(7000, abs=200)
    assert counts["b"] == pytest.approx(2000, abs=200)
    assert counts["c"] == pytest.approx(1000, abs=200)


@pytest.mark.parametrize(("number", "expected"), [(0.0, "a"), (0.49, "a"), (0.5, "c"), (0.999999999999999999, "c")])
def test_the_ends_of_chance_choose_an_item_with_a_weight(number: float, expected: str) -> None:
    assert Weighted("abcd", (1, 0, 1, 0)).choose(lambda: number) == expected


def test_without_any_weight_there_is_nothing_to_choose() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Weighted("ab", (0, 0))


def test_keys_spread_by_weight() -> None:
    counts = Counter(chosen_by({"a": 70, "b": 20, "c": 10}).values())
    assert counts["a"] == pytest.approx(2800, abs=120)
    assert counts["b"] == pytest.approx(800, abs=100)
    assert counts["c"] == pytest.approx(400, abs=80)


def test_a_changed_weight_moves_only_the_share_that_moves() -> None:
    before, after = chosen_by({"a": 90, "b": 10}), chosen_by({"a": 80, "b": 20})
    moved = [(before[key], after[key]) for key in KEYS if before[key] != after[key]]
    assert set(moved) == {("a", "b")}
    assert len(moved) == pytest.approx(400, abs=80)


def test_a_key_keeps_its_item_wherever_the_item_stands() -> None:
    assert chosen_by({"a": 1, "b": 2, "c": 3}) == chosen_by({"c": 3, "a": 1, "b": 2})


def test_an_item_without_weight_takes_no_key_and_moves_none() -> None:
    assert chosen_by({"a": 1, "b": 1, "c": 0}) == chosen_by({"a": 1, "b": 1})


def test_what_is_left_keeps_its_weights() -> None:
    left = Weighted("abc", (50, 25, 25)).without(lambda item: item == "a")
    assert left is not None
    random = Random(2).random
    assert Counter(left.choose(random) for _ in range(1000))["b"] == pytest.approx(500, abs=60)
    assert left.without(lambda item: True) is None
