"""Heads that clients send again and again, recognised byte by byte: what was parsed once is not parsed again.

Only the digits of `Content-Length` may differ. The table compares all other bytes, which is exact and costs less than
a digest. What it holds of a client's secrets its parsed fields hold anyway; unused for two minutes, both are gone.
"""

import re

from mypy_extensions import mypyc_attr

from data_plane.deadlines import Deadlines, Timer
from data_plane.exchange import HeadMemo, Request

MAX_HEADS = 1024
MAX_HEAD_BYTES = 4096  # so a table takes at most about 10 MiB; an SDK's head has 0.5 to 1 KiB
MAX_SIGHTINGS = 4096
UNUSED_SECONDS = 60.0
LENGTH_FIELD = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: ?([0-9]{1,9})\r\n")

Parts = tuple[bytes, bytes]


def parts_of(head: bytes) -> Parts:
    """The head before and after the digits of its length; all and nothing if it has none."""
    match = LENGTH_FIELD.search(head)
    if match is None:
        return head, b""
    return head[: match.start(1)], head[match.end(1) :]


class KnownHead:
    """A head that the parser has accepted, and what it says."""

    __slots__ = ("after", "before", "headers", "is_used", "memo", "method", "path", "query")

    def __init__(self, parts: Parts, request: Request) -> None:
        self.before, self.after = parts
        self.method = request.method
        self.path = request.path
        self.query = request.query
        self.headers = request.headers
        self.memo = HeadMemo()
        self.is_used = False


# Matches nothing, whatever comes: what follows the digits is compared where a `\r` is.
NOTHING = KnownHead((b"\0", b"\0"), Request(b"", b"", b"", {}))


@mypyc_attr(allow_interpreted_subclasses=True)
class HeadTable:
    """The known heads of one listener in one worker. A reader remembers the slot that matched last, never the head."""

    __slots__ = ("_deadlines", "_hand", "_index", "_seen", "_timer", "slots")

    def __init__(self, deadlines: Deadlines, size: int = MAX_HEADS) -> None:
        self.slots = [NOTHING] * size
        self._index: dict[Parts, int] = {}
        self._hand = 0
        self._seen: set[int] = set()
        self._deadlines = deadlines
        self._timer = Timer(self._forget_unused)

    def find(self, parts: Parts) -> int | None:
        """The slot of a head."""
        return self._index.get(parts)

    def learn(self, parts: Parts, request: Request) -> None:
        """Remember the head of a request that may come again. At its second sighting: many come once.

        Not if it states a length that is not among the parts: the next body would be read as a request.
        """
        if (request.length is not None) is not bool(parts[1]):
            return
        sighting = hash(parts)
        if sighting not in self._seen:
            if len(self._seen) >= MAX_SIGHTINGS:
                self._seen.clear()
            self._seen.add(sighting)
            return
        if not self._index:
            self._deadlines.arm(self._timer, self._deadlines.now() + UNUSED_SECONDS)
        slot = self._free_slot()
        self.slots[slot] = KnownHead(parts, request)
        self._index[parts] = slot

    def _free_slot(self) -> int:
        """The next whose head was not used since the last look at it."""
        slots = self.slots
        while True:
            slot = self._hand
            self._hand = (slot + 1) % len(slots)
            known = slots[slot]
            if known is NOTHING:
                return slot
            if not known.is_used:
                self._forget(slot)
                return slot
            known.is_used = False

    def _forget(self, slot: int) -> None:
        known = self.slots[slot]
        del self._index[known.before, known.after]
        self.slots[slot] = NOTHING

    def _forget_unused(self) -> None:
        for slot in tuple(self._index.values()):
            if self.slots[slot].is_used:
                self.slots[slot].is_used = False
            else:
                self._forget(slot)
        if self._index:
            self._deadlines.arm(self._timer, self._deadlines.now() + UNUSED_SECONDS)
