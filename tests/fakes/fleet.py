"""A whole installation of this machine for tests: etcd, control planes and replicas as processes, killed at will."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from control_plane.cli.child_process import start_child
from control_plane.cli.client import Access, Client
from control_plane.cli.errors import CliError
from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.cli.pki import GatewayIdentity, Pki, ensure_pki
from tests.fakes.etcd_cluster import EtcdCluster
from tests.fakes.ports import lasting_ports
from tests.fakes.release import Release
from tests.fakes.replica import Replica

GATEWAY = "default"  # which an empty store begins with; it carries all tenants
READY_SECONDS = 40.0  # nine processes that start at once on two cores
POLL_SECONDS = 0.01
TLS_FLAGS = ("--listen", "https://127.0.0.1:0")
Json = dict[str, Any]


class ControlPlane:
    """One control plane with ports of its own that it keeps over restarts."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[str], newer_arguments: Sequence[str] = ()) -> None:
        """`newer_arguments`: what earlier releases do not know."""
        self.name = name
        self.api_port, self.discovery_port, self.health_port = lasting_ports(3)
        self.log_file = folder / f"{name}.log"
        self._arguments = arguments
        self._newer_arguments = newer_arguments
        self.release: Release | None = None  # None: what is here
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def spawn(self) -> None:
        arguments = [
            *(sys.executable, "-m", "control_plane", "--name", self.name),
            *("--listen", f"127.0.0.1:{self.api_port}"),
            *("--discovery-listen", f"127.0.0.1:{self.discovery_port}"),
            *("--health-listen", f"127.0.0.1:{self.health_port}"),
            *self._arguments,
            *(() if self.release else self._newer_arguments),
        ]
        self._process = start_child(arguments, self.log_file, env=self.release.environment if self.release else {})

    def kill(self) -> None:
        """SIGKILL; a no-op if it is dead."""
        if (process := self._process) and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(READY_SECONDS)

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        assert self._process is not None
        self._process.terminate()
        assert await asyncio.to_thread(self._process.wait, READY_SECONDS) == 0

    def has_ended(self) -> bool:
        """By itself, or killed."""
        return self._process is not None and self._process.poll() is not None

    async def is_ready(self) -> bool:
        try:
            async with Client(Access(f"http://127.0.0.1:{self.health_port}", ""), timeout_seconds=2.0) as client:
                await client.request("GET", "/readyz")
        except CliError:
            return False
        return True


class Fleet:
    """An installation with one Gateway. `spawn` is called from the main thread, whose end all processes follow."""

    def __init__(self, binary: EtcdBinary, folder: Path, *, etcd: int, control_planes: int, replicas: int) -> None:
        self.folder = folder
        self.pki = ensure_pki(folder / "pki", GatewayIdentity(GATEWAY))
        self.etcd = EtcdCluster(binary, folder / "etcd", size=etcd)
        self._token_file = folder / "token"
        master_keys = _write(folder / "master-keys", f"k1:{_base64(os.urandom(32))}\n")
        last_good_keys = _write(folder / "last-good-keys", f"{_base64(os.urandom(32))}\n")
        self.control_planes = [
            ControlPlane(
                folder,
                f"cp-{number}",
                self._control_plane_arguments(master_keys),
                ("--last-good-key-file", str(last_good_keys)),
            )
            for number in range(1, control_planes + 1)
        ]
        self._last_good_keys = last_good_keys
        self.replicas = [FleetReplica(self, number, last_good_keys) for number in range(1, replicas + 1)]

    def new_replica(self) -> "FleetReplica":
        """One more, not started: its folder is there and empty."""
        replica = FleetReplica(self, len(self.replicas) + 1, self._last_good_keys)
        replica.folder.mkdir()
        self.replicas.append(replica)
        return replica

    def spawn(self) -> None:
        """Start everything at once: whoever is early waits for what it needs."""
        self.etcd.spawn_all()
        for control_plane in self.control_planes:
            control_plane.spawn()
        for replica in self.replicas:
            replica.folder.mkdir()
            replica.spawn_connected()

    async def wait_ready(self) -> None:
        await self.etcd.wait_all_ready()
        for control_plane in self.control_planes:
            await self.until(control_plane.is_ready, f"{control_plane.name} is not ready")
        for replica in self.replicas:
            await replica.wait_ready()
        await self.wait_current()

    def end(self) -> None:
        """Kill what runs."""
        for replica in self.replicas:
            replica.clean_up()
        for control_plane in self.control_planes:
            control_plane.kill()
        self.etcd.kill_all()

    async def call(self, method: str, path: str, body: object = None, *, through: int = 0) -> Json:
        """Call the REST API of one control plane.

        Raises:
            CliError: the answer is an error, or there is none.
        """
        access = Access(self.control_planes[through].url, self._token_file.read_text().strip())
        async with Client(access, timeout_seconds=10.0) as client:
            return await client.request(method, path, body=body)

    async def isthmus(self, *arguments: str) -> str:
        """What the command line prints."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "control_plane.cli.main", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "ISTHMUS_ADMIN_URL": self.control_planes[0].url,
                "ISTHMUS_ADMIN_TOKEN": self._token_file.read_text().strip(),
            },
        )
        async with asyncio.timeout(READY_SECONDS):
            printed, _ = await process.communicate()
        return printed.decode()

    async def apply(self, *documents: Json) -> None:
        """Create or replace in one transaction, and wait until all replicas serve it."""
        written = await self.call("POST", "/v1/batch", {"documents": documents})
        await self.wait_current(written["revision"])

    async def make_key(self, tenant: str, application: str) -> tuple[str, str]:
        """A new API key that all replicas know, and the path that revokes it by DELETE."""
        keys = f"/v1/tenants/{tenant}/applications/{application}/keys"
        made = await self.call("POST", keys, {"description": "test"})
        credential = made["credential"]["metadata"]
        await self.wait_current(credential["revision"])
        return str(made["key"]), f"{keys}/{credential['name']}"

    async def write_by_hand(self, path: str, content: bytes) -> None:
        """Put a resource's bytes into etcd past the control planes: no admission, no history."""
        body = {"key": _base64(f"/isthmus/v1/{path}".encode()), "value": _base64(content)}
        await self.etcd.call("/v3/kv/put", body)

    async def wait_current(self, revision: int = 0) -> None:
        """Wait until every control plane knows the revision and says that all replicas serve what the store has."""
        await self.until(lambda: self._is_current(revision), "not all replicas became current")

    async def until(self, condition: Callable[[], Awaitable[bool]], message: str) -> None:
        """Wait until it holds, since processes tell nobody; an error with all logs after the deadline."""
        deadline = time.monotonic() + READY_SECONDS
        while not await condition():
            assert time.monotonic() < deadline, self._logs(message)
            await asyncio.sleep(POLL_SECONDS)

    async def _is_current(self, revision: int) -> bool:
        wanted = {replica.node: "Current" for replica in self.replicas}
        try:
            for index in range(len(self.control_planes)):
                answer = await self.call("GET", "/v1/replicas", through=index)
                states = {item["node"]: item["state"] for item in answer["items"]}
                if states != wanted or answer["storeRevision"] < revision:
                    return False
        except CliError:
            return False
        return True

    def _control_plane_arguments(self, keys: Path) -> tuple[str, ...]:
        return (
            *("--etcd-endpoints", ",".join(self.etcd.endpoints)),
            *("--discovery-cert", str(self.pki.server.certificate), "--discovery-key", str(self.pki.server.key)),
            *("--discovery-ca", str(self.pki.authority)),
            *("--master-key-file", str(keys), "--bootstrap-token-file", str(self._token_file)),
        )

    def _logs(self, message: str) -> str:
        tails = [f"{each.name}:\n{each.log_file.read_text()[-2000:]}" for each in self.control_planes]
        return "\n".join((message, *tails, *(f"{each.node}:\n{each.log()[-2000:]}" for each in self.replicas)))


