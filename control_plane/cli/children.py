"""Child processes of `isthmus up`: started together, watched, and gone when it is gone."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from control_plane.cli.child_process import start_child
from control_plane.cli.errors import CliError

POLL_SECONDS = 0.1
TAIL_BYTES = 4096
LOG_BYTES = 16 * 1024 * 1024  # a log that has grown beyond this is begun anew at the next start


@dataclass(frozen=True, slots=True)
class Child:
    """A running child. `stop_seconds` is how long it may take to end on SIGTERM."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_seconds: float


class Children:
    """Started in order, stopped in reverse. To be used from the main thread, whose end the kernel watches for."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._children: list[Child] = []

    def start(
        self, name: str, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, stop_seconds: float = 10.0
    ) -> Child:
        """Start a program with its output in `<log dir>/<name>.log`.

        Raises:
            CliError: it cannot be started.
        """
        log = self._log_dir / f"{name}.log"
        try:
            if log.exists() and log.stat().st_size > LOG_BYTES:
                log.unlink()
            process = start_child(arguments, log, env={"ISTHMUS_DIE_WITH_PARENT": "1", **(env or {})})
        except OSError as error:
            raise CliError(f"cannot start the {name}: {error}") from error
        child = Child(name, process, log, stop_seconds)
        self._children.append(child)
        return child

    def adopt(self, name: str, process: subprocess.Popen[bytes], log: Path, stop_seconds: float = 10.0) -> None:
        """Watch and stop a child that was started elsewhere."""
        self._children.append(Child(name, process, log, stop_seconds))

    @property
    def are_none(self) -> bool:
        return not self._children

    def find_ended(self) -> Child | None:
        """A child that has ended by itself, if any."""
        return next((child for child in self._children if child.process.poll() is not None), None)

    async def wait_for_end(self) -> Child:
        """Wait until any child has ended by itself."""
        while True:
            if ended := self.find_ended():
                return ended
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """End all children, the last started first; those that do not end in time are killed."""
        while self._children:
            child = self._children.pop()
            if child.process.poll() is not None:
                continue
            os.killpg(child.process.pid, signal.SIGTERM)
            try:
                await asyncio.to_thread(child.process.wait, child.stop_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                await asyncio.to_thread(child.process.wait, child.stop_seconds)


def tail(log: Path, lines: int = 5) -> tuple[str, ...]:
    """The last lines of a log, to show with an error."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple(f"  {line}" for line in text.strip().splitlines()[-lines:])
