"""Closed-loop load by wrk: the scripts that say what it sends, and what it reports."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import START_AND_END_SECONDS, Load
from benchmarks.requests import TRACEPARENT
from scripts.tools import obtain

RESULT = re.compile(r"^result (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)

# Each connection walks through the requests in turn, so that neighbours on one connection differ in length.
SCRIPT = """
local requests = {REQUESTS}
local count, at = #requests, 0
REQUEST
function done(summary, latency, _)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("result %d %d %d %d %d\\n",
    summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""
SAME = """
function request()
  at = at % count + 1
  return requests[at]
end
"""
# A head that was never seen before costs the load generator one concatenation.
FRESH = """
local format, number = string.format, os.time() * 65536
function request()
  at = at % count + 1
  number = number + 1
  local halves = requests[at]
  return halves[1] .. format("TRACEPARENT", number, number) .. halves[2]
end
""".replace("TRACEPARENT", TRACEPARENT.format(trace="%032x", span="%016x"))


def script(requests: Sequence[bytes]) -> str:
    """Sends these requests over and over."""
    return SCRIPT.replace("REQUESTS", ", ".join(map(_lua, requests))).replace("REQUEST\n", SAME)


def fresh_script(halves: Sequence[tuple[bytes, bytes]]) -> str:
    """Puts a `traceparent` of its own between the halves of each request."""
    pairs = ", ".join(f"{{{_lua(before)}, {_lua(after)}}}" for before, after in halves)
    return SCRIPT.replace("REQUESTS", pairs).replace("REQUEST\n", FRESH)


def _lua(text: bytes) -> str:
    """The escapes of a JSON string are those of a Lua string, as long as it is ASCII."""
    return json.dumps(text.decode("ascii"))


def run(file: Path, url: str, *, connections: int, seconds: float, processor: int) -> Load:
    """Load `url` from one thread on one processor.

    Raises:
        RuntimeError: wrk failed, or nothing was answered.
    """
    load = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(file)]
    argv = ["taskset", "-c", str(processor), str(obtain("wrk")), *load, url]
    timeout = seconds + START_AND_END_SECONDS
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
    if not (found := parse(done.stdout)) or not found.requests:
        raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")
    return found


def parse(output: str) -> Load | None:
    """Read the line that our script has printed."""
    match = RESULT.search(output)
    if not match:
        return None
    requests, failed, microseconds, p50, p99 = map(int, match.groups())
    return Load(requests, failed, microseconds / 1e6, p50, p99, requests)
