"""Cuts a file with bytes that break a rule of the fuzz tests down to what it takes.

Usage: python -m tests.conformance.shrink request|response FILE
"""

import sys
from collections.abc import Callable
from pathlib import Path

from data_plane.deadlines import Deadlines
from data_plane.ingress.head_table import HeadTable
from tests.conformance.oracle import Oracle
from tests.conformance.request_rules import FAULTS, Rules
from tests.conformance.response_rules import ResponseRules

TIMES = 3  # then a head is known


def shrunk(data: bytes, breaks: Callable[[bytes], bool]) -> bytes:
    """The smallest part found that still breaks the rule, by leaving out ever smaller pieces."""
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if breaks(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def main(kind: str, file: Path) -> None:
    oracle = Oracle()

    def breaks(data: bytes) -> bool:
        try:
            if kind == "response":
                ResponseRules(oracle).check([data], b"GET", ends=True)
            else:
                rules = Rules(oracle, HeadTable(Deadlines()))
                for _ in range(TIMES):
                    rules.check([data])
        except FAULTS:
            return True
        return False

    data = file.read_bytes()
    if not breaks(data):
        sys.exit(f"{file} breaks no rule")
    file.write_bytes(shrunk(data, breaks))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
