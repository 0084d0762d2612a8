"""Call records on disk, as JSON lines in a folder of bounded size.

`records.jsonl` grows to a sixteenth of the bound and then becomes `records-<number>.jsonl`. When the folder is full,
the oldest of these is folded into `sums.jsonl`: its detail is lost, what it sums up to is not. What a full disk does
not take is folded at once.
"""

import logging
import os
from pathlib import Path

from data_plane.telemetry.sums import Sums

SEGMENTS = 16  # that the bound is divided into
CURRENT = "records.jsonl"
SUMS = "sums.jsonl"
CUT_BYTES = 64 * 1024  # how far back a torn line can begin

logger = logging.getLogger(__name__)


class Spool:
    """The one writer of a folder. Its methods block: to be called from one thread, off the loop.

    Counted since the start: `stored` were written in full, `folded` are, or have become, part of the sums only, `lost`
    are nowhere.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.stored = 0
        self.folded = 0
        self.lost = 0
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._segment_bytes = max(1, limit_bytes // SEGMENTS)
        self._sums = Sums()
        self._sums_are_saved = True
        self._file = -1
        self._size = 0
        self._next = 1
        self._prepare()

    @property
    def size_bytes(self) -> int:
        """What the folder holds."""
        return self._size + sum(size for _, size in self._segments()) + _size(self._folder / SUMS)

    def append(self, lines: bytes, count: int) -> None:
        """Take so many records. Never raises: what cannot be kept is folded, or counted as lost."""
        if self._write(lines):
            self.stored += count
        else:
            self._fold(lines)
        if self._size >= self._segment_bytes:
            self._rotate()
        self._make_room()

    def save(self) -> bool:
        """Write the sums if they have changed; to be called now and then, as each call writes all of them."""
        if self._sums_are_saved:
            return True
        temporary = self._folder / f"{SUMS}.new"
        try:
            temporary.write_bytes(self._sums.to_lines())
            temporary.rename(self._folder / SUMS)
        except OSError as error:
            logger.error("sums of call records cannot be written error=%s", error.strerror)
            return False
        self._sums_are_saved = True
        return True

    def close(self) -> None:
        self.save()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sums.load((self._folder / SUMS).read_bytes() if (self._folder / SUMS).exists() else b"")
            for path, _ in self._segments():
                number = _number(path)
                self._next = max(self._next, number + 1)
                if number <= self._sums.folded_segment:  # folded, but not yet removed when we were killed
                    path.unlink()
            self._next = max(self._next, self._sums.folded_segment + 1)
            self._open()
        except OSError as error:
            logger.error("call records cannot be written folder=%s error=%s", self._folder, error.strerror)

    def _open(self) -> None:
        self._file = os.open(self._folder / CURRENT, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._size = os.lseek(self._file, 0, os.SEEK_END)
        tail = os.pread(self._file, CUT_BYTES, max(0, self._size - CUT_BYTES))
        if tail and not tail.endswith(b"\n"):  # a line that a kill has cut short
            self._size -= len(tail) - (tail.rfind(b"\n") + 1)
            os.ftruncate(self._file, self._size)

    def _write(self, lines: bytes) -> bool:
        try:
            if self._file < 0:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._open()
            written = os.pwrite(self._file, lines, self._size)
        except OSError as error:
            logger.error("call records cannot be written error=%s", error.strerror)
            return False
        if written < len(lines):  # the disk is full; half a line is worse than none
            os.ftruncate(self._file, self._size)
            logger.error("call records cannot be written error=disk full")
            return False
        self._size += written
        return True

    def _rotate(self) -> None:
        try:
            (self._folder / CURRENT).rename(self._folder / f"records-{self._next:08}.jsonl")
        except OSError as error:
            logger.error("call records cannot be rotated error=%s", error.strerror)
            return
        os.close(self._file)
        self._file, self._size = -1, 0
        self._next += 1

    def _make_room(self) -> None:
        """Fold the oldest segments until the folder is within its bound."""
        segments = self._segments()
        excess = self.size_bytes - self._limit_bytes
        while excess > 0 and segments:
            path, size = segments.pop(0)
            try:
                self._fold(path.read_bytes())
                self._sums.folded_segment = _number(path)
                if self.save():
                    path.unlink()
            except OSError as error:
                logger.error("call records cannot be folded error=%s", error.strerror)
                return
            excess -= size
            logger.warning("call records folded: the spool is full segment=%s bytes=%d", path.name, size)

    def _fold(self, lines: bytes) -> None:
        folded, lost = self._sums.add_lines(lines)
        self.folded += folded
        self.lost += lost
        self._sums_are_saved = False

    def _segments(self) -> list[tuple[Path, int]]:
        """Full segments, oldest first, with their sizes."""
        return [(path, _size(path)) for path in sorted(self._folder.glob("records-*.jsonl"))]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("records-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
