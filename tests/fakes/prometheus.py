"""A real Prometheus for tests, which scrapes processes of this machine as if they were pods."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from scripts.tools import obtain
from tests.fakes.ports import lasting_ports

DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.2


class Prometheus:
    """`pods`: the address of each pod's metrics by its name. Scrapes and evaluates once a second."""

    def __init__(self, folder: Path, namespace: str, pods: Mapping[str, str], rules: Mapping[str, Any]) -> None:
        (self._port,) = lasting_ports(1)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        targets = [
            {"targets": [address], "labels": {"namespace": namespace, "pod": pod}} for pod, address in pods.items()
        ]
        (folder / "rules.yaml").write_text(yaml.safe_dump(dict(rules)))
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yaml")],
            "scrape_configs": [{"job_name": "pods", "static_configs": targets}],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))

    def spawn(self) -> None:
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(obtain("prometheus")),
                    f"--config.file={self._folder / 'prometheus.yaml'}",
                    f"--storage.tsdb.path={self._folder / 'prometheus'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now."""
        data = await self._get("query", query=expression)
        assert data["status"] == "success", data
        found: list[dict[str, Any]] = data["data"]["result"]
        return found

    async def until(self, expression: str) -> None:
        """Wait until an expression gives anything."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    if await self.query(expression):
                        return
                except (aiohttp.ClientError, AssertionError):  # it starts
                    pass
                await asyncio.sleep(POLL_SECONDS)

    async def rules(self) -> list[dict[str, Any]]:
        """All rules, with the health and the state that they are in."""
        groups = (await self._get("rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}"
        async with aiohttp.ClientSession() as session, session.get(url, params=query) as answer:
            body: dict[str, Any] = await answer.json()
            return body
