"""Says whether anybody writes to a folder: a lock that ends with its process, however that ends."""

import fcntl
import os
from pathlib import Path

NAME = "lock"


class FolderLock:
    """Held until `release`, or the process's end."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._file = folder / NAME
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> "FolderLock | None":
        """None: somebody has it.

        Raises:
            OSError: there is no such folder, or it cannot be written.
        """
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_current = os.path.samestat(os.fstat(descriptor), os.stat(folder / NAME))
        except (BlockingIOError, FileNotFoundError):
            is_current = False  # or its last holder has just removed it
        if is_current:
            return cls(folder, descriptor)
        os.close(descriptor)
        return None

    def remove(self) -> None:
        """Remove the file, so that its folder can be removed. Still held."""
        self._file.unlink(missing_ok=True)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
