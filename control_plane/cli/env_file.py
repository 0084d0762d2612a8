"""The facts of a running `isthmus up`, as a file that a shell can source."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from control_plane.cli.data_dir import write_private


def remove(path: Path) -> None:
    """Take away the file of an earlier run, so that nobody reads facts that no longer hold."""
    path.unlink(missing_ok=True)


def write(path: Path, facts: Mapping[str, str]) -> None:
    """Write `export NAME=value` lines, readable by their owner only."""
    write_private(path, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in facts.items()))
