"""Processor time is read for a process, its threads and its children."""

import subprocess
import sys
import time

from benchmarks.measure import cpu_seconds

BURN_SECONDS = 0.2
TICK = 0.02  # of the kernel's account, user and system time
BURN = f"""
import sys, time
def burn():
    while time.process_time() < {BURN_SECONDS}: pass
"""
IN_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r} + 'burn(); sys.stdin.read()'])"
IN_THREAD = BURN + "import threading; threading.Thread(target=burn).start(); sys.stdin.read()"


def wait_for_cpu(program: str) -> float:
    """Processor time of a program that uses `BURN_SECONDS` and then waits."""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        deadline, used = time.monotonic() + 10, 0.0
        while used < BURN_SECONDS - TICK and time.monotonic() < deadline:
            used = cpu_seconds(process.pid)
        process.communicate()
    return used


def test_time_of_children_counts() -> None:
    assert wait_for_cpu(IN_CHILD) >= BURN_SECONDS - TICK


def test_time_of_threads_counts() -> None:
    assert wait_for_cpu(IN_THREAD) >= BURN_SECONDS - TICK
