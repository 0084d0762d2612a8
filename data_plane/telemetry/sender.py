"""A worker's call records on their way to the agent's spool."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

MAX_WAITING = 65_536  # records between two flushes, which are 0.2 s apart
MANY = 256  # some 0.1 ms of encoding; thousands at once would hold up requests for as long as they take
BATCH_BYTES = 512 * 1024
UNSTORED_BYTES = 32 * 1024 * 1024  # what one worker keeps while the agent does not store


@dataclass(frozen=True, slots=True)
class Batch:
    """Records as JSON lines. Sequences of one worker rise by one."""

    sequence: int
    count: int
    lines: bytes


class Sender:
    """Keeps each record until it is known to be stored. Bounded: `lost` counts what found no room.

    The agent may store a batch whose confirmation does not arrive; then it is there twice, under the same record ids.
    """

    def __init__(self) -> None:
        self.lost = 0
        self.on_many: Callable[[], None] | None = None  # told when `MANY` wait, to send them before they are more
        self._waiting: list[msgspec.Struct] = []
        self._unstored: deque[Batch] = deque()
        self._unstored_bytes = 0
        self._sequence = 0
        self._encode_lines = msgspec.json.Encoder().encode_lines

    def append(self, record: msgspec.Struct) -> None:
        """Take a record; encoded later, off the path of its request."""
        waiting = self._waiting
        if len(waiting) < MAX_WAITING:
            waiting.append(record)
            if len(waiting) == MANY and self.on_many is not None:
                self.on_many()
        else:
            self.lost += 1

    def next_batches(self) -> list[Batch]:
        """What came since the last call, to be sent; to be called a few times a second, and at the end."""
        waiting, self._waiting = self._waiting, []
        batches: list[Batch] = []
        step = max(1, len(waiting))
        while waiting:
            lines = self._encode_lines(waiting[:step])
            if len(lines) > BATCH_BYTES and step > 1:
                step = max(1, step * BATCH_BYTES // len(lines))
                continue
            part, waiting = waiting[:step], waiting[step:]
            if self._unstored_bytes + len(lines) > UNSTORED_BYTES:
                self.lost += len(part)
                continue
            self._sequence += 1
            batch = Batch(self._sequence, len(part), lines)
            self._unstored.append(batch)
            self._unstored_bytes += len(lines)
            batches.append(batch)
        return batches

    def on_stored(self, sequence: int) -> None:
        """This batch and all before it are in the spool."""
        while self._unstored and self._unstored[0].sequence <= sequence:
            self._unstored_bytes -= len(self._unstored.popleft().lines)

    def unstored(self) -> tuple[Batch, ...]:
        """What is not known to be stored, oldest first."""
        return tuple(self._unstored)
