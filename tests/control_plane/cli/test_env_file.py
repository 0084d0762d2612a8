"""The file of facts that a shell sources."""

import subprocess
from pathlib import Path

from control_plane.cli import env_file

FACTS = {"ISTHMUS_URL": "http://127.0.0.1:8080", "ISTHMUS_MODEL": 'it\'s $HOME `x` "y" \\ z'}


def test_a_shell_gets_the_very_values_and_exports_them(tmp_path: Path) -> None:
    env_file.write(tmp_path / "env", FACTS)
    program = f". {tmp_path}/env && env -0"
    done = subprocess.run(["sh", "-c", program], capture_output=True, check=True, timeout=30)
    exported = dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if "=" in pair)
    assert {name: exported[name] for name in FACTS} == FACTS


def test_it_is_for_its_owner_only_and_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("old")
    path.chmod(0o644)
    env_file.write(path, FACTS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "old" not in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["env"]


def test_it_is_taken_away_whether_or_not_it_is_there(tmp_path: Path) -> None:
    env_file.write(tmp_path / "env", FACTS)
    for _ in range(2):
        env_file.remove(tmp_path / "env")
        assert not (tmp_path / "env").exists()
