"""Health and metrics of a collector, on a listener of their own, without a token."""

import contextlib
import json
import socket
from collections.abc import AsyncIterator

from aiohttp import web

from control_plane.collector.counters import CONTENT_TYPE, Counters
from control_plane.collector.keeper import Keeper


def make_app(keeper: Keeper, counters: Counters) -> web.Application:
    """`/healthz`: the process lives; `/readyz`: the store takes what it is given."""

    async def healthz(_: web.Request) -> web.Response:
        return _status("ok", 200)

    async def readyz(_: web.Request) -> web.Response:
        return _status(keeper.missing or "ok", 503 if keeper.missing else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=counters.page().encode(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application(client_max_size=1024)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


@contextlib.asynccontextmanager
async def serving(app: web.Application, bound: socket.socket) -> AsyncIterator[None]:
    """While the block runs."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()


def _status(text: str, status: int) -> web.Response:
    return web.json_response({"status": text}, status=status, dumps=lambda value: json.dumps(value) + "\n")
