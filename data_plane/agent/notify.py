"""Tells the service manager how we are. Source: sd_notify(3)."""

import os
import socket
from collections.abc import Mapping

VARIABLE = "NOTIFY_SOCKET"


def notify(environment: Mapping[str, str], *states: str) -> None:
    """Send states as `READY=1`, if somebody waits for them. Nothing that goes wrong here is worth a word."""
    path = environment.get(VARIABLE, "")
    if path[:1] not in ("/", "@"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        try:
            manager.sendto("\n".join(states).encode(), path.replace("@", "\0", 1) if path[0] == "@" else path)
        except OSError:
            return


def ready(environment: Mapping[str, str]) -> None:
    """We serve, and are the process to watch."""
    notify(environment, f"MAINPID={os.getpid()}", "READY=1")
