"""Writes a sealed backup beside the earlier ones, and takes the oldest away.

Usage: python write_backup.py --folder DIR --keep N [--snapshot GATEWAY]
"""

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

PREFIX, SUFFIX = "isthmus-", ".backup"
COMMAND_SECONDS = 540


def surplus(names: list[str], keep: int) -> list[str]:
    """Which backups go: all but the newest; their names sort by time. Other files stay."""
    backups = sorted(name for name in names if name.startswith(PREFIX) and name.endswith(SUFFIX))
    return backups[:-keep]


def main() -> int:
    """Return the exit status. Nothing is taken away unless the new backup is there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--keep", type=int, required=True)
    parser.add_argument("--snapshot", metavar="GATEWAY", default="")
    given = parser.parse_args()
    folder: Path = given.folder
    made = folder / f"{PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    commands = [["isthmus", "export", f"--sealed={made}"]]
    if given.snapshot:
        output = folder / f"{given.snapshot}.snapshot"
        commands.append(["isthmus", "snapshot", f"--gateway={given.snapshot}", f"--output={output}"])
    for command in commands:
        status = subprocess.run(command, timeout=COMMAND_SECONDS, check=False).returncode
        if status:
            return status
    for name in surplus([each.name for each in folder.iterdir()], given.keep):
        (folder / name).unlink()
        sys.stdout.write(f"{name} taken away\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
