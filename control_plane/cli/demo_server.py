"""A model server for demonstrations: speaks OpenAI's API, needs no model, and says so in every answer.

Run as a process of its own: `python -m control_plane.cli.demo_server --port N`.
"""

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import math
import time
from collections.abc import Iterator
from typing import Any

from aiohttp import web

MODELS = ("demo", "demo-2")
EMBEDDING_SIZE = 16
WORD_SECONDS = 0.03  # between two words of a stream, so that it looks like one
MAX_BODY_BYTES = 16 * 1024 * 1024
OWNER = "isthmus-demo"


def make_app(*, word_seconds: float = WORD_SECONDS) -> web.Application:
    """The server as an aiohttp application."""
    server = DemoServer(word_seconds)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(
        [
            web.get("/healthz", server.health),
            web.get("/v1/models", server.models),
            web.post("/v1/chat/completions", server.chat),
            web.post("/v1/embeddings", server.embeddings),
        ]
    )
    return app


class DemoServer:
    """Answers by rule: what was asked last, and from where the answer comes."""

    def __init__(self, word_seconds: float) -> None:
        self._word_seconds = word_seconds
        self._numbers = itertools.count(1)

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def models(self, request: web.Request) -> web.Response:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": OWNER} for name in MODELS]
        return web.json_response({"object": "list", "data": models})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await _read(request)
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise _refusal("`messages` must be a list with at least one message")
        question = _text(messages[-1])
        words = _reply(body["model"], question).split(" ")
        usage = _usage(sum(_count(_text(message)) for message in messages), len(words))
        head = {"id": f"chatcmpl-demo-{next(self._numbers)}", "created": _now(), "model": body["model"]}
        if body.get("stream"):
            options = body.get("stream_options")
            wants_usage = isinstance(options, dict) and options.get("include_usage") is True
            return await self._stream(request, _chunks(head, words, usage if wants_usage else None))
        message = {"role": "assistant", "content": " ".join(words)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})

    async def embeddings(self, request: web.Request) -> web.Response:
        body = await _read(request)
        given = body.get("input")
        texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
        if not texts or (isinstance(given, list) and len(texts) != len(given)):
            raise _refusal("`input` must be a string or a list of strings")
        data = [{"object": "embedding", "index": i, "embedding": _embed(text)} for i, text in enumerate(texts)]
        tokens = sum(_count(text) for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response({"object": "list", "model": body["model"], "data": data, "usage": usage})

    async def _stream(self, request: web.Request, chunks: Iterator[dict[str, Any]]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # a client may leave at any time
            for chunk in chunks:
                await response.write(b"data: %b\n\n" % json.dumps(chunk).encode())
                await asyncio.sleep(self._word_seconds)
            await response.write(b"data: [DONE]\n\n")
            await response.write_eof()
        return response


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refusal("the body must be a JSON object")
    if body.get("model") not in MODELS:
        raise _refusal(f"the demo server has the models {' and '.join(MODELS)}", status=404, code="model_not_found")
    return body


def _refusal(message: str, *, status: int = 400, code: str = "invalid_request") -> web.HTTPException:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    refusal = web.HTTPNotFound if status == 404 else web.HTTPBadRequest
    return refusal(text=json.dumps({"error": error}), content_type="application/json")


def _text(message: object) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):  # parts, as SDKs send them for images beside text
        return " ".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
    return content if isinstance(content, str) else ""


def _reply(model: str, question: str) -> str:
    asked = f' You said: "{question[:200]}"' if question else ""
    return f"This is the demo server of Isthmus, model {model}: no language model is behind it.{asked}"


def _chunks(head: dict[str, Any], words: list[str], usage: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**head, "object": "chat.completion.chunk", "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for index, word in enumerate(words):
        yield chunk({"content": word if index == 0 else f" {word}"})
    yield chunk({}, "stop")
    if usage is not None:
        yield {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}


def _count(text: str) -> int:
    """Tokens, as the demo counts them: words."""
    return len(text.split())


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def _embed(text: str) -> list[float]:
    """A unit vector that is the same for the same text, and means nothing."""
    values = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:EMBEDDING_SIZE]]
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]


def _now() -> int:
    return time.time_ns() // 1_000_000_000  # a date that the API shows


def main() -> None:
    parser = argparse.ArgumentParser(prog="isthmus-demo-server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    web.run_app(make_app(), host=arguments.host, port=arguments.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
