"""The two sides of a run, and the way to the upstream: they note what they hear."""

from collections.abc import Callable
from dataclasses import dataclass, field

from data_plane.exchange import Exchange, Request, Timeouts
from data_plane.pipeline.plan import Plan
from data_plane.pipeline.run import Run
from data_plane.pipeline.sides import Receiver

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

    def set_deadline(self, at: float) -> None:
        self.deadlines.append(at)

    def finished(self) -> None:
        self.ends.append("finished")

    def cut_short(self) -> None:
        self.ends.append("cut short")

    def abort(self) -> None:
        self.ends.append("abort")

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


class FakeWay:
    """A dispatcher to one upstream; `error` is raised instead."""

    def __init__(self, error: Exception | None = None) -> None:
        self.upstream = FakeUpstream()
        self.error = error
        self.sent: list[tuple[bytes, bool]] = []  # bodies, and whether they are streamed

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((receiver.exchange.request.body, streams_body))
        receiver.upstream = self.upstream


@dataclass
class Sides:
    """One run between its fakes."""

    run: Run
    client: FakeClient
    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        self.exchange = self.run.exchange

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
    exchange = Exchange(request, "t/r", "openai", "chat", b"/x", "id-of-request", NOW, 1, Timeouts(), stream=stream)
    return Sides(Run(exchange, plan, client, lambda: NOW + 1), client)
