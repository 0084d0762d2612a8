"""The folder of one `isthmus up`."""

import base64
import os
import stat
from pathlib import Path

import pytest

from control_plane.cli.data_dir import KEY_BYTES, DataDir, write_private
from control_plane.cli.errors import CliError
from control_plane.secrets.sealer import read_key_file


def test_only_one_run_may_hold_it(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    held = folder.claim()
    with pytest.raises(CliError, match="another `isthmus up` uses"):
        folder.claim()
    os.close(held)
    os.close(folder.claim())


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    folder.ensure_keys()
    files = (folder.master_key_file, folder.last_good_key_file)
    made = [path.read_text() for path in files]
    folder.ensure_keys()
    assert [path.read_text() for path in files] == made
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
    assert len(base64.b64decode(made[1])) == KEY_BYTES
    assert list(read_key_file(folder.master_key_file)) == ["k1"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CliError, match=r"cannot use the data directory .*: Not a directory"):
        DataDir(tmp_path / "file" / "data").claim()


def test_a_private_file_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o600
