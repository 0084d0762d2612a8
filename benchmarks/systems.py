"""What is measured: each system relays to the same upstream, on a port of its own."""

import json
import shlex
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import envoy, haproxy, isthmus, nginx
from benchmarks.processes import Server, one_role
from benchmarks.requests import ANSWER, AUTHORIZATION, CHAT_PATH, chat_body
from benchmarks.samples import FLOOR, INTERPRETED, OURS
from benchmarks.site import ADDRESS, Site

START_SECONDS = 30.0
ATTEMPT_SECONDS = 2.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class System:
    """How a gateway is started, and what its processes are."""

    command: Callable[[Site], list[str]]
    role_of: Callable[[bytes], str] = one_role


SYSTEMS: Mapping[str, System] = {
    FLOOR: System(nginx.floor_command),
    "haproxy": System(haproxy.command),
    "nginx+lua": System(nginx.lua_command),
    "envoy": System(envoy.command),
    OURS: System(isthmus.command, isthmus.role_of),
    INTERPRETED: System(isthmus.interpreted_command, isthmus.role_of),
}


def other(template: str) -> System:
    """Any other gateway: `{port}` and `{upstream}` in its command are filled in."""

    def command(site: Site) -> list[str]:
        return shlex.split(template.format(port=site.port, upstream=f"http://127.0.0.1:{site.upstream}"))

    return System(command)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_it_listens(server: Server, log: Path) -> None:
    """Wait for its port.

    Raises:
        RuntimeError: it ended, or did not listen in time.
    """

    def attempt() -> bool:
        with socket.create_connection((ADDRESS, server.port), timeout=ATTEMPT_SECONDS):
            return True

    _wait(server, log, attempt)


def wait_until_it_answers(server: Server, log: Path, authority: Path | None) -> None:
    """Wait for the answer to a chat request, over TLS if there is an authority to trust.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    headers = {"authorization": AUTHORIZATION, "content-type": "application/json"}
    url = f"http{'s' if authority else ''}://{ADDRESS}:{server.port}{CHAT_PATH}"
    request = urllib.request.Request(url, data=chat_body(100), headers=headers)
    context = ssl.create_default_context(cafile=str(authority)) if authority else None

    def attempt() -> bool:
        with urllib.request.urlopen(request, timeout=ATTEMPT_SECONDS, context=context) as response:
            return bool(json.loads(response.read()) == ANSWER)

    _wait(server, log, attempt)


def _wait(server: Server, log: Path, attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    problem = "no answer"
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if attempt():
                return
        except OSError as error:
            problem = str(error)
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"{server.name} does not serve ({problem}): {log.read_text()[-1500:]}")
