"""Runs a measurement in process with the compiled request path instead of the sources."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from scripts.compile import DEFAULT_OUT, compile_into
from scripts.tools import ROOT

FLAG = "--compiled"


def environment() -> dict[str, str]:
    """Finds the compiled modules first. Safe path: the sources of the current folder would come before them."""
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": f"{DEFAULT_OUT}:{ROOT}"}


def restart(module: str, arguments: Sequence[str]) -> NoReturn:
    """Compile if need be, and begin anew in that environment, without the flag.

    Raises:
        CannotCompile: there is no compiler, or a module cannot be compiled.
    """
    compile_into(DEFAULT_OUT)
    kept = [each for each in arguments if each != FLAG]
    os.execve(sys.executable, [sys.executable, "-m", module, *kept], {**os.environ, **environment()})
