"""Clients that leave amid an answer which is read to its end all the same."""

from data_plane.codecs.usage_meter import find_meter
from data_plane.exchange import Exchange, Outcome, Response, StreamTerms
from data_plane.ingress.departed import MAX_BYTES
from data_plane.pipeline.sides import Receiver
from tests.fakes.filters import Act, Spy
from tests.fakes.front import STREAM, Front, Open, sent, until
from tests.fakes.sides import FakeWay

EVENT_STREAM = [(b"content-type", b"text/event-stream")]
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Paris"}}]}\n\n'
END = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
DRAIN_SECONDS = 30.0


def drained(exchange: Exchange) -> None:
    exchange.stream_terms = StreamTerms(15, 15, DRAIN_SECONDS)
    exchange.meter = find_meter("openai", "chat")


async def left(opened: Open, spy: Spy, way: FakeWay) -> tuple[Front, Receiver]:
    """A client has left after the first event."""
    front = await opened(Front(spy, Act(drained), way=way))
    client = await front.connect()
    client.send(STREAM)
    run = await sent(way)
    run.on_response(Response(200, EVENT_STREAM), EVENT, False)
    await client.until(EVENT)
    client.writer.close()
    await until(lambda: bool(front.listener.departed))
    return front, run


async def test_its_exchange_counts_until_the_answer_has_ended(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front, run = await left(opened, spy, way)
    assert (front.listener.connections, front.listener.exchanges, spy.outcomes) == (0, 1, [])
    run.on_body(END, True)
    assert (len(front.listener.departed), front.listener.exchanges) == (0, 0)
    assert spy.outcomes == [Outcome.CLIENT_GONE]
    assert spy.exchanges[0].usage is not None and spy.exchanges[0].usage.output == 3


async def test_it_is_read_for_no_longer_than_is_allowed(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front, run = await left(opened, spy, way)
    front.pass_time(DRAIN_SECONDS - 2)
    run.on_body(EVENT, False)
    assert spy.outcomes == []
    front.pass_time(3)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and way.upstream.calls[-1] == "abort"
    assert front.listener.exchanges == 0


async def test_no_more_is_read_than_is_allowed(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    _, run = await left(opened, spy, way)
    for _ in range(MAX_BYTES >> 20):
        assert spy.outcomes == []
        run.on_body(b":" + b" " * ((1 << 20) - 3) + b"\n\n", False)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and way.upstream.calls[-1] == "abort"


async def test_a_drain_waits_for_it_and_cuts_it_off_at_last(opened: Open) -> None:
    spy, way = Spy(), FakeWay()
    front, _ = await left(opened, spy, way)
    await front.listener.drain(0.01)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and not front.listener.departed
