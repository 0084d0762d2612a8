"""Choices by weight: by chance, or always the same one for the same key."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import accumulate
from math import log
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Weighted(Generic[Item]):
    """Items with their weights, those without a weight left out. At least one must be left."""

    __slots__ = ("_bounds", "_total", "_weights", "items")

    def __init__(self, items: Sequence[Item], weights: Sequence[int]) -> None:
        """
        Raises:
            ValueError: no item has a weight.
        """
        chosen = [(item, weight) for item, weight in zip(items, weights, strict=True) if weight > 0]
        if not chosen:
            raise ValueError("at least one weight must be above 0")
        self.items = tuple(item for item, _ in chosen)
        self._weights = tuple(weight for _, weight in chosen)
        self._bounds = tuple(accumulate(self._weights))
        self._total = self._bounds[-1]

    def choose(self, random: Callable[[], float]) -> Item:
        """One by chance. `random` gives numbers from 0 to below 1."""
        items = self.items
        if len(items) == 1:
            return items[0]
        return items[bisect_right(self._bounds, random() * self._total, hi=len(items) - 1)]

    def choose_for(self, key: bytes, name_of: Callable[[Item], str]) -> Item:
        """The one for a key, the same in every process; keys spread by weight.

        Weighted rendezvous hashing: an item's score depends on itself alone, so that a change of weights moves keys
        only to items whose share grows, and from items whose share shrinks.
        """
        if len(self.items) == 1:
            return self.items[0]
        scored = zip(self.items, self._weights, strict=True)
        return max(scored, key=lambda each: _score(key, name_of(each[0]), each[1]))[0]

    def without(self, gone: Callable[[Item], bool]) -> "Weighted[Item] | None":
        """Those that are left; None if none is."""
        left = [pair for pair in zip(self.items, self._weights, strict=True) if not gone(pair[0])]
        return Weighted([item for item, _ in left], [weight for _, weight in left]) if left else None


def _score(key: bytes, name: str, weight: int) -> float:
    digest = blake2b(key + b"\0" + name.encode(), digest_size=8).digest()
    uniform = ((int.from_bytes(digest, "big") >> 12) + 0.5) / (1 << 52)  # exact, so neither 0 nor 1
    return -weight / log(uniform)
