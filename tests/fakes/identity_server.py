"""What issues tokens, on a socket: it takes what the real ones take, and counts what it issues."""

import json
from asyncio import Event
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Literal

from aiohttp import web

Mode = Literal["Issue", "Refuse", "Echo", "Hang", "Garbage", "Huge", "Redirect", "Fail"]
Answer = Callable[["IdentityServer", web.Request], Awaitable[web.StreamResponse]]
LIFETIME_SECONDS = 3600


@dataclass
class IdentityServer:
    """`faults`: why requests were not taken as they should be; a test expects none. `extra`: changes to an answer."""

    wall: Callable[[], float]
    mode: Mode = "Issue"
    url: str = ""
    issued: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)  # that were asked for
    faults: list[str] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)
    released: Event = field(default_factory=Event)

    @property
    def asked(self) -> int:
        return len(self.paths)

    def issue(self, prefix: str) -> str:
        """A new token."""
        self.issued.append(f"{prefix}{len(self.issued) + 1}")
        return self.issued[-1]

    def access_token(self, lifetime: object = LIFETIME_SECONDS) -> web.Response:
        """As RFC 6749, 5.1 has it."""
        fields = {"access_token": self.issue("at-"), "token_type": "Bearer", "expires_in": lifetime} | self.extra
        return web.json_response({name: value for name, value in fields.items() if value is not None})

    def expiration(self) -> str:
        return datetime.fromtimestamp(self.wall() + LIFETIME_SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def refuse(self, fault: str) -> web.Response:
        self.faults.append(fault)
        return web.json_response({"error": "invalid_request"}, status=400)

    async def answer(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        self.paths.append(request.path)
        match self.mode:
            case "Refuse":
                text = {"error": "invalid_client", "error_description": "AADSTS7000215: no"}
                return web.json_response(text, status=401)
            case "Echo":  # an endpoint that repeats what it was sent, in each place where a word is expected
                sent = (await request.text()) + json.dumps(dict(request.headers))
                return web.json_response({"error": sent, "error_description": sent, "Code": sent}, status=400)
            case "Hang":
                await self.released.wait()
            case "Garbage":
                return web.Response(text="<html>no</html>")
            case "Huge":
                return web.Response(body=b"{" + b" " * 100_000 + b"}", content_type="application/json")
            case "Redirect":
                return web.Response(status=302, headers={"location": f"{self.url}/elsewhere"})
            case "Fail":
                return web.Response(status=503)
            case _:
                pass
        return await answer(self, request)


@asynccontextmanager
async def serving(
    wall: Callable[[], float], paths: dict[str, Answer], tls: SSLContext | None = None
) -> AsyncIterator[IdentityServer]:
    """A server that gives each path's answer, by any method."""
    server = IdentityServer(wall)

    def handler(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await server.answer(request, answer)

        return handle

    app = web.Application()
    for path, answer in paths.items():
        app.router.add_route("*", path, handler(answer))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()
