"""Loads by `benchmarks.generator`, in a process of its own on the other processor."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_AND_END_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What a load generator did. `parts`: what a scenario counts, if not requests."""

    requests: int
    failed: int
    seconds: float
    p50_us: float
    p99_us: float
    parts: int


@dataclass(frozen=True, slots=True)
class Generator:
    """Loads one port with one request over and over."""

    port: int
    request: Path
    connections: int
    processor: int

    def run(self, load: str, seconds: float, rate: float = 0.0) -> Load:
        """Load for some seconds.

        Raises:
            RuntimeError: something was not answered as it should.
        """
        argv = [*self._command(load), "--seconds", str(seconds), "--rate", str(rate)]
        timeout = seconds + START_AND_END_SECONDS
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise RuntimeError(f"generator: {done.stderr[-500:]}")
        return parse(done.stdout)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """All connections are there and have had one answer, until the block ends."""
        pipe = subprocess.PIPE
        with subprocess.Popen(self._command("idle"), stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError(f"the generator could not hold {self.connections} connections")
            yield
            process.communicate(timeout=START_AND_END_SECONDS)

    def _command(self, load: str) -> Sequence[str]:
        return [
            *("taskset", "-c", str(self.processor), sys.executable, "-m", "benchmarks.generator", load),
            *("--port", str(self.port), "--request", str(self.request), "--connections", str(self.connections)),
        ]


def parse(output: str) -> Load:
    """Read the line that the generator has printed."""
    figures = json.loads(output)
    return Load(figures["requests"], 0, figures["seconds"], figures["p50_us"], figures["p99_us"], figures["parts"])
