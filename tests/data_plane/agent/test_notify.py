"""What the service manager hears."""

import os
import socket
from pathlib import Path

from data_plane.agent.notify import notify, ready


def test_it_hears_which_process_serves(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "s"))
        ready({"NOTIFY_SOCKET": str(tmp_path / "s")})
        assert manager.recv(100).decode().split("\n") == [f"MAINPID={os.getpid()}", "READY=1"]


def test_a_name_without_a_file_is_understood() -> None:
    name = f"@isthmus-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        notify({"NOTIFY_SOCKET": name}, "STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_where_nobody_listens_nothing_happens(tmp_path: Path) -> None:
    ready({})
    ready({"NOTIFY_SOCKET": "elsewhere"})
    ready({"NOTIFY_SOCKET": str(tmp_path / "none")})
