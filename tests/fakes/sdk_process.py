"""Processes that drive SDKs, each with the SDK of its environment."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Self

from scripts.tools import obtain
from tests.fakes.matrix_client import Client
from tests.fakes.matrix_scenario import Json

ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 60
MAX_LINE_BYTES = 1 << 24


class SdkProcess:
    """One client; does one task at a time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._process: Process
        self._count = 0

    async def perform(self, task: Json) -> Json:
        """The outcome of a task."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        self._count += 1
        stdin.write(json.dumps({**task, "id": self._count}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            await stdin.drain()
            line = await stdout.readline()
        assert line, f"the process of {self.client.name} has ended"
        outcome: Json = json.loads(line)
        assert outcome["id"] == self._count
        return outcome

    async def __aenter__(self) -> Self:
        driver, environment = self.client.driver, self.client.environment
        python = str(await asyncio.to_thread(obtain, environment)) if environment else sys.executable
        argv = (python, "-W", "ignore", "-m", "tests.fakes.sdk_driver", driver)
        self._process = await asyncio.create_subprocess_exec(
            *argv, cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
