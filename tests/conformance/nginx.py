"""nginx as a reverse proxy in front of a recorder: another opinion on where requests end."""

import asyncio
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from scripts.tools import obtain
from tests.conformance.client import Client
from tests.conformance.recorder import Recorder
from tests.conformance.wire import CutShort, Malformed
from tests.fakes.ports import lasting_ports

SETTLE_SECONDS = 2.0  # far more than it takes; who waits so long, waits for more of a request
CONFIG = """
worker_processes 1; daemon off; master_process off; error_log stderr crit; pid {place}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 64m; large_client_header_buffers 4 32k;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi; underscores_in_headers on;
  upstream recorder {{ server 127.0.0.1:{upstream}; keepalive 16; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://recorder; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
"""


class Nginx:
    """A running nginx, and what reaches the upstream behind it."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self._folder = folder
        self._recorder = recorder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self.port = lasting_ports(1)[0]
        place = self._folder / "nginx"
        place.mkdir()
        (place / "nginx.conf").write_text(CONFIG.format(place=place, port=self.port, upstream=self._recorder.port))
        command = [str(obtain("nginx")), "-p", str(place), "-e", "stderr", "-c", str(place / "nginx.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        async with asyncio.timeout(10):
            while not await self._is_up():
                await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._folder / "nginx", ignore_errors=True)

    async def hear(self, pieces: Sequence[bytes]) -> list[tuple[bytes, bytes, bytes, list[bytes]]]:
        """Method, target, body and Hosts of the requests that reach the upstream, once nginx has ended the connection.

        Raises:
            TimeoutError: it waits for more.
        """
        self._recorder.forget()
        client = await Client.connect(self.port)
        try:
            await client.send(pieces)
            async with asyncio.timeout(SETTLE_SECONDS):
                await client.reader.read()
        finally:
            await client.leave()
        return [(*each.told, each.head.values(b"host")) for each in self._recorder.requests if each.complete]

    async def _is_up(self) -> bool:
        try:
            client = await Client.connect(self.port)
            await client.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        except (OSError, CutShort, Malformed):
            return False
        await client.leave()
        return True
