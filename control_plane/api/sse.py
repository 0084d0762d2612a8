"""A stream of server-sent events to one client. Source: WHATWG HTML, section 9.2 (2026-11)."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

BUFFERED_EVENTS = 1000  # for a client that reads slowly; one more, and it is let go
HEARTBEAT_SECONDS = 10.0  # clients take a silence of a minute for a dead connection
WRITE_SECONDS = 30.0  # for one event: a client that reads nothing for so long is let go
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """`id` is the store revision to resume from; 0: none."""

    name: str
    data: Mapping[str, Any]
    id: int = 0

    def encode(self) -> bytes:
        identifier = f"id: {self.id}\n" if self.id else ""
        return f"event: {self.name}\n{identifier}data: {json.dumps(self.data, separators=(',', ':'))}\n\n".encode()


class Outbox:
    """The events that wait for one client. What does not fit ends it: the client resumes from where it was."""

    def __init__(self, size: int = BUFFERED_EVENTS) -> None:
        self._size = size
        self._events: deque[ServerEvent] = deque()
        self._wake = asyncio.Event()
        self.has_ended = False

    def put(self, event: ServerEvent) -> None:
        if self.has_ended:
            return
        if len(self._events) >= self._size:
            document = {"status": 503, "code": "too_slow", "detail": "events came faster than they were read; resume"}
            self.end(ServerEvent("error", document))
            return
        self._events.append(event)
        self._wake.set()

    def end(self, last: ServerEvent | None = None) -> None:
        """No more events; `last` follows those that wait."""
        if not self.has_ended and last:
            self._events.append(last)
        self.has_ended = True
        self._wake.set()

    async def next(self, seconds: float) -> ServerEvent | None:
        """The next event; None: none came in time, or the stream has ended and all are taken."""
        if not self._events and not self.has_ended:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)
        return self._events.popleft() if self._events else None


async def send_events(request: web.Request, outbox: Outbox, *, bookmark: "Bookmark") -> web.StreamResponse:
    """Answer with what comes into the outbox until it ends or the client goes; heartbeats in between."""
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    try:
        await _write(response, bookmark.event().encode())
        while True:
            event = await outbox.next(HEARTBEAT_SECONDS)
            if event is not None:
                bookmark.revision = max(bookmark.revision, event.id)
                await _write(response, event.encode())
            elif outbox.has_ended:
                break
            else:
                await _write(response, bookmark.event().encode())
    except (ConnectionError, TimeoutError):
        pass  # the client is gone, or reads nothing
    return response


@dataclass(slots=True)
class Bookmark:
    """Up to which revision the client has seen everything; sent as a heartbeat."""

    revision: int

    def event(self) -> ServerEvent:
        return ServerEvent("bookmark", {"metadata": {"revision": self.revision}}, self.revision)


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(data)
