"""How long clients may take, and how much of a worker they may take up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a client may take, in seconds. nginx: 75, 60, 60, 60, 5."""

    idle: float = 75.0
    head: float = 15.0
    body_gap: float = 30.0
    write_stall: float = 30.0
    lingering: float = 1.0
    drain_idle: float = 2.0  # an idle connection may get its next request in the moment in which we close it


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one worker takes at the same time; beyond it clients hear 503."""

    connections: int = 10_000
    exchanges: int = 5_000
    held_bytes: int = 256 * 1024 * 1024  # of request bodies, each until its exchange has ended
