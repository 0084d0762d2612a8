"""Runs one etcd member as a child process: ports, data directory, readiness, and why it did not start."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from control_plane.cli.child_process import start_child

LOOPBACK = "127.0.0.1"
FREE_DISK_BYTES = 256 << 20  # etcd allocates 64 MB for its log and as much again when it rolls
LOG_BYTES = 1 << 20
START_ATTEMPTS = 3  # a free port may be taken between our look and etcd's bind
STOP_SECONDS = 5.0
POLL_SECONDS = 0.05
FLAGS = (
    "--logger=zap",
    "--log-level=warn",
    f"--quota-backend-bytes={2 << 30}",
    "--auto-compaction-mode=periodic",
    "--auto-compaction-retention=1h",  # longer than the ten minutes that the change log goes back
    "--experimental-watch-progress-notify-interval=30s",  # so that a quiet watch can be resumed after a compaction
    "--experimental-initial-corrupt-check=true",
)
REASONS = (  # what etcd logs, and what it means to a person
    (b"address already in use", "a port it listens on is occupied"),
    (b"no space left on device", "the disk is full"),
    (b"permission denied", "it may not write to its data directory"),
    (b"panic", "it found its data damaged"),
)


class EtcdFailed(Exception):
    """etcd did not start; one line says why and where its log is."""


@dataclass(frozen=True, slots=True)
class EtcdTls:
    """Files for the client port; clients need a certificate of the same authority."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class EtcdMember:
    """One member. `client_port` 0: a free one, chosen at each start. `peers`: name and port of all; none: alone."""

    binary: Path
    data_dir: Path
    name: str = "isthmus"
    client_port: int = 0
    peers: tuple[tuple[str, int], ...] = ()
    tls: EtcdTls | None = None
    flags: tuple[str, ...] = ()


class EtcdProcess:
    """Owns the child between `start` and `stop`; the data directory stays."""

    def __init__(self, member: EtcdMember) -> None:
        self._member = member
        self._client_port = member.client_port
        self._metrics_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.log_file = member.data_dir.with_name(member.data_dir.name + ".log")

    @property
    def client_url(self) -> str:
        return f"{'https' if self._member.tls else 'http'}://{LOOPBACK}:{self._client_port}"

    @property
    def peer_url(self) -> str:
        """Where other members, or a snapshot that is put back, expect this one; of a member of a cluster only."""
        return f"http://{LOOPBACK}:{dict(self._member.peers)[self._member.name]}"

    @property
    def metrics_url(self) -> str:
        """Answers `/health` and `/metrics`, in the clear, on loopback only."""
        return f"http://{LOOPBACK}:{self._metrics_port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running child.

        Raises:
            EtcdFailed: it was not started.
        """
        if self._process is None:
            raise EtcdFailed("etcd is not started")
        return self._process

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self, timeout_seconds: float = 15.0) -> None:
        """Start and wait until it serves. Call it from the main thread.

        Raises:
            EtcdFailed: it did not serve in time; nothing is left running.
        """
        for attempt in range(1, START_ATTEMPTS + 1):
            self.spawn()
            try:
                await self.wait_ready(timeout_seconds)
                return
            except EtcdFailed as failure:
                self.kill()
                if self._member.client_port or attempt == START_ATTEMPTS or REASONS[0][1] not in str(failure):
                    raise

    def spawn(self) -> None:
        """Start without waiting; members of a cluster wait for each other.

        Raises:
            EtcdFailed: what can be seen beforehand: an occupied port, a full disk, a data directory in use.
        """
        member = self._member
        member.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_disk(member.data_dir)
        _check_unlocked(member.data_dir / "member" / "snap" / "db")
        _check_ports(port for port in (member.client_port, dict(member.peers).get(member.name, 0)) if port)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.unlink()
        client_port, self._metrics_port, peer_port = free_ports(3)
        self._client_port = member.client_port or client_port
        argv = self._arguments(member.peers or ((member.name, peer_port),))
        self._process = start_child(argv, self.log_file)

    async def wait_ready(self, timeout_seconds: float) -> None:
        """Wait until it answers that it is healthy: it has a leader.

        Raises:
            EtcdFailed: it ended, or the time did.
        """
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while not await self._is_healthy():
            if self._process is None or self._process.poll() is not None:
                raise EtcdFailed(f"etcd did not start: {self._reason()}; its log is {self.log_file}")
            if asyncio.get_running_loop().time() > deadline:
                raise EtcdFailed(f"etcd was not ready after {timeout_seconds:g} s; its log is {self.log_file}")
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """End it in an orderly way, or by force after five seconds."""
        if (process := self._process) and process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once."""
        if (process := self._process) and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)
        self._process = None

    def _arguments(self, peers: tuple[tuple[str, int], ...]) -> list[str]:
        member = self._member
        urls = {name: f"http://{LOOPBACK}:{port}" for name, port in peers}
        options = {
            "name": member.name,
            "data-dir": str(member.data_dir),
            "listen-client-urls": self.client_url,
            "advertise-client-urls": self.client_url,
            "listen-metrics-urls": self.metrics_url,
            "listen-peer-urls": urls[member.name],
            "initial-advertise-peer-urls": urls[member.name],
            "initial-cluster": ",".join(f"{name}={url}" for name, url in urls.items()),
        }
        if member.tls:
            options |= {
                "cert-file": str(member.tls.cert_file),
                "key-file": str(member.tls.key_file),
                "trusted-ca-file": str(member.tls.ca_file),
                "client-cert-auth": "true",
            }
        return [str(member.binary), *FLAGS, *(f"--{name}={value}" for name, value in options.items()), *member.flags]

    async def _is_healthy(self) -> bool:
        try:
            async with asyncio.timeout(1.0):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._metrics_port)
                try:
                    writer.write(b"GET /health HTTP/1.0\r\n\r\n")
                    answer = await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False
        return b'"health":"true"' in answer

    def _reason(self) -> str:
        tail = self.log_file.read_bytes()[-8192:] if self.log_file.exists() else b""
        known = next((meaning for sign, meaning in REASONS if sign in tail.lower()), None)
        lines = tail.decode(errors="replace").strip().splitlines()
        return known or (lines[-1][:300] if lines else "it ended without a word")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that are free at this moment, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


def _check_ports(ports: Iterable[int]) -> None:
    for port in ports:
        try:
            socket.create_server((LOOPBACK, port)).close()
        except OSError as error:
            raise EtcdFailed(f"port {port} for etcd cannot be used: {os.strerror(error.errno or 0)}") from error


def _check_disk(data_dir: Path) -> None:
    free = shutil.disk_usage(data_dir).free
    if free < FREE_DISK_BYTES:
        raise EtcdFailed(f"etcd needs {FREE_DISK_BYTES >> 20} MiB free at {data_dir}; the disk has {free >> 20} MiB")


def _check_unlocked(database: Path) -> None:
    """etcd itself would wait for the lock for ever, without a word."""
    if not database.exists():
        return
    with database.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EtcdFailed(f"another etcd uses the data directory {database.parents[2]}") from error
