"""Ends this process with its parent where `isthmus up` asks for it; else a replica outlives whoever started it."""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping

VARIABLE = "ISTHMUS_DIE_WITH_PARENT"
PR_SET_PDEATHSIG = 1  # prctl(2); Linux only


def die_with_parent(environment: Mapping[str, str], parent: int) -> None:
    """Have the kernel kill us when the parent ends, if the environment says so. `parent` closes the gap before."""
    if environment.get(VARIABLE) != "1":
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
