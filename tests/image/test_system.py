"""A whole installation from the image: control plane, replica and collector as the first processes of containers."""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from control_plane.cli.pki import GatewayIdentity, ensure_pki
from data_plane.agent.reaper import SWEEP_SECONDS
from tests.fakes.container import Container
from tests.fakes.etcd_cluster import EtcdCluster
from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.ports import lasting_ports
from tests.fakes.replica import api_key, configuration
from tests.image.conftest import MakeContainer

pytestmark = pytest.mark.long
READY_SECONDS = 40.0
POLL_SECONDS = 0.05
GRACE_SECONDS = 15.0
FILES = "/run/isthmus"  # as containers see them
UNHEALTHY = 1
AGENT_AND_WORKER = 2
ORPHAN_SECONDS = 2 * SWEEP_SECONDS + READY_SECONDS


@dataclass(slots=True)
class System:
    """What runs, and where it listens."""

    upstream: ModelServer
    control_plane: Container
    replica: Container
    admin_port: int
    discovery_port: int
    port: int
    replica_admin_port: int

    async def call(self, word: str = "hello") -> aiohttp.ClientResponse:
        """A request for the model, its answer read."""
        body = {"model": "chat", "messages": [{"role": "user", "content": word}]}
        headers = {"authorization": f"Bearer {api_key()}"}
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
            async with session.post(url, json=body, headers=headers) as answer:
                await answer.read()
                return answer

    def isthmus(self, *arguments: str) -> str:
        """What the command line prints, beside the control plane."""
        variables = {
            "ISTHMUS_ADMIN_URL": f"http://127.0.0.1:{self.admin_port}",
            "ISTHMUS_ADMIN_TOKEN": (self.control_plane.data / "token").read_text().strip(),
        }
        done = self.control_plane.execute("isthmus", *arguments, variables=variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
async def system(etcd: EtcdCluster, container: MakeContainer, files: Path) -> AsyncIterator[System]:
    """A control plane on a real etcd, and a replica that serves one model."""
    ensure_pki(files, GatewayIdentity("default"))
    (files / "master-keys").write_text(f"k1:{_key()}\n")
    (files / "last-good-keys").write_text(f"{_key()}\n")
    async with model_server("fake") as upstream:
        documents = [
            each for each in configuration({"fake": upstream.url}) if each["kind"] not in ("Gateway", "Tenant")
        ]
        (files / "configuration.yaml").write_text("\n---\n".join(json.dumps(each) for each in documents))
        system = System(upstream, container("control-plane"), container("replica"), *lasting_ports(4))
        _start_control_plane(system, etcd)
        await until(
            lambda: system.control_plane.execute("isthmus-health", "--ready").returncode == 0, system.control_plane
        )
        system.isthmus("apply", "-f", f"{FILES}/configuration.yaml")
        _start_replica(system)
        await until(lambda: system.replica.execute("isthmus-health", "--ready").returncode == 0, system.replica)
        yield system


async def test_every_program_does_its_work_as_first_process(
    system: System, record_property: Callable[[str, object], None]
) -> None:
    assert (await system.call()).status == 200
    assert len(system.upstream.seen) == 1
    await until(lambda: "Current" in system.isthmus("status"), system.control_plane)
    assert "replica-1" in system.isthmus("status")
    assert _workers_that_run_compiled_modules(system.replica)
    for each in (system.replica, system.control_plane):
        assert each.health() == 0
        began = time.monotonic()
        assert each.stop(GRACE_SECONDS) == 0, each.log()
        record_property(f"{each.name}_stop_seconds", round(time.monotonic() - began, 2))


async def test_health_follows_the_process(container: MakeContainer, system: System) -> None:
    port = system.replica_admin_port
    beside = container("beside").start("sleep", "60")
    ask = ("isthmus-health", "--address", f"127.0.0.1:{port}")
    assert beside.execute(*ask).returncode == 0
    assert system.replica.stop(GRACE_SECONDS) == 0
    assert beside.execute(*ask).returncode == UNHEALTHY
    assert beside.health() == UNHEALTHY  # `sleep` is no program of ours


async def test_replica_finishes_what_has_begun_when_it_is_told_to_end(system: System) -> None:
    system.upstream.behaviour.delay_seconds = 2.0
    async with asyncio.TaskGroup() as group:
        request = group.create_task(system.call())
        await until(lambda: system.upstream.seen, system.replica)
        assert await asyncio.to_thread(system.replica.stop, GRACE_SECONDS) == 0
    assert request.result().status == 200


async def test_replica_replaces_a_worker_that_died_and_buries_every_process(system: System) -> None:
    (worker,) = _workers(system.replica)
    os.kill(worker, 9)
    assert system.replica.execute("sh", "-c", "sleep 0.1 & exit").returncode == 0  # leaves an orphan
    await until(lambda: _workers(system.replica) not in ([], [worker]), system.replica)
    await until(lambda: len(system.replica.processes()) == AGENT_AND_WORKER, system.replica, ORPHAN_SECONDS)
    assert (await system.call()).status == 200


async def test_collector_starts_with_its_embedded_store_and_ends(container: MakeContainer, files: Path) -> None:
    ensure_pki(files, GatewayIdentity("default"))
    port, health_port = lasting_ports(2)
    collector = container("collector").start(
        *("isthmus-collector", f"--listen=127.0.0.1:{port}", f"--health-listen=127.0.0.1:{health_port}"),
        *(
            f"--cert={FILES}/control-plane.pem",
            f"--key={FILES}/control-plane-key.pem",
            f"--ca={FILES}/ca.pem",
            "--data-dir=/data/store",
        ),
    )
    await until(lambda: collector.execute("isthmus-health", "--ready").returncode == 0, collector)
    assert collector.health() == 0
    assert collector.stop(GRACE_SECONDS) == 0, collector.log()


def _start_control_plane(system: System, etcd: EtcdCluster) -> None:
    (health_port,) = lasting_ports(1)
    system.control_plane.start(
        *("isthmus-control-plane", "--name=cp-1", f"--etcd-endpoints={','.join(etcd.endpoints)}"),
        *(f"--listen=127.0.0.1:{system.admin_port}", f"--discovery-listen=127.0.0.1:{system.discovery_port}"),
        *(f"--discovery-cert={FILES}/control-plane.pem", f"--discovery-key={FILES}/control-plane-key.pem"),
        *(f"--discovery-ca={FILES}/ca.pem", f"--master-key-file={FILES}/master-keys"),
        *("--bootstrap-token-file=/data/token", f"--health-listen=127.0.0.1:{health_port}"),
    )


def _start_replica(system: System) -> None:
    system.replica.start(
        *("isthmus-data-plane", "--gateway=default", "--node-id=replica-1", "--data-dir=/data"),
        *(f"--control-planes=127.0.0.1:{system.discovery_port}", f"--listen=127.0.0.1:{system.port}"),
        *(f"--cert={FILES}/gateway.pem", f"--key={FILES}/gateway-key.pem", f"--ca={FILES}/ca.pem"),
        *(f"--last-good-key-file={FILES}/last-good-keys", f"--admin-listen=127.0.0.1:{system.replica_admin_port}"),
        "--drain-seconds=10",
    )


def _workers(replica: Container) -> list[int]:
    return [pid for pid in replica.processes() if b"data_plane.worker" in _read(Path(f"/proc/{pid}/cmdline"))]


def _workers_that_run_compiled_modules(replica: Container) -> bool:
    """Whether each has them in its memory."""
    maps = [_read(Path(f"/proc/{pid}/maps")) for pid in _workers(replica)]
    return bool(maps) and all(b"__mypyc." in each and b"/data_plane/ingress/" in each for each in maps)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


async def until(condition: Callable[[], object], container: Container, seconds: float = READY_SECONDS) -> None:
    """Wait until it holds, as long as the container runs."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert container.is_running, f"it has ended:\n{container.log()}"
        assert time.monotonic() < deadline, f"did not happen in time:\n{container.log()}"
        await asyncio.sleep(POLL_SECONDS)
