"""A real etcd cluster of this machine for tests: members are killed, paused and restarted at will."""

import asyncio
import json
import os
import re
import signal
import urllib.request
from pathlib import Path
from typing import Any, Self

import trustme

from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.cli.etcd_process import EtcdMember, EtcdProcess, EtcdTls
from tests.fakes.ports import lasting_ports

FAST_ELECTIONS = ("--heartbeat-interval=50", "--election-timeout=500")
DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.05


class EtcdCluster:
    """`size` members with fixed ports, so that endpoints outlive a restart. `async with` starts and stops it."""

    def __init__(
        self, binary: EtcdBinary, folder: Path, *, size: int = 1, tls: bool = False, flags: tuple[str, ...] = ()
    ) -> None:
        ports = lasting_ports(2 * size)
        names = [f"n{index}" for index in range(size)]
        self.tls = _make_tls(folder) if tls else None
        self.members = [
            EtcdProcess(
                EtcdMember(
                    binary.path,
                    folder / name,
                    name=name,
                    client_port=client_port,
                    peers=tuple(zip(names, ports[size:], strict=True)),
                    tls=self.tls,
                    flags=(*FAST_ELECTIONS, *flags),
                )
            )
            for name, client_port in zip(names, ports, strict=False)
        ]

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(member.client_url for member in self.members)

    def spawn_all(self) -> None:
        for member in self.members:
            member.spawn()

    async def wait_all_ready(self) -> None:
        for member in self.members:
            await member.wait_ready(DEADLINE_SECONDS)

    def kill_all(self) -> None:
        for member in self.members:
            member.kill()

    async def __aenter__(self) -> Self:
        try:
            self.spawn_all()
            await self.wait_all_ready()
        except BaseException:
            self.kill_all()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.kill_all()

    def kill(self, index: int) -> None:
        """SIGKILL; a no-op if it is dead."""
        self.members[index].kill()

    def spawn(self, index: int) -> None:
        """Start a killed member with its data, without waiting for it."""
        self.members[index].spawn()

    async def wait_ready(self, index: int) -> None:
        await self.members[index].wait_ready(DEADLINE_SECONDS)

    def pause(self, index: int) -> None:
        """SIGSTOP: connections stay open and nothing answers once this returns."""
        self._signal(index, signal.SIGSTOP)
        os.waitid(os.P_PID, self.members[index].process.pid, os.WSTOPPED)  # until then, its threads may still answer

    def resume(self, index: int) -> None:
        self._signal(index, signal.SIGCONT)

    async def leader(self) -> int:
        """The index of the member that says that it leads."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                for index, member in enumerate(self.members):
                    if member.pid and await asyncio.to_thread(_is_leader, member.metrics_url):
                        return index
                await asyncio.sleep(POLL_SECONDS)

    async def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST to etcd's own JSON gateway of the first member, as `/v3/kv/compaction`; not for clusters with TLS."""
        request = urllib.request.Request(self.endpoints[0] + path, json.dumps(body).encode(), method="POST")
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(_read, request))
        return answer

    async def compact(self, revision: int) -> None:
        await self.call("/v3/kv/compaction", {"revision": revision, "physical": True})

    async def wipe(self) -> None:
        """Delete every key."""
        await self.call("/v3/kv/deleterange", {"key": "AA==", "range_end": "AA=="})  # a zero byte each: all keys

    def _signal(self, index: int, number: signal.Signals) -> None:
        if pid := self.members[index].pid:
            os.kill(pid, number)


def _read(request: urllib.request.Request | str) -> bytes:
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def _is_leader(metrics_url: str) -> bool:
    try:
        return bool(re.search(rb"^etcd_server_is_leader 1$", _read(f"{metrics_url}/metrics"), re.MULTILINE))
    except OSError:
        return False


def _make_tls(folder: Path) -> EtcdTls:
    """One certificate for both sides, from an authority of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost", common_name="isthmus")
    files = EtcdTls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(files.ca_file))
    certificate.cert_chain_pems[0].write_to_path(str(files.cert_file))
    certificate.private_key_pem.write_to_path(str(files.key_file))
    return files
