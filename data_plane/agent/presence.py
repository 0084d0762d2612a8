"""Who runs in a data directory: one agent, its workers, and workers that have outlived theirs.

Files in the data directory, of which the kernel keeps the locks, so that nothing is left behind by a kill:

`agent.lock`    held by the agent: a second one for the same directory is refused.
`workers.lock`  shared by all workers: an agent that cannot have it for itself has orphans beside it.
`agent`         the name of the agent whose workers serve. Orphans drain when it is no longer their own agent's.
"""

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another agent uses the data directory."""


def claim(data_dir: Path) -> int:
    """Become the data directory's agent, until the returned descriptor is closed.

    Raises:
        AlreadyRunning: another one is.
        OSError: the directory cannot be used.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(data_dir / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise AlreadyRunning(f"another data plane uses '{data_dir}'") from error
    return lock


def has_orphans(data_dir: Path) -> bool:
    """Whether workers of an earlier agent still serve. To be asked before workers are started."""
    lock = os.open(data_dir / "workers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def join_workers(data_dir: Path) -> int:
    """Count as a worker, until the returned descriptor is closed."""
    lock = os.open(data_dir / "workers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)  # an agent that asks for orphans holds it for microseconds
    return lock


def take_over(data_dir: Path, agent: str) -> None:
    """Say that this agent's workers serve."""
    temporary = data_dir / "agent.new"
    temporary.write_text(agent)
    temporary.rename(data_dir / "agent")


def is_replaced(data_dir: Path, agent: str) -> bool:
    """Whether another agent's workers serve in place of this agent's. A file that cannot be read says no."""
    try:
        serving = (data_dir / "agent").read_text()
    except OSError:
        return False
    return serving not in ("", agent)
