"""A real `isthmus-collector` for tests, as a process with an embedded store, and records for it."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from control_plane.cli.pki import GatewayIdentity, Pki, ensure_pki
from data_plane.agent.tls_files import TlsFiles
from data_plane.telemetry.call_record import AttemptRecord, CallRecord
from data_plane.usage import Usage

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.02
STARTED = re.compile(r"collector_started version=\S+ port=(\d+) health_port=(\d+)")
QUERY = """
import json, sys
from pathlib import Path
from control_plane.collector.engine import open_engine
from control_plane.collector.settings import Embedded
engine = open_engine(Embedded(Path(sys.argv[1])))
print(json.dumps([[list(row) for row in engine.rows(sql)] for sql in sys.argv[2:]], default=str))
"""


def pki(folder: Path, gateway: str = "edge") -> Pki:
    return ensure_pki(folder / "pki", GatewayIdentity(gateway))


def tls_files(pki: Pki) -> TlsFiles:
    """As a data plane uses them."""
    return TlsFiles(pki.gateway.certificate, pki.gateway.key, pki.authority)


def record(sequence: int, *, node: str = "node", gateway: str = "edge", age_seconds: float = 0.0) -> CallRecord:
    """One that differs from others in its costs and tokens."""
    return CallRecord(
        node=node,
        worker=0,
        incarnation=1_795_000_000_000,
        sequence=sequence,
        request_id=f"request-{sequence}",
        started=datetime.now(UTC) - timedelta(seconds=age_seconds),
        duration_ns=1_500_000_000 + sequence,
        first_byte_ns=200_000_000,
        gateway=gateway,
        revision=7,
        tenant="acme",
        team="team",
        application=f"app-{sequence % 3}",
        credential="key",
        identity_method="ApiKey",
        route="acme/models",
        api="openai",
        operation="chat",
        method="POST",
        model_requested="gpt",
        model="gpt",
        version="v1",
        target="openai/gpt",
        provider="acme/openai",
        outcome="completed",
        status=200,
        attempts=(AttemptRecord("openai/gpt", "10.0.0.1:443", 200, "", 1_400_000_000),),
        usage=Usage(input_uncached=300 + sequence, output=100),
        bytes_in=1500,
        bytes_out=2300,
        charged=1000 + sequence,
        incurred=2000 + sequence,
        client_ip="10.1.2.3",
    )


def lines(records: Sequence[CallRecord]) -> bytes:
    return msgspec.json.Encoder().encode_lines(records)


class Collector:
    """`isthmus-collector` with a data directory; its port stays the same over restarts."""

    def __init__(self, folder: Path, pki: Pki, *, flags: Sequence[str] = ()) -> None:
        self.data_dir = folder / "collector"
        self.port = 0
        self.health_port = 0
        self._pki = pki
        self._flags = flags
        self._log = folder / "collector.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.spawn()
        await self.until_listening()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await self.get("/readyz"))[0] != 200:
                await asyncio.sleep(POLL_SECONDS)

    def spawn(self) -> None:
        server = self._pki.server
        store = () if "--clickhouse-url" in self._flags else ("--data-dir", str(self.data_dir))
        arguments = [
            *("--cert", str(server.certificate), "--key", str(server.key), "--ca", str(self._pki.authority)),
            *("--listen", f"127.0.0.1:{self.port}", "--health-listen", "127.0.0.1:0", *store, *self._flags),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "control_plane.collector", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def until_listening(self) -> None:
        assert self._process is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (found := STARTED.search(self.log())):
                assert self._process.poll() is None, self.log()
                await asyncio.sleep(POLL_SECONDS)
        self.port, self.health_port = int(found[1]), int(found[2])

    async def get(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.health_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str) -> float:
        _, page = await self.get("/metrics")
        (value,) = re.findall(rf"^isthmus_collector_{name} (\S+)$", page, re.MULTILINE)
        return float(value)

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(DEADLINE_SECONDS)

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, DEADLINE_SECONDS)

    def ask(self, *queries: str) -> list[Any]:
        """Rows of each query. Not while it runs: the embedded store is one process's."""
        return ask_store(self.data_dir, *queries)


def ask_store(data_dir: Path, *queries: str) -> list[Any]:
    """Rows of each query, by a process of its own: an engine stays in the process that has opened it."""
    done = subprocess.run(
        [sys.executable, "-c", QUERY, str(data_dir), *queries],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers
