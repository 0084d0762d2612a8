"""How long a client may take over its body: neither a long gap, nor a trickle. Time in which we do not read is ours."""

from dataclasses import replace

from data_plane.deadlines import NEVER
from data_plane.ingress.bounds import Timeouts


class BodyPace:
    """Of one body after another. `deadline`: when more of it has to be there."""

    __slots__ = ("_began", "_bytes", "_timeouts", "deadline")

    def __init__(self, timeouts: Timeouts) -> None:
        self.deadline = NEVER
        self._timeouts = timeouts
        self._began = 0.0  # later by each pause of ours
        self._bytes = 0  # that have come since

    def begin(self, now: float) -> None:
        self._began = now
        self._bytes = 0

    def expect(self, now: float, came: int = 0) -> None:
        """More has to come. `came`: how many bytes just did."""
        self._bytes += came
        timeouts = self._timeouts
        allowed = max(timeouts.body_grace, self._bytes / timeouts.body_bytes_per_second)
        self.deadline = min(now + timeouts.body_gap, self._began + allowed)

    def pause(self, now: float) -> None:
        """Nothing is read until `resume`."""
        self._began -= now
        self.deadline = NEVER

    def resume(self, now: float) -> None:
        self._began += now

    def lift(self) -> None:
        """What comes from now on may take any time: it is not a body, but a tunnel's."""
        self._timeouts = replace(self._timeouts, body_gap=NEVER, body_grace=NEVER)
