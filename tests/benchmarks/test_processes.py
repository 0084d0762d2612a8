"""Processor time is read for a process, its threads and its children, by what they are."""

import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.processes import Account, Server, Usage, one_role

BURN_SECONDS = 0.2
NOTHING = Account({}, 0, 0)
BURN = f"""
import sys, time
def burn():
    while time.process_time() < {BURN_SECONDS}:
        for _ in range(10000): pass
"""
IN_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r} + 'burn(); sys.stdin.read()'])"
IN_THREAD = BURN + "import threading; threading.Thread(target=lambda: (burn(), sys.stdin.read())).start()"


def wait_for_cpu(program: str, role_of: Callable[[bytes], str] = one_role) -> Usage:
    """Processor time of a program that uses `BURN_SECONDS` and then waits."""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        server = Server("program", 0, process, role_of)
        deadline, used = time.monotonic() + 10, Usage({}, 0.0)
        while max(used.by_role.values(), default=0) < BURN_SECONDS * 1e6 and time.monotonic() < deadline:
            used = server.account().since(NOTHING)
        process.communicate()
    return used


def test_time_of_children_counts() -> None:
    assert wait_for_cpu(IN_CHILD).total >= BURN_SECONDS * 1e6


def test_time_of_threads_counts() -> None:
    assert wait_for_cpu(IN_THREAD).total >= BURN_SECONDS * 1e6


def test_time_is_split_by_what_a_process_is_and_by_kernel_and_user() -> None:
    used = wait_for_cpu(IN_CHILD, lambda command: "parent" if b"subprocess" in command else "child")
    assert used.by_role["child"] >= BURN_SECONDS * 1e6 > used.by_role["parent"]
    assert 0.5 < used.user_share <= 1


def test_time_is_what_was_used_between_two_readings() -> None:
    used = Account({"worker": 5000}, 30, 10).since(Account({"worker": 2000}, 24, 8))
    assert (used.total, used.user_share) == (3.0, 0.75)
