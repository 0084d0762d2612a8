"""One measurement: wrk loads a gateway for some seconds, and the kernel says what processor time that took."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import AUTHORIZATION, Peer
from scripts.tools import obtain

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MESSAGE = "Summarise the attached release notes for an operator who has to decide tonight whether to upgrade. " * 4
SCRIPTS = {
    "chat": f"""
wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.body = '{{"model": "chat", "max_tokens": 256, "messages": [{{"role": "user", "content": "{MESSAGE}"}}]}}'
wrk.headers["Content-Type"] = "application/json"
""",
    "rest": """
wrk.path = "/rest/items?page=2"
""",
}
REPORT = """
wrk.headers["Authorization"] = "AUTHORIZATION"
function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format("result %d %d %d %d\\n", summary.requests, failed, p50, p99))
end
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one run. The latencies are those under full load."""

    cpu_us: float  # processor time of all the gateway's processes, per request
    requests_per_second: float
    p50_us: int
    p99_us: int


def measure(peer: Peer, scenario: str, *, seconds: int, connections: int, processor: int, folder: Path) -> Measured:
    """Load `peer` in a closed loop.

    Raises:
        RuntimeError: requests failed, so the figures would mean nothing.
    """
    script = folder / f"{scenario}.lua"
    script.write_text(SCRIPTS[scenario] + REPORT.replace("AUTHORIZATION", AUTHORIZATION))
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
    argv = ["taskset", "-c", str(processor), str(obtain("wrk")), *load, f"http://127.0.0.1:{peer.port}"]
    before = cpu_seconds(peer.process.pid)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 30, check=False)
    used = cpu_seconds(peer.process.pid) - before
    match = re.search(r"^result (\d+) (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    if not match:
        raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")
    requests, failed, p50, p99 = map(int, match.groups())
    if failed or not requests:
        raise RuntimeError(f"{peer.name}: {failed} of {requests} requests failed")
    return Measured(used / requests * 1e6, requests / seconds, p50, p99)


def cpu_seconds(root: int) -> float:
    """Processor time that a process and its descendants have had so far, with that of threads and children gone."""
    return sum(_of_process(pid) for pid in _family(root)) / TICKS_PER_SECOND


def _of_process(pid: int) -> int:
    """Source: proc(5), /proc/<pid>/stat, fields 14 to 17."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _family(root: int) -> Iterator[int]:
    yield root
    for file in Path(f"/proc/{root}/task").glob("*/children"):
        for child in file.read_text().split():
            yield from _family(int(child))
