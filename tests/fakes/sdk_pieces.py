"""The pieces in which a caller of an SDK gets a stream."""

from time import monotonic


class Pieces:
    """`seconds`: from the first to the last."""

    def __init__(self) -> None:
        self.count = 0
        self._first = 0.0
        self.seconds = 0.0

    def note(self, is_piece: bool) -> None:
        """An event of the SDK has come."""
        if not is_piece:
            return
        now = monotonic()
        self._first = self._first or now
        self.count += 1
        self.seconds = now - self._first

    def told(self) -> dict[str, float]:
        return {"pieces": self.count, "seconds": self.seconds}
