"""What time does to a stream: it begins though nothing has come, and is kept alive between its events."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from data_plane.codecs.usage_meter import find_meter
from data_plane.errors import BadGateway, UpstreamCutShort
from data_plane.exchange import DEFAULT_STREAM_TERMS, Exchange, Outcome, Response, StreamTerms
from data_plane.pipeline.filter import Filter
from tests.fakes.filters import AsyncSpy, Mask, Spy
from tests.fakes.sides import NOW, FakeWay, Sides, begin_stream, run_through, turns, unchunk

KEEP_ALIVE = b": keep-alive\n\n"
ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Paris"}}]}\n\n'
REST = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
    b"data: [DONE]\n\n"
)


def stream(
    *filters: Filter, terms: StreamTerms = DEFAULT_STREAM_TERMS, way: FakeWay | None = None, **about: Any
) -> Sides:
    """Of a chat, unless `about` says something else of the exchange."""
    sides = run_through(*filters, way=way, stream=True)
    exchange = sides.exchange
    for name, value in about.items():
        setattr(exchange, name, value)
    exchange.stream_terms = terms
    exchange.meter = find_meter(exchange.api, exchange.operation)
    sides.run.start()
    return sides


def sent(sides: Sides) -> bytes:
    return unchunk(sides.client.body)


# It begins.


def test_a_stream_begins_by_itself_after_a_while_and_goes_on_as_ever() -> None:
    spy = Spy()
    sides = stream(spy)
    sides.look()
    assert sides.client.written == []
    sides.look()
    head = sides.client.written[0]
    assert sides.now == NOW + 15 and head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream")
    assert sent(sides) == KEEP_ALIVE
    begin_stream(sides, ROLE)
    sides.run.on_body(EVENT + REST, True)
    assert sent(sides) == KEEP_ALIVE + ROLE + EVENT + REST and sides.client.body.endswith(b"0\r\n\r\n")
    assert b"".join(sides.client.written).count(b"HTTP/1.1") == 1 and spy.outcomes == [Outcome.COMPLETED]
    assert sides.exchange.bytes_out == sum(map(len, sides.client.written))
    assert sides.exchange.usage is not None and sides.exchange.usage.output == 3


@pytest.mark.parametrize(
    ("terms", "times"),
    [
        (StreamTerms(commit_after=4, keep_alive=0), [4]),
        (StreamTerms(commit_after=0, keep_alive=10), [5, 10, 15, 20]),
        (StreamTerms(commit_after=20, keep_alive=10), [5, 10, 15, 20]),
    ],
    ids=["begins early, is not kept alive", "never by itself", "both"],
)
def test_the_times_are_those_of_the_policy(terms: StreamTerms, times: list[float]) -> None:
    sides = stream(Spy(), terms=terms)
    seen = []
    for _ in times:
        assert sides.client.written == []
        sides.look()
        seen.append(sides.now - NOW)
    assert seen == times and bool(sides.client.written) is bool(terms.commit_after)


def test_what_does_not_last_for_ever_ends_at_its_deadline() -> None:
    spy = Spy()
    sides = stream(spy, terms=StreamTerms(0, 0, 0))
    assert sides.client.deadlines == [NOW + 600]
    sides.look()
    assert spy.outcomes == [Outcome.TIMED_OUT] and sides.client.status == b"504"


def test_a_stream_whose_head_is_there_begins_with_what_has_come() -> None:
    sides = stream(Spy())
    begin_stream(sides, ROLE)
    assert sides.client.written == []
    sides.look()
    sides.look()
    assert sent(sides) == ROLE
    sides.run.on_body(EVENT, False)
    assert sent(sides) == ROLE + EVENT


@pytest.mark.parametrize(
    "about",
    [{"api": "rest", "operation": ""}, {"operation": "speech"}, {"api": "gemini", "operation": "generate_content"}],
    ids=["REST", "no text", "an array"],
)
def test_nothing_begins_whose_form_is_not_known(about: dict[str, Any]) -> None:
    sides = stream(Spy(), **about)
    for _ in range(3):
        sides.look()
    assert b"text/event-stream" not in b"".join(sides.client.written)


async def test_nothing_begins_where_a_hook_waits_with_the_response() -> None:
    sides = stream(AsyncSpy())
    await turns()
    for _ in range(3):
        sides.look()
    assert sides.client.written == []


def test_content_is_changed_also_behind_a_head_that_came_early() -> None:
    mask = Mask()
    sides = stream(mask)
    sides.look()
    sides.look()
    begin_stream(sides, EVENT)
    assert mask.events == [EVENT] and sent(sides) == KEEP_ALIVE + EVENT.replace(b"Paris", b"*****")


class Tag(Filter):
    """Adds a field."""

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        response.headers.append((b"x-tag", b"1"))
        return response


def test_a_head_that_came_early_has_been_through_the_hooks_once() -> None:
    sides = stream(Tag())
    sides.look()
    sides.look()
    begin_stream(sides, EVENT)
    assert b"".join(sides.client.written).count(b"x-tag") == 1


# What fails afterwards is an event.


@pytest.mark.parametrize(
    ("api", "operation", "query"),
    [
        ("openai", "chat", b""),
        ("openai", "responses", b""),
        ("anthropic", "messages", b""),
        ("gemini", "generate_content", b"alt=sse"),
    ],
)
def test_a_failure_behind_an_early_head_is_an_event(api: str, operation: str, query: bytes) -> None:
    spy = Spy()
    sides = run_through(spy, stream=True)
    sides.exchange.api, sides.exchange.operation, sides.exchange.request.query = api, operation, query
    sides.run.start()
    sides.look()
    sides.look()
    sides.run.on_failure(BadGateway("the upstream closed the connection"))
    told = json.loads(sent(sides).rpartition(b"data: ")[2])
    assert told["error"]["message"] == "the upstream closed the connection"
    assert sides.client.ends == ["cut short"] and spy.outcomes == [Outcome.UPSTREAM_FAILED]


REFUSAL = b'{\n  "error": {"message": "Rate limit", "type": "requests", "code": "slow"}\n}'


@pytest.mark.parametrize("size", [1, 1000])
def test_an_error_of_the_upstream_behind_an_early_head_is_told_in_its_words(size: int) -> None:
    spy = Spy()
    sides = stream(spy)
    sides.look()
    sides.look()
    pieces = [REFUSAL[at : at + size] for at in range(0, len(REFUSAL), size)]
    sides.run.on_response(Response(429, [(b"content-type", b"application/json")], len(REFUSAL)), b"", False)
    for number, piece in enumerate(pieces, 1):
        sides.run.on_body(piece, number == len(pieces))
    assert json.loads(sent(sides).removeprefix(KEEP_ALIVE + b"data: ")) == json.loads(REFUSAL)
    assert sides.client.ends == ["cut short"] and spy.outcomes == [Outcome.UPSTREAM_FAILED]
    assert sides.exchange.error is not None and "429" in sides.exchange.error.message


def test_an_answer_that_was_to_stream_and_does_not_is_an_error() -> None:
    sides = stream(Spy())
    sides.look()
    sides.look()
    sides.run.on_response(Response(200, [(b"content-type", b"application/json")], 2), b"{}", True)
    assert b"does not stream its answer" in sent(sides) and sides.client.ends == ["cut short"]


# It is kept alive.


def test_a_silent_stream_is_kept_alive_at_least_as_often_as_is_said() -> None:
    sides = stream(Spy(), terms=StreamTerms(15, 10, 0))
    begin_stream(sides, EVENT)
    at = sides.now
    times: list[float] = []
    while len(times) < 4:
        before = len(sides.client.written)
        sides.look()
        if len(sides.client.written) > before:
            times.append(sides.now - at)
            at = sides.now
    assert sent(sides) == EVENT + KEEP_ALIVE * 4
    assert all(5 <= gap <= 10 for gap in times) and times[1:] == [10, 10, 10]


def test_a_stream_that_flows_is_left_alone() -> None:
    sides = stream(Spy())
    begin_stream(sides, EVENT)
    for _ in range(20):
        sides.run.on_body(EVENT, False)
        sides.look()
    assert KEEP_ALIVE not in sent(sides)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("count", range(len(EVENT)))
def test_nothing_is_put_into_an_event(count: int, end: bytes) -> None:
    event = EVENT.replace(b"\n\n", end)
    sides = stream(Spy())
    begin_stream(sides, event)
    for byte in event[:count]:
        sides.run.on_body(bytes([byte]), False)
    for _ in range(4):
        sides.look()
    assert (KEEP_ALIVE in sent(sides)) is (count == 0)
    for byte in event[count:]:
        sides.run.on_body(bytes([byte]), False)
    for _ in range(4):
        sides.look()
    assert sent(sides).replace(KEEP_ALIVE, b"") == event * 2 and sent(sides).endswith(KEEP_ALIVE)


@pytest.mark.parametrize(
    ("api", "operation", "event"),
    [
        ("openai", "responses", KEEP_ALIVE),
        ("anthropic", "messages", b'event: ping\ndata: {"type": "ping"}\n\n'),
        ("gemini", "generate_content", b"\n"),
    ],
)
def test_each_api_has_its_own_sign_of_life(api: str, operation: str, event: bytes) -> None:
    sides = stream(Spy(), api=api, operation=operation)
    begin_stream(sides, b"data: {}\n\n")
    sides.look()
    sides.look()
    assert sent(sides) == b"data: {}\n\n" + event


def test_a_client_that_does_not_read_is_sent_nothing_more() -> None:
    sides = stream(Spy())
    begin_stream(sides, EVENT)
    sides.run.pause()
    for _ in range(5):
        sides.look()
    assert sent(sides) == EVENT


def test_a_body_that_is_no_stream_of_events_is_left_alone() -> None:
    sides = stream(Spy())
    sides.run.on_response(Response(200, [(b"content-type", b"application/json")]), b"[{", False)
    for _ in range(5):
        sides.look()
    assert sent(sides) == b"[{"


# It ends.

CUTS: dict[str, Callable[[Sides], None]] = {
    "with its last bytes": lambda sides: sides.run.on_body(EVENT, True),
    "after them": lambda sides: [sides.run.on_body(*each) for each in ((EVENT, False), (b"", True))].clear(),  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_stream_that_ends_before_its_end_says_so(cut: str) -> None:
    spy = Spy()
    sides = stream(spy)
    begin_stream(sides, ROLE + EVENT)
    CUTS[cut](sides)
    assert sent(sides).startswith(ROLE + EVENT * 2 + b"\n\ndata: ") and b"upstream_cut_short" in sent(sides)
    assert sides.client.ends == ["cut short"] and not sides.client.body.endswith(b"0\r\n\r\n")
    assert isinstance(sides.exchange.error, UpstreamCutShort) and spy.outcomes == [Outcome.UPSTREAM_FAILED]


@pytest.mark.parametrize("size", [1, 1000])
def test_a_failure_that_the_upstream_has_told_is_told_once_and_recorded(size: int) -> None:
    spy = Spy()
    sides = stream(spy)
    told = b'data: {"error":{"message":"Overloaded"}}\n\n'
    begin_stream(sides, ROLE + EVENT)
    for at in range(0, len(told), size):
        sides.run.on_body(told[at : at + size], at + size >= len(told))
    assert sent(sides).strip() == (ROLE + EVENT + told).strip() and sides.client.ends == ["cut short"]
    assert sides.exchange.error is not None and sides.exchange.error.message == "the upstream broke off: Overloaded"
    assert spy.outcomes == [Outcome.UPSTREAM_FAILED]


def test_a_stream_that_ends_before_it_begins_is_an_ordinary_error() -> None:
    sides = stream(Spy())
    begin_stream(sides, ROLE, last=True)
    assert sides.client.status == b"502" and sides.client.ends == ["finished"]


def test_events_of_responses_are_numbered_to_the_end() -> None:
    sides = stream(Spy(), operation="responses")
    begin_stream(sides, b'data: {"type":"response.output_text.delta","sequence_number":6,"delta":"x"}\n\n', last=True)
    told = json.loads(sent(sides).rpartition(b"data: ")[2])
    assert told["type"] == "error" and told["sequence_number"] == 7 and told["code"] == "upstream_cut_short"
    assert told["error"]["code"] == "upstream_cut_short"


# It outlives its client.

DRAIN = StreamTerms(15, 15, 30)


def gone(terms: StreamTerms = DRAIN) -> tuple[Sides, Spy, FakeWay]:
    spy, way = Spy(), FakeWay()
    sides = stream(spy, terms=terms, way=way)
    begin_stream(sides, ROLE + EVENT)
    sides.leave()
    return sides, spy, way


def test_what_nobody_reads_any_more_is_broken_off() -> None:
    _, spy, way = gone(StreamTerms())
    assert spy.outcomes == [Outcome.CLIENT_GONE] and way.upstream.calls[-1] == "abort"


@pytest.mark.parametrize("size", [1, 1000])
def test_or_it_is_read_to_its_end_for_what_it_has_cost(size: int) -> None:
    sides, spy, way = gone()
    assert spy.outcomes == [] and "abort" not in way.upstream.calls
    before = list(sides.client.written)
    for at in range(0, len(REST), size):
        sides.run.on_body(REST[at : at + size], at + size >= len(REST))
    assert spy.outcomes == [Outcome.CLIENT_GONE] and sides.exchange.status == 499
    assert sides.exchange.usage is not None and sides.exchange.usage.output == 3
    assert sides.client.written == before and sides.client.successor.ends == ["finished"]


def test_an_upstream_that_had_to_wait_for_the_client_goes_on() -> None:
    spy, way = Spy(), FakeWay()
    sides = stream(spy, terms=DRAIN, way=way)
    begin_stream(sides, EVENT)
    sides.run.pause()
    sides.leave()
    assert way.upstream.calls[-1] == "resume"


ENDS: dict[str, Callable[[Sides], None]] = {
    "time": lambda sides: sides.run.client_gone(),
    "a failure": lambda sides: sides.run.on_failure(BadGateway("x")),
    "a cut": lambda sides: sides.run.on_body(EVENT, True),
}


@pytest.mark.parametrize("end", ENDS)
def test_reading_on_ends_once_whatever_ends_it(end: str) -> None:
    sides, spy, way = gone()
    ENDS[end](sides)
    sides.run.client_gone()
    assert spy.outcomes == [Outcome.CLIENT_GONE]
    assert (way.upstream.calls[-1:] == ["abort"]) is (end == "time")


async def test_while_a_hook_waits_nothing_is_read_on() -> None:
    spy = AsyncSpy()
    sides = stream(spy, terms=DRAIN)
    await turns(1)
    sides.leave()
    await turns()
    assert spy.outcomes == [Outcome.CLIENT_GONE] and sides.client.ends == []


def test_an_answer_that_has_not_begun_is_read_too() -> None:
    spy = Spy()
    sides = stream(spy, terms=DRAIN)
    sides.leave()
    begin_stream(sides, ROLE + EVENT + REST, last=True)
    assert spy.outcomes == [Outcome.CLIENT_GONE] and sides.exchange.usage is not None
