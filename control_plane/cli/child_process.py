"""Starts children that do not outlive the command that started them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Run before the child's own program, by exec: `preexec_fn` would fork a process that may already have threads.
# The check of the parent closes the gap in which it died before the kernel was asked to tell.
_BIND = (
    "import ctypes, os, signal, sys\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG\n"
    "if os.getppid() != int(sys.argv[1]):\n"
    "    sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def start_child(
    argv: Sequence[str], log_file: Path, *, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, its output appended to `log_file`; `env` is added to ours.

    The kernel kills it when the calling thread ends: call it from the main thread.
    """
    bound = [sys.executable, "-I", "-S", "-c", _BIND, str(os.getpid()), *argv]
    with log_file.open("ab") as log:
        return subprocess.Popen(
            bound, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})}, process_group=0
        )
