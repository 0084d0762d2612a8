"""What the figures were measured on: the machine, and the versions of all that took part."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from scripts.tools import ROOT, ToolMissing, obtain

PACKAGES = ("uvloop", "httptools", "msgspec")
PROGRAMS = (("nginx", "-v"), ("haproxy", "-v"), ("envoy", "--version"), ("wrk", "-v"))
NUMBER = re.compile(r"\d+\.\d+\.\d+[-+.\w]*")


def describe() -> dict[str, str]:
    """Names and versions."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _output(["git", "rev-parse", "--short", "HEAD"]).strip() or "unknown",
        "machine": f"{platform.machine()} ({_processor()}), {os.cpu_count()} processors, Linux {platform.release()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        **{name: _version(name, flag) for name, flag in PROGRAMS},
    }


def _processor() -> str:
    match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else "unknown processor"


def _version(name: str, flag: str) -> str:
    try:
        output = _output([str(obtain(name)), flag])
    except ToolMissing:
        return "not installable here"
    match = NUMBER.search(output)
    return match[0] if match else "unknown"


def _output(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)
    return "" if done.returncode else done.stdout + done.stderr
