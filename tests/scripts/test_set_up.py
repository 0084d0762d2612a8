"""Set-up says in one line what a machine lacks."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "set_up.sh"
TOOLS = ["bash", "cat", "cksum", "dirname", "flock", "grep", "mkdir", "tail"]


def set_up(folder: Path, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run set-up in an empty checkout where PATH has these Pythons only: name to version."""
    programs, scripts = folder / "programs", folder / "scripts"
    programs.mkdir()
    scripts.mkdir()
    shutil.copy(SCRIPT, scripts)
    for tool in TOOLS:
        path = shutil.which(tool)
        assert path is not None
        (programs / tool).symlink_to(path)
    for name, version in pythons.items():
        (programs / name).write_text(f"#!/bin/sh\necho {version}\n")
        (programs / name).chmod(0o755)
    return subprocess.run(
        [programs / "bash", scripts / "set_up.sh", "dev"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": str(programs)},
    )


@pytest.mark.parametrize(
    ("pythons", "found"),
    [
        ({}, "found none on PATH"),
        ({"python3": "3.9"}, "found 3.9 at {folder}/programs/python3"),
        ({"python": "2.7"}, "found 2.7 at {folder}/programs/python"),
        ({"python3": "4.0"}, "found 4.0 at {folder}/programs/python3"),
    ],
    ids=["none", "too old", "far too old", "unknown major version"],
)
def test_a_machine_without_a_new_python_is_told_so_in_one_line(
    pythons: dict[str, str], found: str, tmp_path: Path
) -> None:
    done = set_up(tmp_path, pythons)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"set-up: isthmus needs Python 3.11 or newer; {found.format(folder=tmp_path)} "
        "(name one with PYTHON=/path/to/python3)"
    ]
