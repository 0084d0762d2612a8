"""What must be done once, by whichever control plane leads."""

from typing import Protocol

from control_plane.store.base import Compare


class Duty(Protocol):
    """Done when elected and every `period_seconds` after. Idempotent: a successor may begin it again."""

    name: str
    period_seconds: float

    async def run(self, fence: Compare) -> None:
        """Do it once. Every transaction compares `fence`, so that a leader that was replaced writes nothing more."""
