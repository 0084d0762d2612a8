"""Shares as weights."""

import pytest

from control_plane.litellm_import.weight import shares, whole_weights


@pytest.mark.parametrize(
    ("weights", "rpm", "tpm", "found"),
    [
        ((None, None), (None, None), (None, None), [1, 1]),
        ((None, None), (600, 200), (1, 9), [600, 200]),
        ((3, None), (1, 1), (None, None), [3, 0]),
        ((0, 0), (0, 0), (5, 1), [5, 1]),
        ((-1, 2), (None, None), (None, None), [0, 2]),
    ],
    ids=["none", "rpm-before-tpm", "without-weight-nothing", "zeros-say-nothing", "negative"],
)
def test_shares_are_what_litellm_draws_by(
    weights: list[float | None], rpm: list[float | None], tpm: list[float | None], found: list[float]
) -> None:
    assert shares(weights, rpm, tpm) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([600.0, 200.0], [3, 1]),
        ([1.0], [1]),
        ([7.0], [1]),
        ([0.0, 0.0], [0, 0]),
        ([0.75, 0.25], [3, 1]),
        ([100_000.0, 1.0], [1000, 1]),
        ([0.0, 5.0], [0, 1]),
        ([1001.0, 1000.0], [1000, 999]),
        ([1e-12, 1.0], [1, 1000]),
    ],
)
def test_weights_are_whole_and_small(values: list[float], found: list[int]) -> None:
    assert whole_weights(values) == found
