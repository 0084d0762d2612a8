"""Time and chance as a test wants them."""

from data_plane.providers.clock import Clock

EPOCH = 1_790_000_000.0  # wall time at the start


class VirtualClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.chance = 0.5
        self.clock = Clock(lambda: self.now, self.wall, lambda: self.chance)

    def wall(self) -> float:
        return EPOCH + self.now

    def go_on(self, seconds: float) -> None:
        self.now += seconds
