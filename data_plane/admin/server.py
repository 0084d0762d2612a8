"""The admin port: health, metrics, version and, behind a token, the configuration. Never the traffic port."""

import asyncio
import hmac
import json
import socket
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_TOKEN_BYTES = 4096


class Replica(Protocol):
    """What the admin port shows."""

    def not_ready(self) -> str:
        """Why the replica should get no traffic; empty if it is ready."""

    def status(self) -> dict[str, Any]:
        """Revision and workers, as JSON data."""

    def metrics(self) -> str:
        """The Prometheus text format."""

    def dump(self) -> dict[str, Any]:
        """The configuration as JSON data, without secrets. Slow: called in a thread."""

    def version(self) -> dict[str, Any]:
        """What runs, as JSON data."""


class AdminServer:
    """`dump_token_file`: who brings the token in it may read /config; None turns that off."""

    def __init__(self, replica: Replica, dump_token_file: Path | None) -> None:
        self._replica = replica
        self._dump_token_file = dump_token_file
        self._runner: web.AppRunner | None = None

    async def start(self, listening: socket.socket) -> None:
        """Answer on a socket that is bound."""
        app = web.Application(client_max_size=1024)
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
                web.get("/config", self._config),
                web.get("/version", self._version),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, request: web.Request) -> web.Response:
        reason = self._replica.not_ready()
        body = {"ready": not reason, "reason": reason, **self._replica.status()}
        return web.json_response(body, status=503 if reason else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._replica.metrics().encode(), headers={"content-type": METRICS_TYPE})

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response(self._replica.version())

    async def _config(self, request: web.Request) -> web.Response:
        if self._dump_token_file is None:
            return _problem(404, "not_found", "the configuration dump is off; --config-dump-token-file turns it on")
        if not await asyncio.to_thread(_is_token, request.headers.get("authorization", ""), self._dump_token_file):
            return _problem(401, "unauthenticated", "bring the token as `Authorization: Bearer ...`")
        body = await asyncio.to_thread(lambda: json.dumps(self._replica.dump(), indent=1))
        return web.Response(text=body, content_type="application/json")


def _is_token(authorization: str, file: Path) -> bool:
    """Compare with the file as it is now: a token that was replaced there is replaced here."""
    scheme, _, given = authorization.partition(" ")
    try:
        with file.open("rb") as opened:
            token = opened.read(MAX_TOKEN_BYTES).strip()
    except OSError:
        return False
    return scheme.lower() == "bearer" and token != b"" and hmac.compare_digest(given.strip().encode(), token)


def _problem(status: int, code: str, detail: str) -> web.Response:
    body = {"status": status, "code": code, "detail": detail}
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return web.Response(text=json.dumps(body), status=status, content_type="application/problem+json", headers=headers)
