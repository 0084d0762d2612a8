"""Filters that note what they hear, wait, answer, refuse or fail."""

import asyncio
from collections.abc import Callable

from data_plane.errors import RateLimited
from data_plane.exchange import Exchange, Outcome, Response
from data_plane.pipeline.filter import BodyMode, Filter, StreamTransform


class Spy(Filter):
    """Notes every outcome with its exchange."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.exchanges: list[Exchange] = []

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.exchanges.append(exchange)


class AsyncSpy(Spy):
    """The same, in a plan whose request and response phases run in tasks."""

    async def on_request(self, exchange: Exchange) -> None:
        await asyncio.sleep(0)

    async def on_response(self, exchange: Exchange, response: Response) -> Response:
        await asyncio.sleep(0)
        return response


class AsyncBodySpy(Spy):
    """The same, in the phase after the body."""

    body_mode = BodyMode.HEAD

    async def on_request(self, exchange: Exchange) -> None:
        await asyncio.sleep(0)


class ReadBody(Filter):
    """Keeps what it read."""

    body_mode = BodyMode.HEAD

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def on_request(self, exchange: Exchange) -> None:
        self.bodies.append(exchange.request.body)


class Act(Filter):
    """Does something in `on_request`."""

    def __init__(self, act: Callable[[Exchange], None]) -> None:
        self._act = act

    def on_request(self, exchange: Exchange) -> None:
        self._act(exchange)


class Refuse(Filter):
    def on_request(self, exchange: Exchange) -> Response | None:
        raise RateLimited("slow down", retry_after_seconds=3)


class Answer(Filter):
    def on_request(self, exchange: Exchange) -> Response | None:
        return Response(200, [], 2, b"hi")


class AsyncAnswer(Filter):
    async def on_request(self, exchange: Exchange) -> Response | None:
        return Response(200, [], 2, b"hi")


class Broken(Filter):
    """Fails in one hook."""

    def __init__(self, hook: str) -> None:
        self.times = 0
        self._hook = hook

    def _fail(self, hook: str) -> None:
        if hook == self._hook:
            self.times += 1
            raise RuntimeError("a secret of the inside")

    def on_request(self, exchange: Exchange) -> Response | None:
        self._fail("on_request")
        return None

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        self._fail("on_response")
        return response

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        self._fail("on_stream")
        return None

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        self._fail("on_complete")


class AddHeader(Filter):
    def on_response(self, exchange: Exchange, response: Response) -> Response:
        response.headers.append((b"x-added", b"1"))
        return response


class Slow(Filter):
    """Waits in one hook until it is cancelled, and notes how it ended."""

    def __init__(self, hook: str = "on_request") -> None:
        self.notes: list[str] = []
        self._hook = hook

    async def on_request(self, exchange: Exchange) -> None:
        if self._hook == "on_request":
            await self._wait()

    async def on_response(self, exchange: Exchange, response: Response) -> Response:
        if self._hook == "on_response":
            await self._wait()
        return response

    async def _wait(self) -> None:
        self.notes.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            self.notes.append("left")

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        self.notes.append(outcome.value)


class Stubborn(Slow):
    """Goes on when it is cancelled, as a hook does whose own error handling is too broad."""

    async def _wait(self) -> None:
        try:
            await super()._wait()
        except asyncio.CancelledError:
            return


class Fragile(Slow):
    """Fails when it is cancelled."""

    async def _wait(self) -> None:
        try:
            await super()._wait()
        except asyncio.CancelledError:
            raise RuntimeError("a secret of the inside") from None


class Mask(Filter):
    """Changes content, noting each event; holds back the last word until the end."""

    def __init__(self) -> None:
        self.events: list[bytes] = []

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        return MaskTransform(self.events)


class MaskTransform:
    def __init__(self, events: list[bytes]) -> None:
        self._events = events

    def feed(self, events: list[bytes]) -> list[bytes]:
        self._events += events
        if any(b"forbidden" in event for event in events):
            raise RuntimeError("a secret of the inside")
        return [event.replace(b"Paris", b"*****") for event in events]

    def close(self) -> list[bytes]:
        return [b"data: end\n\n"] if len(self._events) > 1 else []
