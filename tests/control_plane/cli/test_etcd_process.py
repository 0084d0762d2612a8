"""A child etcd: started, stopped, gone with its parent, and plain about why it did not start."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from control_plane.cli import etcd_process
from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.cli.etcd_process import EtcdFailed, EtcdMember, EtcdProcess, free_ports
from control_plane.etcd.settings import EtcdSettings
from control_plane.store.base import Compare, Put
from control_plane.store.etcd import EtcdStore

START_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from control_plane.cli.etcd_process import EtcdMember, EtcdProcess
process = EtcdProcess(EtcdMember(Path(sys.argv[1]), Path(sys.argv[2])))
asyncio.run(process.start())
sys.stdout.write(f"{process.pid}\\n")
sys.stdout.flush()
sys.stdin.read()
"""


async def test_data_outlives_a_restart_on_another_port(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    process = EtcdProcess(EtcdMember(etcd_binary.path, tmp_path / "etcd"))
    values = []
    for expected in (0, 2):
        await process.start()
        try:
            store = EtcdStore(EtcdSettings((process.client_url,)))
            await store.transact([Compare("/a", expected)], [Put("/a", b"kept")])
            values.append(await store.get("/a"))
            await store.close()
        finally:
            await process.stop()
    assert [entry.revision for entry in values if entry] == [2, 3]
    assert process.pid is None


async def test_it_listens_where_it_is_told(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    [port] = free_ports(1)
    process = EtcdProcess(EtcdMember(etcd_binary.path, tmp_path / "etcd", client_port=port))
    await process.start()
    try:
        assert process.client_url == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            pass
    finally:
        await process.stop()


async def test_it_does_not_outlive_a_killed_parent(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", START_AND_WAIT, str(etcd_binary.path), str(tmp_path / "etcd")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        gone = os.pidfd_open(pid)
        parent.send_signal(signal.SIGKILL)
    try:
        assert select.select([gone], [], [], 10)[0]
    finally:
        os.close(gone)


async def test_an_occupied_port_is_named(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        process = EtcdProcess(EtcdMember(etcd_binary.path, tmp_path / "etcd", client_port=port))
        with pytest.raises(EtcdFailed, match=f"port {port} for etcd cannot be used: Address already in use"):
            await process.start()


async def test_a_data_directory_in_use_is_named(etcd_binary: EtcdBinary, tmp_path: Path) -> None:
    member = EtcdMember(etcd_binary.path, tmp_path / "etcd")
    first = EtcdProcess(member)
    await first.start()
    try:
        with pytest.raises(EtcdFailed, match="another etcd uses the data directory"):
            await EtcdProcess(member).start()
    finally:
        await first.stop()


async def test_a_disk_without_room_is_named(
    etcd_binary: EtcdBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etcd_process, "FREE_DISK_BYTES", 1 << 60)
    with pytest.raises(EtcdFailed, match=r"needs \d+ MiB free at .*; the disk has \d+ MiB"):
        await EtcdProcess(EtcdMember(etcd_binary.path, tmp_path / "etcd")).start()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("listen tcp 127.0.0.1:1: bind: address already in use", "a port it listens on is occupied"),
        ("write /d/wal: no space left on device", "the disk is full"),
        ("a line that nobody expects", "a line that nobody expects"),
        ("", "it ended without a word"),
    ],
    ids=["port", "disk", "unknown", "silent"],
)
async def test_an_early_end_is_explained_by_the_log(tmp_path: Path, said: str, reason: str) -> None:
    program = tmp_path / "etcd"
    program.write_text(f"#!{shutil.which('sh')}\necho '{said}' >&2\n")
    program.chmod(0o755)
    process = EtcdProcess(EtcdMember(program, tmp_path / "data", client_port=free_ports(1)[0]))
    with pytest.raises(EtcdFailed, match=f"etcd did not start: {reason}; its log is .*data.log"):
        await process.start()


async def test_one_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "etcd"
    program.write_text(f"#!{shutil.which('sh')}\nexec sleep 60\n")
    program.chmod(0o755)
    process = EtcdProcess(EtcdMember(program, tmp_path / "data"))
    with pytest.raises(EtcdFailed, match=r"was not ready after 0.2 s"):
        await process.start(timeout_seconds=0.2)
    assert process.pid is None
