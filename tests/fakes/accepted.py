"""What the kernel knows of a process's connections: which of them it has accepted, and which still wait in a queue."""

import os
import signal
import socket
import time
from pathlib import Path

DEADLINE_SECONDS = 5.0
Address = tuple[str, int]


def kill_knowingly(pid: int) -> set[Address]:
    """Kill a process, and return the clients whose connections it had accepted.

    It is stopped first, so that it accepts nothing between our look and its end. A connection that it has accepted is
    one of its descriptors; one that waits in the queue of a listening socket belongs to no process.
    """
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while _state(pid) != "T":
        assert time.monotonic() < deadline, "the process does not stop"
        time.sleep(0.0005)
    accepted = _clients(pid)
    os.kill(pid, signal.SIGKILL)
    return accepted


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _clients(pid: int) -> set[Address]:
    """The other ends of a process's TCP connections. proc_pid_net_tcp(5): local, remote, and the inode."""
    inodes = set()
    for descriptor in os.scandir(f"/proc/{pid}/fd"):
        link = os.readlink(descriptor.path)
        if link.startswith("socket:["):
            inodes.add(link[8:-1])
    clients = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] in inodes:
            clients.add(_address(fields[2]))
    return clients


def _address(text: str) -> Address:
    host, port = text.split(":")
    return socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)
