"""What is measured: each system relays to the same upstream, on a port of its own."""

import json
import shlex
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import envoy, haproxy, isthmus, nginx
from benchmarks.processes import Server, one_role
from benchmarks.requests import AUTHORIZATION, CHAT_PATH, chat_body
from benchmarks.site import Site

FLOOR = "nginx"
OURS = "isthmus"
START_SECONDS = 30.0


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


def wait_until_it_answers(server: Server, log: Path) -> None:
    """Wait for the answer to a chat request.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    headers = {"authorization": AUTHORIZATION, "content-type": "application/json"}
    url = f"http://127.0.0.1:{server.port}{CHAT_PATH}"
    request = urllib.request.Request(url, data=chat_body(100), headers=headers)
    answer = "no answer"
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=2) as response:
                if json.loads(response.read())["object"] == "chat.completion":
                    return
        except OSError as error:
            answer = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"{server.name} does not serve ({answer}): {log.read_text()[-1500:]}")
