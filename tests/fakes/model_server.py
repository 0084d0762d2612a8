"""A model server for tests: OpenAI-compatible answers, or whatever the test scripts; remembers what it saw."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Behaviour:
    """How the next answers are given. `gate`, if set, holds a stream after its first word until the test opens it."""

    status: int = 200
    delay_seconds: float = 0.0
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ("one", "two", "three")
    word_seconds: float = 0.0
    reset_after_words: int | None = None
    reset_before_answer: bool = False
    gate: asyncio.Event | None = None


Answer = Callable[[web.Request, dict[str, Any], Behaviour], Awaitable[web.StreamResponse]]


class ModelServer:
    """One upstream. `name` stands in each answer, so that a test knows who answered."""

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.port = 0
        self.seen: list[Seen] = []
        self.behaviour = Behaviour()
        self.cancelled = 0  # answers that the gateway did not wait for
        self.first_word_sent = asyncio.Event()
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int | None = None) -> None:
        """Serve on this port, or on the one it had, or on any that is free."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port or self.port, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.seen.append(
            Seen(request.method, request.path_qs, {k.lower(): v for k, v in request.headers.items()}, body)
        )
        behaviour = self.behaviour
        try:
            if behaviour.delay_seconds:
                await asyncio.sleep(behaviour.delay_seconds)
            if behaviour.reset_before_answer:
                return self._reset(request)
            return await self._choose(request, body, behaviour)
        except (asyncio.CancelledError, ConnectionError):
            self.cancelled += 1
            raise

    async def _choose(self, request: web.Request, body: bytes, behaviour: Behaviour) -> web.StreamResponse:
        if behaviour.body is not None:
            return web.Response(status=behaviour.status, body=behaviour.body, headers=behaviour.headers)
        if behaviour.status >= 400:
            error = {"message": "scripted", "type": "scripted_error", "param": None, "code": "scripted"}
            return web.json_response({"error": error}, status=behaviour.status, headers=behaviour.headers)
        asked = json.loads(body) if body else {}
        answers: dict[str, Answer] = {
            "/v1/chat/completions": self._stream if asked.get("stream") else self._chat,
            "/v1/embeddings": self._embeddings,
            "/v1/models": self._models,
        }
        answer = answers.get(request.path) or self._echo
        return await answer(request, asked, behaviour)

    async def _chat(self, request: web.Request, asked: dict[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        message = {"role": "assistant", "content": " ".join((self.name, *behaviour.words))}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {**self._head(asked), "object": "chat.completion", "choices": [choice], "usage": _usage(behaviour)}
        return web.json_response(answer, headers=behaviour.headers)

    async def _stream(self, request: web.Request, asked: dict[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **behaviour.headers})
        await response.prepare(request)
        head = {**self._head(asked), "object": "chat.completion.chunk"}
        for index, word in enumerate((self.name, *behaviour.words)):
            if behaviour.reset_after_words == index:
                return self._reset(request, response)
            choice = {"index": 0, "delta": {"content": f" {word}" if index else word}, "finish_reason": None}
            await _send(response, {**head, "choices": [choice]})
            self.first_word_sent.set()
            if behaviour.gate is not None:
                await behaviour.gate.wait()
            if behaviour.word_seconds:
                await asyncio.sleep(behaviour.word_seconds)
        await _send(response, {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if (asked.get("stream_options") or {}).get("include_usage"):
            await _send(response, {**head, "choices": [], "usage": _usage(behaviour)})
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _embeddings(
        self, request: web.Request, asked: dict[str, Any], behaviour: Behaviour
    ) -> web.StreamResponse:
        data = [{"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return web.json_response({"object": "list", "model": asked.get("model"), "data": data, "usage": usage})

    async def _models(self, request: web.Request, asked: dict[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": self.name, "object": "model"}]})

    async def _echo(self, request: web.Request, asked: dict[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        return web.json_response({"server": self.name, "method": request.method, "path": request.path_qs})

    def _head(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"id": f"{self.name}-{next(self._ids)}", "created": 1, "model": asked.get("model", "")}

    def _reset(self, request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
        """Cut the connection off, as a crashing server does."""
        if request.transport is not None:
            request.transport.abort()
        return response or web.Response()


async def _send(response: web.StreamResponse, event: dict[str, Any]) -> None:
    await response.write(b"data: %b\n\n" % json.dumps(event).encode())


def _usage(behaviour: Behaviour) -> dict[str, int]:
    words = len(behaviour.words) + 1
    return {"prompt_tokens": 11, "completion_tokens": words, "total_tokens": 11 + words}


@asynccontextmanager
async def model_server(name: str = "fake") -> AsyncIterator[ModelServer]:
    """A running server, gone at the end of the block."""
    server = ModelServer(name)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
