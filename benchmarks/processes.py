"""Servers under measurement, and the processor time that the kernel has counted for them."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

END_SECONDS = 10.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
ONLY = "all"  # the role of a process where nothing tells them apart


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time in microseconds, by the role of a process.

    `user_share`: of user time, by the kernel's coarser account.
    """

    by_role: Mapping[str, float]
    user_share: float

    @property
    def total(self) -> float:
        return sum(self.by_role.values())


@dataclass(frozen=True, slots=True)
class Account:
    """What a family of processes has used since each of them started."""

    nanoseconds: Mapping[str, int]
    user_ticks: int
    system_ticks: int

    def since(self, before: "Account") -> Usage:
        """What was used between two readings."""
        user, system = self.user_ticks - before.user_ticks, self.system_ticks - before.system_ticks
        used = {role: (now - before.nanoseconds.get(role, 0)) / 1000 for role, now in self.nanoseconds.items()}
        return Usage(used, user / (user + system) if user + system else 0.0)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it listens, and the process whose family is measured."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    role_of: Callable[[bytes], str]

    def account(self) -> Account:
        """Read the processor time of all its processes and threads."""
        nanoseconds: dict[str, int] = {}
        user = system = 0
        for pid in family(self.process.pid):
            role = self.role_of(Path(f"/proc/{pid}/cmdline").read_bytes())
            nanoseconds[role] = nanoseconds.get(role, 0) + _nanoseconds(pid)
            of_user, of_system = _ticks(pid)
            user, system = user + of_user, system + of_system
        return Account(nanoseconds, user, system)

    def resident_bytes(self) -> int:
        """Memory of all its processes; what they share is counted once."""
        return sum(_proportional_bytes(pid) for pid in family(self.process.pid))


def one_role(_: bytes) -> str:
    return ONLY


@contextmanager
def running(
    name: str,
    argv: Sequence[str],
    port: int,
    *,
    processor: int,
    log: Path,
    role_of: Callable[[bytes], str] = one_role,
) -> Iterator[Server]:
    """Run a server on one processor until the block ends; it need not answer yet."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(processor), *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield Server(name, port, process, role_of)
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def family(root: int) -> Iterator[int]:
    """A process and its descendants."""
    yield root
    for file in Path(f"/proc/{root}/task").glob("*/children"):
        for child in file.read_text().split():
            yield from family(int(child))


def _nanoseconds(pid: int) -> int:
    """Time on a processor of all threads. Source: Linux, Documentation/scheduler/sched-stats.rst."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _ticks(pid: int) -> tuple[int, int]:
    """Source: proc(5), /proc/<pid>/stat, fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def _proportional_bytes(pid: int) -> int:
    """Source: proc(5), /proc/<pid>/smaps_rollup, Pss."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
