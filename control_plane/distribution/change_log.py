"""Which paths changed from one state of a subset to the next: answers what a node that was away has missed."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

KEPT_SECONDS = 600.0
KEPT_BYTES = 64 * 1024 * 1024
PATH_BYTES = 64  # of one path, beside its characters


@dataclass(frozen=True, slots=True)
class _Step:
    number: int
    content_hash: bytes  # of the state that the step leads to
    paths: tuple[str, ...]
    bytes: int
    at: float


class ChangeLog:
    """States by their content hash. Holds paths, not payloads: a node is always sent the newest."""

    def __init__(
        self,
        content_hash: bytes,
        now: Callable[[], float],
        *,
        kept_seconds: float = KEPT_SECONDS,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._now = now
        self._kept_seconds = kept_seconds
        self._kept_bytes = kept_bytes
        self._steps = deque([_Step(0, content_hash, (), 0, now())])
        self._numbers = {content_hash: 0}  # the last step to each state
        self._bytes = 0

    def append(self, content_hash: bytes, paths: Collection[str]) -> None:
        """A change of these paths led to the state `content_hash`."""
        size = sum(len(path) + PATH_BYTES for path in paths)
        step = _Step(self._steps[-1].number + 1, content_hash, tuple(paths), size, self._now())
        self._steps.append(step)
        self._numbers[content_hash] = step.number
        self._bytes += size
        self._forget()

    def since(self, content_hash: bytes) -> set[str] | None:
        """The paths that may differ between that state and the newest; None: the state is not known (any more)."""
        if (number := self._numbers.get(content_hash)) is None:
            return None
        paths: set[str] = set()
        for step in reversed(self._steps):
            if step.number == number:
                break
            paths.update(step.paths)
        return paths

    def _forget(self) -> None:
        oldest = self._now() - self._kept_seconds
        while len(self._steps) > 1 and (self._bytes > self._kept_bytes or self._steps[0].at < oldest):
            step = self._steps.popleft()
            self._bytes -= self._steps[0].bytes  # how the oldest state came about, no one asks
            if self._numbers.get(step.content_hash) == step.number:
                del self._numbers[step.content_hash]
