"""A run with any filters and any order of events that its sides allow: every entered filter hears of one end."""

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from data_plane.errors import BadGateway, Overloaded
from data_plane.exchange import Exchange, Outcome, Response, UpgradeTerms, Watch
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.pipeline.plan import compile_plan
from tests.fakes.filters import AsyncBodySpy, AsyncSpy, Spy
from tests.fakes.sides import FakeWay, Sides, between_fakes

RUNS = 1000
EVENTS_AT_MOST = 12
FORM = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n0123456789\r\n--b--'
)
PIECE = len(FORM) - 10  # the model and the beginning of the file
EVENT_STREAM = [(b"content-type", b"text/event-stream")]


class Body(Spy):
    body_mode = BodyMode.HEAD

    def on_request(self, exchange: Exchange) -> None:
        assert exchange.request.body == (FORM if exchange.request.has_body else b"")


class ReadsForm(Spy):
    body_mode = BodyMode.FORM

    def on_request(self, exchange: Exchange) -> None:
        assert exchange.form is not None
        assert exchange.form.text("model") == "m"


class ReadsFormSlowly(ReadsForm):
    async def on_request(self, exchange: Exchange) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().on_request(exchange)


class Refusing(Spy):
    def on_request(self, exchange: Exchange) -> None:
        raise Overloaded("x")


class Answering(Spy):
    async def on_request(self, exchange: Exchange) -> Response | None:
        return Response(200, [], 2, b"hi")


class FailingOnResponse(Spy):
    async def on_response(self, exchange: Exchange, response: Response) -> Response:
        raise RuntimeError("a bug")


class FailingAtTheEnd(Spy):
    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        super().on_complete(exchange, outcome)
        raise RuntimeError("a bug")


class Upgrading(Spy):
    def on_request(self, exchange: Exchange) -> None:
        exchange.upgrade = UpgradeTerms(b"websocket", 10, 100, 30)
        exchange.watch = Watch(lambda run: None, b"", False)


USUAL: tuple[type[Spy], ...] = (Spy, Spy, AsyncSpy, AsyncBodySpy, Body, FailingAtTheEnd, ReadsForm, ReadsFormSlowly)
RARE: tuple[type[Spy], ...] = (Refusing, Answering, FailingOnResponse, Upgrading)


class World:
    """One run, what its sides may do next, and what its filters heard."""

    def __init__(self, random: Random) -> None:
        kinds = [random.choice(RARE if random.random() < 0.1 else USUAL) for _ in range(random.randrange(1, 6))]
        self.filters = [kind() for kind in kinds]
        self.way = FakeWay()
        self.body = FORM if random.random() < 0.6 else b""
        self.begun = False
        first: list[Filter] = list(self.filters[: random.randrange(len(kinds) + 1)])
        full = compile_plan(self.filters, dispatcher=self.way, entered=len(first))
        plan = compile_plan(first, next_plan=lambda exchange: full) if random.random() < 0.5 else None
        self.sides: Sides = between_fakes(
            plan or compile_plan(self.filters, dispatcher=self.way),
            has_body=bool(self.body),
            stream=random.random() < 0.5,
        )
        self.sides.exchange.request.headers[b"content-type"] = b"multipart/form-data; boundary=b"

    def moves(self) -> list[Callable[[], object]]:
        run, client = self.sides.run, self.sides.client
        if client.ends or client.is_gone:
            return []
        found: list[Callable[[], object]] = [self.sides.leave, run.expire, run.revoke, run.go_away]
        if "tunnel" in client.asked:
            found += [lambda: run.on_request_body(b"0123456789", False)] * 4
        if self.body and "read" in client.asked:
            found += [self._send] * 4 + [lambda: run.refuse(Overloaded("x"))]
        if run.upstream is not None:
            found += [lambda: run.on_failure(BadGateway("x")), run.pause, run.resume]
            found += [self._go_on] * 4 if self.begun else [self._begin] * 4
        return found

    def _send(self) -> None:
        data, self.body = self.body[:PIECE], self.body[PIECE:]
        self.sides.client.has_read_body = not self.body
        self.sides.run.on_request_body(data, not self.body)

    def _begin(self) -> None:
        self.begun = True
        if self.sides.exchange.upgrade is not None:
            self.sides.run.on_switch(Response(101, []), b"\x82\x02hi")
            return
        self.sides.run.on_response(Response(200, list(EVENT_STREAM)), b": x\n\n", False)

    def _go_on(self) -> None:
        self.sides.run.on_body(b"data: 1\n\n", self.body == b"" and len(self.sides.client.written) > 1)


@pytest.mark.parametrize("seed", range(RUNS))
async def test_every_entered_filter_hears_of_one_end(seed: int) -> None:
    random = Random(seed)
    world = World(random)
    sides = world.sides
    sides.run.start()
    for _ in range(EVENTS_AT_MOST):
        for _ in range(random.choice((0, 1, 1, 9))):
            await asyncio.sleep(0)
        moves = world.moves()
        if not moves:
            break
        random.choice(moves)()
    for _ in range(20):
        await asyncio.sleep(0)
    if not sides.client.ends and not sides.client.is_gone:
        sides.leave()
        for _ in range(20):
            await asyncio.sleep(0)
    heard = [each.outcomes for each in world.filters]
    entered = sides.exchange.entered
    assert all(len(outcomes) == 1 for outcomes in heard[:entered]), heard
    assert not any(heard[entered:]) and len({outcome for outcomes in heard for outcome in outcomes}) <= 1
    assert len(sides.client.ends) + sides.client.is_gone == 1
    assert world.way.upstream.calls.count("abort") <= 1
    assert b"".join(sides.client.written).count(b"HTTP/1.1 ") <= 1
