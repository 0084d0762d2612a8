"""The facts of a running `isthmus up`, as a file that a shell can source."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path


def remove(path: Path) -> None:
    """Take away the file of an earlier run, so that nobody reads facts that no longer hold."""
    path.unlink(missing_ok=True)


def write(path: Path, facts: Mapping[str, str]) -> None:
    """Write `export NAME=value` lines, readable by their owner only; the file appears whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in facts.items())
    temporary.rename(path)
