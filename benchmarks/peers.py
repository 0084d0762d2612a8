"""What is measured: each peer relays to the same upstream, on a port of its own, until it is told to end."""

import json
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.tools import obtain
from tests.fakes.replica import api_key, configuration

START_SECONDS = 20.0
END_SECONDS = 10.0
ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1764000000,
    "model": "bench",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "The quick brown fox. " * 14}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 90, "completion_tokens": 70, "total_tokens": 160},
}
AUTHORIZATION = f"Bearer {api_key()}"


@dataclass(frozen=True, slots=True)
class Peer:
    """A running gateway: where it listens, and the process whose family is measured."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def nginx_server(name: str, folder: Path, port: int, location: str) -> list[str]:
    """The command of an nginx with one worker, without logs."""
    place = folder / name
    place.mkdir()
    temporary = "".join(f"{kind}_temp_path {place}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; error_log stderr crit; pid {place}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {place}/body; {temporary}
  {location.replace("LISTEN", f"listen 127.0.0.1:{port} backlog=4096;")}
}}""")
    return [str(obtain("nginx")), "-p", str(place), "-e", "stderr", "-c", str(place / "nginx.conf")]


def upstream_command(folder: Path, port: int) -> list[str]:
    """A model server that gives one answer of some 600 bytes as fast as it can."""
    body = json.dumps(ANSWER)
    location = f"server {{ LISTEN location / {{ default_type application/json; return 200 '{body}'; }} }}"
    return nginx_server("upstream", folder, port, location)


def nginx_command(folder: Path, port: int, upstream: int) -> list[str]:
    """The floor: compares the key and relays, nothing more."""
    location = f"""
  map_hash_bucket_size 256;
  map $http_authorization $known {{ default 0; "{AUTHORIZATION}" 1; }}
  upstream models {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; }}
  server {{ LISTEN
    location / {{
      if ($known = 0) {{ return 401; }}
      proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}"""
    return nginx_server("nginx", folder, port, location)


def isthmus_command(folder: Path, port: int, upstream: int) -> list[str]:
    """A replica with one worker, configured from a file: all it does for a request, without a control plane."""
    config = folder / "isthmus.yaml"
    documents = configuration({"bench": f"http://127.0.0.1:{upstream}"})
    config.write_text("\n---\n".join(json.dumps(document) for document in documents))
    return [
        *(sys.executable, "-m", "data_plane", "--static-config", str(config), "--data-dir", str(folder / "data")),
        *("--listen", f"127.0.0.1:{port}", "--admin-listen", "127.0.0.1:0", "--workers", "1"),
    ]


def other_command(template: str, port: int, upstream: int) -> list[str]:
    """Any other gateway: `{port}` and `{upstream}` in its command are filled in."""
    return shlex.split(template.format(port=port, upstream=f"http://127.0.0.1:{upstream}"))


@contextmanager
def running(name: str, argv: Sequence[str], port: int, *, processor: int, log: Path) -> Iterator[Peer]:
    """Run a server on one processor; ready when it answers the bench's request.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(processor), *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_it_answers(name, process, port, log)
        yield Peer(name, port, process)
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        data=json.dumps({"model": "chat", "messages": [{"role": "user", "content": "hello"}]}).encode(),
        headers={"authorization": AUTHORIZATION, "content-type": "application/json"},
    )
    answer = "no answer"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=2) as response:
                if b"quick brown fox" in response.read():
                    return
        except OSError as error:
            answer = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"{name} does not serve ({answer}): {log.read_text()[-1500:]}")
