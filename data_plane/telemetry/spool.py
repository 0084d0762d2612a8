"""Call records on disk, as JSON lines in a folder of bounded size.

`records.jsonl` grows to a sixteenth of the bound and then becomes `records-<number>.jsonl`. When the folder is full,
the oldest of these is folded into `sums.jsonl`: its detail is lost, what it sums up to is not. What a full disk does
not take is folded at once.

What is sent to a collector is first renamed, for good: records to `sending-<number>.jsonl`, which are never folded,
sums to `sums-<number>.jsonl`, to which nothing is added. So nothing can be both in a sum and at the collector.
"""

import logging
import os
import time
from pathlib import Path

from data_plane.telemetry.folder_lock import FolderLock
from data_plane.telemetry.sums import Sums, folded_segment_of, without_segment

SEGMENTS = 16  # that the bound is divided into
CURRENT = "records.jsonl"
SUMS = "sums.jsonl"
SEGMENT, SENDING, CLOSED_SUMS = "records-", "sending-", "sums-"
CUT_BYTES = 64 * 1024  # how far back a torn line can begin
LOCK_TRIES = 10
LOCK_SECONDS = 0.02  # between them: who adopts what is left here needs no longer

logger = logging.getLogger(__name__)


class Spool:
    """The one writer of a folder. Its methods block: to be called from one thread, off the loop.

    Counted since the start: `stored` were written in full, `folded` are, or have become, part of the sums only, `lost`
    are nowhere.
    """

    def __init__(self, folder: Path, limit_bytes: int, lock: FolderLock | None = None) -> None:
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
        self._lock = lock
        self._prepare()

    @property
    def size_bytes(self) -> int:
        """What the folder holds."""
        numbered = (size for prefix in (SEGMENT, SENDING, CLOSED_SUMS) for _, size in self._files(prefix))
        return self._size + sum(numbered) + _size(self._folder / SUMS)

    @property
    def has_records(self) -> bool:
        """Whether records wait that are not being sent."""
        return self._size > 0 or bool(self._files(SEGMENT))

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
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # What is sent to a collector.

    def claim_records(self) -> list[Path]:
        """Files of records to be sent, the first first. Each is to be given to `forget` once it is there, and not
        before: all come again after a restart."""
        claimed = [path for path, _ in self._files(SENDING)]
        if claimed:
            return claimed
        if not self._files(SEGMENT) and self._size:
            self._rotate()
        return [path.rename(path.with_name(f"{SENDING}{_digits(path)}.jsonl")) for path, _ in self._files(SEGMENT)[:1]]

    def claim_sums(self) -> list[Path]:
        """Files of sums to be sent; otherwise as with records."""
        if len(self._sums) and self.save():
            name = f"{CLOSED_SUMS}{self._take_number():08}.jsonl"
            (self._folder / SUMS).rename(self._folder / name)
            self._sums = Sums(self._sums.folded_segment)
            self._sums_are_saved = False
            self.save()
        return [path for path, _ in self._files(CLOSED_SUMS)]

    def forget(self, path: Path) -> None:
        """A collector has stored what is in this file."""
        path.unlink(missing_ok=True)

    def adopt(self, folder: Path, *, is_last: bool) -> None:
        """Take what another spool has left in its folder, if nobody writes there any more. `is_last`: nor ever will,
        so that the folder goes."""
        lock = FolderLock.acquire(folder)
        if lock is None:
            return
        left = Spool(folder, self._limit_bytes, lock)
        try:
            self._take_over(left)
            if is_last:
                (folder / CURRENT).unlink(missing_ok=True)
                (folder / SUMS).unlink(missing_ok=True)
                lock.remove()
                folder.rmdir()
        finally:
            left.close()

    def _take_over(self, left: "Spool") -> None:
        if left._size:
            left._rotate()
        for prefix in (SEGMENT, SENDING):
            for path, _ in left._files(prefix):
                path.rename(self._folder / f"{prefix}{self._take_number():08}.jsonl")
                logger.info("call records adopted file=%s", path)
        for path in left.claim_sums():
            # Renamed it would say of our segments which were folded. Killed in between, we send it twice, as one table.
            ours = self._folder / f"{CLOSED_SUMS}{self._take_number():08}.jsonl"
            temporary = ours.with_suffix(".new")
            temporary.write_bytes(without_segment(path.read_bytes()))
            temporary.rename(ours)
            path.unlink()

    def _take_number(self) -> int:
        self._next += 1
        return self._next - 1

    def _acquire_lock(self) -> None:
        tries = LOCK_TRIES
        while self._lock is None and tries:
            self._lock = FolderLock.acquire(self._folder)
            if self._lock is None:
                time.sleep(LOCK_SECONDS)
                tries -= 1

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._acquire_lock()
            self._sums.load((self._folder / SUMS).read_bytes() if (self._folder / SUMS).exists() else b"")
            for path, _ in self._files(CLOSED_SUMS):
                self._sums.folded_segment = max(self._sums.folded_segment, folded_segment_of(path.read_bytes()))
            for path, _ in self._files(SEGMENT):
                if _number(path) <= self._sums.folded_segment:  # folded, but not yet removed when we were killed
                    path.unlink()
            numbered = [_number(path) for prefix in (SEGMENT, SENDING, CLOSED_SUMS) for path, _ in self._files(prefix)]
            self._next = max(self._next, self._sums.folded_segment + 1, *(number + 1 for number in numbered))
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
            (self._folder / CURRENT).rename(self._folder / f"{SEGMENT}{self._next:08}.jsonl")
        except OSError as error:
            logger.error("call records cannot be rotated error=%s", error.strerror)
            return
        os.close(self._file)
        self._file, self._size = -1, 0
        self._next += 1

    def _make_room(self) -> None:
        """Fold the oldest segments until the folder is within its bound."""
        segments = self._files(SEGMENT)
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

    def _files(self, prefix: str) -> list[tuple[Path, int]]:
        """Numbered files, oldest first, with their sizes."""
        return [(path, _size(path)) for path in sorted(self._folder.glob(f"{prefix}*.jsonl"))]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _digits(path: Path) -> str:
    return path.stem.rpartition("-")[2]


def _number(path: Path) -> int:
    digits = _digits(path)
    return int(digits) if digits.isascii() and digits.isdigit() else 0
