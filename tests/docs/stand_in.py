"""Stands in for programs that would change the machine or run for minutes: checks that they could do what is asked.

Run as `python stand_in.py NAME ARGUMENT ...`.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

MODULES = {"google-genai": "google.genai"}  # of packages that are imported by another name


def make(arguments: Sequence[str]) -> str:
    """The targets are there."""
    text = (Path(os.environ["DOCS_ROOT"]) / "Makefile").read_text()
    targets = [each for each in arguments if "=" not in each and not each.startswith("-")]
    missing = [each for each in targets if not re.search(rf"^{re.escape(each)}:", text, re.MULTILINE)]
    return f"make: no target '{missing[0]}'" if missing else ""


def pip(arguments: Sequence[str]) -> str:
    """The packages are installed."""
    command, *names = [each for each in arguments if not each.startswith("-")]
    missing = [each for each in names if importlib.util.find_spec(MODULES.get(each, each.replace("-", "_"))) is None]
    return f"pip: '{missing[0]}' is not there" if command != "install" or missing else ""


if __name__ == "__main__":
    sys.exit({"make": make, "pip": pip}[sys.argv[1]](sys.argv[2:]) or None)
