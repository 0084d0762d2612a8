"""What cannot be used is said in one line, before anything is connected."""

import fcntl
import os
import sys
import tempfile
from pathlib import Path

import pytest

from control_plane.collector.engine import EngineMissing, open_engine
from control_plane.collector.settings import Embedded, Server

SERVER = Server("127.0.0.1", 8123, False, "default", None, None, "isthmus")


@pytest.fixture(autouse=True)
def _same_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)


@pytest.mark.parametrize("module", ["clickhouse_connect", "chdb"])
def test_a_package_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineMissing, match=r"install isthmus\[collector\]"):
        open_engine(Embedded(tmp_path))


def test_a_server_needs_no_embedded_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    open_engine(SERVER).close()


def test_a_folder_that_another_collector_uses(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(EngineMissing, match="is used by another collector"):
            open_engine(Embedded(tmp_path))
    finally:
        os.close(descriptor)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineMissing, match=r"Not a directory|File exists"):
        open_engine(Embedded(tmp_path / "file" / "data"))
