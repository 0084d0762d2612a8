"""The two sides of a run, and the way to the upstream: they note what they hear."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.plan import Plan, compile_plan
from data_plane.pipeline.run import Run
from data_plane.pipeline.sides import Abandoned, Receiver

NOW = 100.0


class FakeClient:
    """A connection whose request's body comes when a test says so."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write: Callable[[bytes], None] = self.written.append
        self.persistent = True
        self.has_read_body = False
        self.asked: list[str] = []  # of the request's body: read | pause | resume
        self.deadlines: list[float] = []
        self.ends: list[str] = []
        self.is_gone = False

    def read_body(self) -> None:
        self.asked.append("read")

    def pause_body(self) -> None:
        self.asked.append("pause")

    def resume_body(self) -> None:
        self.asked.append("resume")

    def open_tunnel(self) -> None:
        self.asked.append("tunnel")

    def set_deadline(self, at: float) -> None:
        self.deadlines.append(at)

    def finished(self) -> None:
        self.ends.append("finished")

    def cut_short(self) -> None:
        self.ends.append("cut short")

    def abort(self) -> None:
        self.ends.append("abort")

    def stand_in(self, run: Abandoned, seconds: float) -> "FakeClient":
        self.ends.append(f"reads on for {seconds:g} s")
        self.successor = FakeClient()
        return self.successor

    @property
    def status(self) -> bytes:
        return b"".join(self.written)[9:12]

    @property
    def body(self) -> bytes:
        return b"".join(self.written).partition(b"\r\n\r\n")[2]


class FakeUpstream:
    """A connection that takes every byte, unless `is_full`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.sent: list[tuple[bytes, bool]] = []
        self.is_full = False

    def send_body(self, data: bytes, last: bool) -> bool:
        self.sent.append((data, last))
        return not self.is_full

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def abort(self) -> None:
        self.calls.append("abort")

    def close_when_sent(self) -> None:
        self.calls.append("close when sent")


class FakeWay:
    """A dispatcher to one upstream; `error` is raised instead."""

    def __init__(self, error: Exception | None = None) -> None:
        self.upstream = FakeUpstream()
        self.error = error
        self.sent: list[tuple[bytes, bool]] = []  # bodies, and whether they are streamed
        self.receivers: list[Receiver] = []

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((receiver.exchange.request.body, streams_body))
        self.receivers.append(receiver)
        receiver.upstream = self.upstream


@dataclass
class Sides:
    """One run between its fakes."""

    run: Run
    client: FakeClient
    exchange: Exchange = field(init=False)
    now: float = NOW + 1

    def __post_init__(self) -> None:
        self.exchange = self.run.exchange

    def expire(self) -> None:
        """The deadline of the exchange comes."""
        self.now = NOW + self.exchange.timeouts.request
        self.run.expire()

    def look(self) -> None:
        """Time goes on to the deadline that the run has set, which may be the time to look at its stream."""
        self.now = self.client.deadlines[-1]
        self.run.expire()

    def leave(self) -> None:
        """The client closes its connection, which hears nothing more."""
        self.client.is_gone = True
        self.run.client_gone()

    def send_body(self, data: bytes, size: int = 1 << 20) -> None:
        """The request's body, in pieces of a size."""
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        for piece in pieces[:-1]:
            self.run.on_request_body(piece, False)
        self.client.has_read_body = True
        self.run.on_request_body(pieces[-1], True)


def between_fakes(plan: Plan, *, has_body: bool = False, stream: bool = False, method: bytes = b"POST") -> Sides:
    """A run that has not been started."""
    request = Request(method, b"/x", b"", {b"host": b"a"}, has_body=has_body)
    client = FakeClient()
    client.has_read_body = not has_body
    exchange = Exchange(request, "t/r", "openai", "chat", b"/x", "id-of-request", NOW, 1, Timeouts())
    exchange.stream = stream
    sides = Sides(Run(exchange, plan, client, lambda: sides.now), client)
    return sides


async def turns(count: int = 8) -> None:
    """Let tasks take some steps."""
    for _ in range(count):
        await asyncio.sleep(0)


def run_through(*filters: Filter, way: FakeWay | None = None, has_body: bool = False, stream: bool = False) -> Sides:
    """A run whose one plan has these filters."""
    return between_fakes(compile_plan(filters, dispatcher=way or FakeWay()), has_body=has_body, stream=stream)


def answer(sides: Sides, data: bytes = b"hi", *, last: bool = True) -> None:
    """What the upstream answers."""
    sides.run.on_response(Response(200, [], 2), data, last)


def begin_stream(sides: Sides, data: bytes = b"", *, last: bool = False) -> None:
    """The upstream begins to answer with events."""
    sides.run.on_response(Response(200, [(b"content-type", b"text/event-stream")]), data, last)


def unchunk(body: bytes) -> bytes:
    """Chunks, whole or cut short, put together."""
    data = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        data += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return data
