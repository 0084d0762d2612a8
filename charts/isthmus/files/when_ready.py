"""Runs a command once the admin API is ready.

Usage: python when_ready.py --seconds N -- COMMAND [ARGUMENT ...]
"""

import argparse
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable

CALL_SECONDS = 5.0
PAUSE_SECONDS = 1.0


def wait(ask: Callable[[], None], seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> str:
    """Ask until there is an answer. Returns why there was none in time; empty: there was."""
    deadline = clock() + seconds
    while True:
        try:
            ask()
        except OSError as error:
            reason = str(error)
        else:
            return ""
        if clock() >= deadline:
            return reason
        sleep(PAUSE_SECONDS)


def main() -> None:
    """The command takes the place of this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    url = f"{os.environ['ISTHMUS_ADMIN_URL']}/readyz"
    tls = ssl.create_default_context(cafile=os.environ["ISTHMUS_ADMIN_CA"])

    def ask() -> None:
        urllib.request.urlopen(url, timeout=CALL_SECONDS, context=tls).close()

    if reason := wait(ask, given.seconds, time.monotonic, time.sleep):
        sys.exit(f"when_ready: {url} was not ready within {given.seconds:g} s: {reason}")
    os.execvp(given.command[0], given.command)


if __name__ == "__main__":
    main()
