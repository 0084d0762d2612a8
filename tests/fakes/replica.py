"""A real replica of this machine for tests: agent and workers as processes, configured from a file."""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.02
STARTS = re.compile(r"replica starts node=(\S+) listeners=(\S+) admin_port=(\d+)")


def api_key(name: str = "tester") -> str:
    return f"isk_{name}_{hashlib.sha256(name.encode()).hexdigest()}"


def resource(kind: str, name: str, spec: Mapping[str, Any], tenant: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "tenant": tenant}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": dict(spec)}


def configuration(urls: Mapping[str, str], *, weights: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """One model `chat` with a version for each upstream, one REST Service, one application with a key."""
    digest = hashlib.sha256(api_key().encode()).hexdigest()
    versions = [
        {"name": name, "weight": (weights or {}).get(name, 1), "targets": [{"providerRef": {"name": name}}]}
        for name in urls
    ]
    host, _, port = next(iter(urls.values())).removeprefix("http://").partition(":")
    return [
        resource("Tenant", "default", {}, "platform"),
        resource("Gateway", "default", {}, "platform"),
        *(
            resource("Provider", name, {"type": "OpenAICompatible", "baseUrl": f"{url}/v1", "auth": {"type": "None"}})
            for name, url in urls.items()
        ),
        resource("Service", "rest", {"endpoints": [{"host": host, "port": int(port)}]}),
        resource("Model", "chat", {"versions": versions}),
        resource("Application", "tester", {}),
        resource("Credential", "tester", {"applicationRef": {"name": "tester"}, "hash": f"sha256:{digest}"}),
        resource("Route", "models", {"matches": [{"path": {"value": "/v1"}}], "models": {"refs": [{"name": "chat"}]}}),
        resource(
            "Route",
            "rest",
            {
                "matches": [{"path": {"value": "/rest"}}],
                "authentication": {"methods": ["Anonymous"]},
                "serviceRef": {"name": "rest"},
            },
        ),
    ]


class Replica:
    """`isthmus-data-plane` with a data directory of its own. Ends with its workers, whatever happens in the test."""

    def __init__(self, folder: Path, *, workers: int = 2, flags: Sequence[str] = ()) -> None:
        self.folder = folder
        self.config = folder / "config.json"
        self.data_dir = folder / "data"
        self.port = 0
        self.admin_port = 0
        self.listeners: list[str] = []  # as the replica names them, with the ports that it got
        self._workers = workers
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self._follower: int | None = None  # the agent that has taken over from our process
        self._log = folder / "log"
        self._log_start = 0
        self._agents: set[int] = set()  # all that were started here

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._follower or self._process.pid

    def write_config(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Replace the configuration, whole."""
        temporary = self.config.with_suffix(".new")
        temporary.write_text("\n---\n".join(json.dumps(document) for document in documents))
        temporary.rename(self.config)

    def spawn(self, *flags: str, env: Mapping[str, str] | None = None) -> None:
        """Start the agent, on the port that it had."""
        source = flags or ("--static-config", str(self.config))
        arguments = [
            *("--listen", f"127.0.0.1:{self.port}", "--admin-listen", "127.0.0.1:0"),
            *("--data-dir", str(self.data_dir), "--workers", str(self._workers)),
            *source,
            *self._flags,
        ]
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "data_plane", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
            )
        self._follower = None
        self._agents.add(self._process.pid)

    async def start(self) -> None:
        """Start, and wait until all workers serve."""
        self.spawn()
        await self.wait_ready()

    async def wait_ready(self) -> None:
        """Wait until all workers serve."""
        await self.wait_listening()
        await self.wait_for(lambda status: status["serving"] == status["workers"])

    async def wait_listening(self) -> None:
        """Wait until the ports are known."""
        await self.until(lambda: STARTS.search(self.log()))
        found = STARTS.search(self.log())
        assert found is not None
        self.listeners, self.admin_port = found[2].split(","), int(found[3])
        self.port = int(self.listeners[0].rpartition(":")[2])

    async def wait_for(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until /readyz says so."""
        status: dict[str, Any] = {}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                status = json.loads(await self.admin("/readyz"))
                if condition(status):
                    return status
                await asyncio.sleep(POLL_SECONDS)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so, as long as the agent runs or the condition needs none."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not condition():
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"did not happen in time; the replica's log:\n{self.log()[-4000:]}") from None

    async def admin(self, path: str) -> str:
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.text()

    async def metric(self, name: str) -> float:
        """The sum over all series of a name."""
        lines = (await self.admin("/metrics")).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{name}[ {{]", line))

    async def until_metric(self, name: str, value: float) -> None:
        """Wait until all workers together have reported so much."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.metric(name) != value:
                await asyncio.sleep(POLL_SECONDS)

    def log(self) -> str:
        """What was logged since the last start."""
        return self._log.read_bytes()[self._log_start :].decode(errors="replace")

    def records(self) -> list[dict[str, Any]]:
        """All call records in the spool, in no order."""
        files = self.data_dir.glob("records/**/records*.jsonl")
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def worker_pids(self) -> list[int]:
        """The worker processes that run now, of this agent and of those before."""
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._is_worker(entry)]

    def _is_worker(self, entry: Path) -> bool:
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return b"data_plane.worker" in command and int(command[-2]) in self._agents

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def upgrade(self) -> None:
        """Have the program started anew, and wait until it has taken over and the one before has ended."""
        before, start = self.pid, len(self.log())
        self.signal(signal.SIGUSR2)
        await self.until(lambda: "upgrade begins" in self.log()[start:])
        self.note_follower()
        await self.until(lambda: "taken over" in self.log()[start:])
        await self.until(lambda: self.has_ended(before))

    def note_follower(self) -> None:
        """The program that an upgrade has begun is the agent from now on."""
        self._follower = int(re.findall(r"upgrade begins pid=(\d+)", self.log())[-1])
        self._agents.add(self._follower)

    def has_ended(self, pid: int) -> bool:
        """Whether a process is gone, but for what its parent has not asked about."""
        try:
            return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    def kill_agent(self) -> None:
        """SIGKILL for the agent alone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)

    async def wait_end(self) -> int:
        """Wait for the agent's end; its exit status."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, DEADLINE_SECONDS)

    def clean_up(self) -> None:
        """Leave nothing behind."""
        if self._process is None:
            return
        for pid in self._agents:
            if not self.has_ended(pid):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(DEADLINE_SECONDS)
        for pid in self.worker_pids():
            os.kill(pid, signal.SIGKILL)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self.clean_up()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.clean_up()
