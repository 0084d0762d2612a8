"""Single questions to a gateway, and how long its answer takes to change."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.01
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status 0: no connection, or one that broke."""

    status: int
    headers: Mapping[str, str]
    text: str


async def ask(url: str, key: str, body: Any = None, **headers: str) -> Reply:
    """POST the body, or GET without one, on a connection of its own."""
    method = "GET" if body is None else "POST"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(DEADLINE_SECONDS)) as session,
            session.request(method, url, json=body, headers={"x-api-key": key, **headers}) as answer,
        ):
            return Reply(answer.status, answer.headers, await answer.text())
    except aiohttp.ClientError as error:
        return Reply(0, {}, repr(error))


async def lag(url: str, key: str, since: float, *, status: int, body: Any = None, version: str | None = None) -> float:
    """For how long after `since` questions began that were answered otherwise than with this status and version."""
    last = since
    while True:
        began = time.monotonic()
        reply = await ask(url, key, body)
        if reply.status == status and version in (None, reply.headers.get("x-isthmus-model-version")):
            return last - since
        last = began
        assert began < since + DEADLINE_SECONDS, f"still answered with {reply.status}: {reply.text[:500]}"
        await asyncio.sleep(POLL_SECONDS)
