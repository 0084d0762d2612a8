"""A resource that a replica cannot use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejection:
    """Which one, and why, for the operator. The reason holds no secret."""

    path: str
    reason: str


class Rejected(Exception):
    """A resource cannot be compiled for what it says itself; what it refers to never causes this."""
