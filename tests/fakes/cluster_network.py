"""Services of a cluster on loopback: a name and an address for each, and connections that go to pods that are ready.

Like kube-proxy it learns late that a pod is going, which is what `preStop` is for. Connections that are open stay open.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.cluster import is_ending, is_ready
from tests.fakes.kubernetes_api import KubernetesApi

Json = dict[str, Any]

LATE_SECONDS = 0.5
REACH_SECONDS = 20.0
CLOSE_SECONDS = 0.1  # for what was closed or aborted to be so, before its loop ends
CHUNK_BYTES = 65536
PRIVILEGED_OFFSET = 20000  # where ports below 1024 are, for who may not bind them


@dataclass(frozen=True, slots=True)
class Front:
    """Where a port of a Service is reached."""

    address: str
    port: int


class ClusterNetwork:
    """Keeps `hosts`, which stands for DNS, and forwards connections. One thread with a loop of its own."""

    def __init__(self, api: KubernetesApi, hosts: Path) -> None:
        self._api, self.hosts = api, hosts
        self._backends: dict[Front, list[Front]] = {}
        self._bound: dict[Front, Front] = {}
        self._turns: dict[Front, int] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = threading.Event()
        self.refused: list[str] = []  # connections to a Service without a pod that is ready
        hosts.write_text("127.0.0.1 localhost\n")

    @contextmanager
    def run(self) -> Iterator[None]:
        """Serve until the block ends."""
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="cluster-network")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def reach(self, service: str, port: int) -> Front:
        """The address that forwards to the port of a Service, once it does; privileged ports may be elsewhere."""
        document = self._api.find("Service", service)
        assert document is not None, f"no Service {service}"
        front = Front(document["spec"]["clusterIP"], port)
        deadline = time.monotonic() + REACH_SECONDS
        while front not in self._bound or not self._backends.get(front):
            assert time.monotonic() < deadline, f"no pod behind {service}:{port}"
            time.sleep(LATE_SECONDS / 10)
        return self._bound[front]

    async def _serve(self) -> None:
        while not self._over.is_set():
            services = self._api.list("Service")
            self._name(services)
            for each in services:
                if each["spec"]["clusterIP"] != "None":
                    await self._update(each)
            await asyncio.sleep(LATE_SECONDS)
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(CLOSE_SECONDS)

    def _name(self, services: list[Json]) -> None:
        lines = ["127.0.0.1 localhost"]
        for each in services:
            name, namespace = each["metadata"]["name"], each["metadata"]["namespace"]
            names = [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]
            if each["spec"]["clusterIP"] != "None":
                lines.append(" ".join([each["spec"]["clusterIP"], *names]))
                continue
            for pod in self._pods(each):
                own = [f"{pod['metadata']['name']}.{service}" for service in names]
                lines.append(" ".join([pod["status"]["podIP"], *own, *names]))
        text = "\n".join(lines) + "\n"
        if self.hosts.read_text() != text:
            self.hosts.write_text(text)  # in place: the file is mounted into pods

    def _pods(self, service: Json) -> list[Json]:
        selector = service["spec"].get("selector")
        if not selector:
            return []
        pods = self._api.list("Pod", service["metadata"]["namespace"], selector)
        if service["spec"].get("publishNotReadyAddresses"):
            return [each for each in pods if each.get("status", {}).get("podIP")]
        return [each for each in pods if is_ready(each) and not is_ending(each)]

    async def _update(self, service: Json) -> None:
        pods = self._pods(service)
        for port in service["spec"]["ports"]:
            front = Front(service["spec"]["clusterIP"], port["port"])
            target = port.get("targetPort", port["port"])
            self._backends[front] = [Front(pod["status"]["podIP"], container_port(pod, target)) for pod in pods]
            if front not in self._bound:
                await self._bind(front)

    async def _bind(self, front: Front) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._forward(front, reader, writer)
            except asyncio.CancelledError:
                writer.transport.abort()
                raise
            finally:
                self._tasks.discard(task)

        for port in (front.port, front.port + PRIVILEGED_OFFSET):
            with suppress(PermissionError):
                self._servers.append(await asyncio.start_server(accept, front.address, port))
                self._bound[front] = Front(front.address, port)
                return

    async def _forward(self, front: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backends = self._backends[front]
        if not backends:
            self.refused.append(f"{front.address}:{front.port}")
            writer.transport.abort()
            return
        turn = self._turns[front] = self._turns.get(front, 0) + 1
        backend = backends[turn % len(backends)]
        try:
            inner = await asyncio.open_connection(backend.address, backend.port)
        except OSError:
            writer.transport.abort()
            return
        await pipe((reader, writer), inner)


Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def pipe(one: Side, other: Side) -> None:
    """Copy both ways until both have ended."""
    try:
        await asyncio.gather(_copy(one[0], other[1]), _copy(other[0], one[1]))
    except asyncio.CancelledError:
        for _, writer in (one, other):
            writer.transport.abort()
        raise
    for _, writer in (one, other):
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


def container_port(pod: Json, target: int | str) -> int:
    """The number of a port that may be given by name."""
    if isinstance(target, int):
        return target
    (number,) = [
        port["containerPort"]
        for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]
        for port in container.get("ports", [])
        if port.get("name") == target
    ]
    return int(number)
