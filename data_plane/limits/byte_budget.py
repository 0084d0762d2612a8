"""How many bytes a worker may hold for one purpose."""

DEFAULT_BYTES = 256 * 1024 * 1024


class ByteBudget:
    """Whoever takes bytes gives them back."""

    __slots__ = ("_left",)

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._left = max_bytes

    def take(self, count: int) -> bool:
        """Whether there is room; if so, it is taken."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        self._left += count

    @property
    def left(self) -> int:
        return self._left