class FleetReplica(Replica):
    """A replica that is configured by the control planes of its fleet."""

    def __init__(self, fleet: Fleet, number: int, keys: Path) -> None:
        super().__init__(fleet.folder / f"replica-{number}", workers=1, flags=TLS_FLAGS)
        self.release: Release | None = None  # None: what is here
        self.node = f"replica-{number}"
        (self.port,) = lasting_ports(1)
        addresses = ",".join(f"127.0.0.1:{each.discovery_port}" for each in fleet.control_planes)
        self._connected = _connection_flags(fleet.pki, addresses, self.node, keys)

    @property
    def tls_port(self) -> int:
        return int(self.listeners[1].rpartition(":")[2])

    def spawn_connected(self, *flags: str) -> None:
        """Start the agent, on the port that it had."""
        environment = {"ISTHMUS_DIE_WITH_PARENT": "1"}
        self.spawn(*self._connected, *flags, env=environment | dict(self.release.environment if self.release else {}))

    async def be_followed(self) -> None:
        """Start another agent beside the one that serves, and wait until that has given way to it."""
        before = self._process
        assert before is not None
        self.spawn_connected("--take-over")
        await self.wait_listening()
        await self.until(lambda: "taken over" in self.log())
        assert await asyncio.to_thread(before.wait, 60) == 0


def document(path: str, spec: Mapping[str, Any] | None = None) -> Json:
    """A resource as a client writes it; `path` is `<tenant>/<Kind>/<name>`."""
    tenant, kind, name = path.split("/")
    metadata = {"name": name, "tenant": tenant}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": dict(spec or {})}


def tenant_documents(tenant: str, upstreams: Mapping[str, str], weights: Mapping[str, int]) -> tuple[Json, ...]:
    """A tenant whose model `chat` has a version for each upstream, under the path `/<tenant>`, and an application."""
    return (
        document(f"platform/Tenant/{tenant}"),
        *(
            document(
                f"{tenant}/Provider/{name}", {"type": "OpenAICompatible", "baseUrl": url, "auth": {"type": "None"}}
            )
            for name, url in upstreams.items()
        ),
        document(f"{tenant}/Model/chat", model_spec(weights)),
        document(f"{tenant}/Application/app"),
        document(
            f"{tenant}/Route/models",
            {"matches": [{"path": {"value": f"/{tenant}"}}], "models": {"matchLabels": {}}},
        ),
    )


def model_spec(weights: Mapping[str, int]) -> Json:
    """Versions with these weights, each served by the provider of its name."""
    return {
        "versions": [
            {"name": name, "weight": weight, "targets": [{"providerRef": {"name": name}}]}
            for name, weight in weights.items()
        ]
    }


def _connection_flags(pki: Pki, control_planes: str, node: str, keys: Path) -> tuple[str, ...]:
    return (
        *("--gateway", GATEWAY, "--node-id", node, "--control-planes", control_planes),
        *("--cert", str(pki.gateway.certificate), "--key", str(pki.gateway.key), "--ca", str(pki.authority)),
        *("--last-good-key-file", str(keys)),
    )


def _write(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
