"""Shares of traffic as the weights that a Model's targets have. Source: litellm/router_strategy/simple_shuffle.py."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

MAX_WEIGHT = 1000


def shares(weights: Sequence[float | None], rpm: Sequence[float | None], tpm: Sequence[float | None]) -> list[float]:
    """What LiteLLM draws by: the first of the three that any deployment has above 0; who lacks it gets nothing."""
    for metric in (weights, rpm, tpm):
        found = [max(0.0, each or 0.0) for each in metric]
        if any(found):
            return found
    return [1.0] * len(weights)


def whole_weights(values: Sequence[float]) -> list[int]:
    """Integers up to 1000 in about the same proportions. What has a share keeps one."""
    largest = max(values, default=0.0)
    if largest <= 0:
        return [0] * len(values)
    exact = [Fraction(str(value)) for value in values]
    factor = lcm(*(each.denominator for each in exact))
    whole = [int(each * factor) for each in exact]
    divisor = reduce(gcd, whole)
    if max(whole) // divisor <= MAX_WEIGHT:
        return [each // divisor for each in whole]
    scaled = [value * MAX_WEIGHT / largest for value in values]
    found = [max(1, round(each)) if each > 0 else 0 for each in scaled]
    divisor = reduce(gcd, found)
    return [each // divisor for each in found]
