"""Two control planes as real processes on one real etcd behave as one."""

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from control_plane.cli.etcd_process import free_ports
from tests.fakes.distribution import TestPki
from tests.fakes.etcd_cluster import EtcdCluster

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.05
TEAMS = "/v1/tenants/default/teams"


class Process:
    """A control plane with its own ports and log."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self.name = name
        self.api, self.health, self.discovery = free_ports(3)
        self.log = folder / f"{name}.log"
        argv = [
            *(sys.executable, "-m", "control_plane", "--name", name),
            *("--listen", f"127.0.0.1:{self.api}"),
            *("--health-listen", f"127.0.0.1:{self.health}"),
            *("--discovery-listen", f"127.0.0.1:{self.discovery}"),
            *arguments,
        ]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'proto'}"}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(DEADLINE_SECONDS)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Fleet:
    """Starts control planes of one installation, and calls them."""

    def __init__(self, folder: Path, etcd: EtcdCluster) -> None:
        self.folder = folder
        pki = TestPki(folder)
        self.keys = folder / "master.key"
        self.keys.write_text(f"k1:{base64.b64encode(bytes(32)).decode()}\n")
        self.token_file = folder / "token"
        self.arguments = (
            *("--etcd-endpoints", ",".join(etcd.endpoints)),
            *("--discovery-cert", str(pki.server.certificate), "--discovery-key", str(pki.server.key)),
            *("--discovery-ca", str(pki.authority_file)),
            *("--master-key-file", str(self.keys), "--bootstrap-token-file", str(self.token_file)),
        )
        self.processes: list[Process] = []
        self.session = aiohttp.ClientSession()

    async def start(self, name: str, *more: str) -> Process:
        process = Process(self.folder, name, *self.arguments, *more)
        self.processes.append(process)
        await self.until(lambda: self._is_ready(process), f"{name} is not ready: {process.log.read_text()}")
        return process

    async def call(self, process: Process, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The status and the JSON of an answer."""
        sent = {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{process.api}{path}"
        async with self.session.request(method, url, json=body, headers=sent) as response:
            return response.status, await response.json(content_type=None)

    async def until(self, condition: Any, message: str) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await condition():
                await asyncio.sleep(POLL_SECONDS)

    async def _is_ready(self, process: Process) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self.session.get(f"http://127.0.0.1:{process.health}/readyz") as response:
                return response.status == 200
        return False

    async def close(self) -> None:
        await self.session.close()
        for process in self.processes:
            process.end()


@pytest.fixture
async def fleet(tmp_path: Path, etcd: EtcdCluster) -> AsyncIterator[Fleet]:
    running = Fleet(tmp_path, etcd)
    yield running
    await running.close()


def team(text: str) -> dict[str, object]:
    return {"kind": "Team", "metadata": {"name": "search"}, "spec": {"displayName": text}}


async def test_two_control_planes_behave_as_one(fleet: Fleet) -> None:
    first, second = await fleet.start("cp-a"), await fleet.start("cp-b")
    _, start = await fleet.call(second, "GET", TEAMS)
    status, created = await fleet.call(first, "POST", TEAMS, team("one"), Idempotency_Key="k")
    assert status == 201
    status, repeated = await fleet.call(second, "POST", TEAMS, team("one"), Idempotency_Key="k")
    assert (status, repeated["metadata"]["revision"]) == (201, created["metadata"]["revision"])
    assert (await fleet.call(second, "GET", f"{TEAMS}/search"))[1]["spec"] == {"displayName": "one"}

    watch = f"http://127.0.0.1:{second.api}{TEAMS}?watch=true&resourceVersion={start['metadata']['revision']}"
    headers = {"Authorization": f"Bearer {fleet.token_file.read_text().strip()}"}
    async with fleet.session.get(watch, headers=headers) as response, asyncio.timeout(DEADLINE_SECONDS):
        events = [line async for line in _events(response, until="added")]
    assert events[-1]["metadata"]["name"] == "search"

    tag = f'"{created["metadata"]["revision"]}"'
    assert (await fleet.call(second, "PUT", f"{TEAMS}/search", team("two"), If_Match=tag))[0] == 200
    assert (await fleet.call(first, "PUT", f"{TEAMS}/search", team("three"), If_Match=tag))[0] == 412

    leader = (await fleet.call(first, "GET", "/v1/status"))[1]["leader"]
    assert leader in ("cp-a", "cp-b")
    died, left = (first, second) if leader == "cp-a" else (second, first)
    died.signal(signal.SIGKILL)

    async def has_moved() -> bool:
        return bool((await fleet.call(left, "GET", "/v1/status"))[1]["leader"] == left.name)

    await fleet.until(has_moved, "no other control plane leads")
    assert (await fleet.call(left, "GET", f"{TEAMS}/search"))[1]["spec"] == {"displayName": "two"}


async def _events(response: aiohttp.ClientResponse, *, until: str) -> AsyncIterator[Any]:
    name = ""
    async for line in response.content:
        if match := re.match(rb"event: (\w+)", line):
            name = match[1].decode()
        elif line.startswith(b"data: "):
            yield json.loads(line[6:])
            if name == until:
                return


async def test_it_waits_for_the_store_and_survives_its_absence(fleet: Fleet, etcd: EtcdCluster) -> None:
    etcd.kill(0)
    process = Process(fleet.folder, "cp-a", *fleet.arguments)
    fleet.processes.append(process)
    try:

        async def says_so() -> bool:
            return b"store_unreachable" in process.log.read_bytes()

        await fleet.until(says_so, "no line about the store")
    finally:
        etcd.spawn(0)
        await etcd.wait_ready(0)
    await fleet.until(lambda: fleet._is_ready(process), "not ready")
    assert (await fleet.call(process, "GET", "/v1/status"))[0] == 200

    etcd.kill(0)
    try:
        status, problem = await fleet.call(process, "POST", TEAMS, team("one"))
        assert (status, problem["code"]) == (503, "store_unavailable")
        status, answer = await fleet.call(process, "GET", "/v1/status")
        assert (status, answer["store"]) == (200, "unavailable")
    finally:
        etcd.spawn(0)
        await etcd.wait_ready(0)

    async def writes() -> bool:
        return bool((await fleet.call(process, "PUT", f"{TEAMS}/search", team("one")))[0] in (200, 201))

    await fleet.until(writes, "no writes after the store came back")


async def test_sigterm_ends_it_cleanly_also_with_a_watch_open(fleet: Fleet) -> None:
    process = await fleet.start("cp-a")
    headers = {"Authorization": f"Bearer {fleet.token_file.read_text().strip()}"}
    async with fleet.session.get(f"http://127.0.0.1:{process.api}{TEAMS}?watch=true", headers=headers) as response:
        await response.content.readline()
        process.signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait) == 0
    assert "Traceback" not in process.log.read_text()


@pytest.fixture
def other_keys(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "other.key"
    file.write_text(f"k2:{base64.b64encode(bytes(range(32))).decode()}\n")
    yield file


async def test_a_taken_port_and_another_master_key_are_one_line(fleet: Fleet, other_keys: Path) -> None:
    first = await fleet.start("cp-a")
    taken = Process(fleet.folder, "cp-b", *fleet.arguments, "--listen", f"127.0.0.1:{first.api}")
    wrong = Process(fleet.folder, "cp-c", *fleet.arguments, "--master-key-file", str(other_keys))
    fleet.processes += [taken, wrong]
    assert (await asyncio.to_thread(taken.wait), await asyncio.to_thread(wrong.wait)) == (1, 1)
    assert "Address already in use" in taken.log.read_text().splitlines()[-1]
    assert "master key" in wrong.log.read_text().splitlines()[-1]
    assert "Traceback" not in taken.log.read_text() + wrong.log.read_text()
