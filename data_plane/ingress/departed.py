"""In the place of a client that has gone, while its run reads an answer to its end."""

from collections.abc import Callable
from typing import Protocol

from data_plane.deadlines import Deadlines, Timer
from data_plane.pipeline.sides import Abandoned

MAX_BYTES = 16 * 1024 * 1024


class Parting(Protocol):
    """Who counts those that are still read: a listener."""

    deadlines: Deadlines
    exchanges: int
    departed: "set[Departed]"

    def is_over(self, departed: "Departed") -> None:
        """Nothing more is read for it."""


class Departed:
    """Implements `Client`. What it is written is counted, and kept by nobody."""

    __slots__ = ("_bytes_left", "_host", "_run", "_timer", "has_read_body", "persistent", "write")

    def __init__(self, host: Parting, run: Abandoned, seconds: float) -> None:
        self._host = host
        self._run: Abandoned | None = run
        self._bytes_left = MAX_BYTES
        self._timer = Timer(self.cut_off)
        self.persistent = False
        self.has_read_body = True
        self.write: Callable[[bytes], None] = self._count
        host.exchanges += 1
        host.departed.add(self)
        host.deadlines.arm(self._timer, host.deadlines.now() + seconds)

    def _count(self, data: bytes) -> None:
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self.cut_off()

    def cut_off(self) -> None:
        """It has lasted long enough."""
        run = self._run
        self.finished()
        if run is not None:
            run.client_gone()

    def finished(self) -> None:
        if self._run is not None:
            self._run = None
            self._host.deadlines.drop(self._timer)
            self._host.exchanges -= 1
            self._host.is_over(self)

    def cut_short(self) -> None:
        self.finished()

    def abort(self) -> None:
        self.finished()

    def stand_in(self, run: Abandoned, seconds: float) -> None:
        """Nobody takes its place a second time."""

    # Of no meaning here.

    def read_body(self) -> None:
        """All of it has been read."""

    def pause_body(self) -> None:
        """All of it has been read."""

    def resume_body(self) -> None:
        """All of it has been read."""

    def open_tunnel(self) -> None:
        """Only a client that is there has one."""

    def set_deadline(self, at: float) -> None:
        """It has its own."""
