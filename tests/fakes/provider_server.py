"""Fake providers on a real socket: what is asked goes to the one whose path it is, and answers leave piece by piece."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from aiohttp import web

from tests.fakes.provider_stage import Asked, FakeProvider, Reply, Stage

MAX_BODY_BYTES = 64 * 1024 * 1024


class ProviderServer:
    """One provider, with the APIs that it has."""

    def __init__(self, stage: Stage, apis: Sequence[FakeProvider]) -> None:
        self._stage = stage
        self._apis = apis
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.rel_url.raw_path, request.query_string, headers, await request.read())
        api = next((each for each in self._apis if each.serves(asked.path)), self._apis[0])
        return await _send(request, self._stage.perform(api, asked))

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=256).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()


async def _send(request: web.Request, reply: Reply) -> web.StreamResponse:
    if reply.is_whole:
        return web.Response(status=reply.status, headers=reply.headers, body=b"".join(reply.pieces))
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    await response.prepare(request)
    with suppress(ConnectionError):  # whoever has heard enough, leaves
        for piece in reply.pieces:
            await response.write(piece)
            await asyncio.sleep(reply.pause_seconds)
        if not reply.is_cut:
            await response.write_eof()
    if reply.is_cut and request.transport is not None:
        request.transport.abort()
    return response
