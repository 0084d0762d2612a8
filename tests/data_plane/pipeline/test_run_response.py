"""A run between three fakes: the response, its content, and when a stream of events begins."""

from collections.abc import Callable

import pytest

from data_plane.errors import BadGateway, GatewayError
from data_plane.exchange import Outcome, Response
from data_plane.pipeline.plan import compile_plan
from data_plane.usage import Usage
from tests.fakes.filters import (
    AsyncSpy,
    Mask,
    Spy,
)
from tests.fakes.sides import FakeWay, Sides, answer, begin_stream, between_fakes, run_through, turns, unchunk

SECRET = b"secret of the inside"
EVENT = b'data: {"t":"Paris"}\n\n'

# The response.


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_the_upstream_waits_while_hooks_wait_or_the_client_does_not_read(spy_type: type[Spy]) -> None:
    way = FakeWay()
    sides = run_through(spy_type(), way=way)
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [], 4), b"hi", False)
    sides.run.pause()
    assert set(way.upstream.calls) == {"pause"}
    await turns()
    assert set(way.upstream.calls) == {"pause"} and sides.client.written[0].endswith(b"hi")
    sides.run.resume()
    assert way.upstream.calls[-1] == "resume"


async def test_what_comes_while_response_hooks_wait_is_sent_in_order() -> None:
    sides = run_through(AsyncSpy())
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [], 6), b"01", False)
    sides.run.on_body(b"23", False)
    sides.run.on_body(b"45", True)
    await turns()
    assert sides.client.body == b"012345" and sides.client.ends == ["finished"]


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_content_is_changed_event_by_event(size: int, spy_type: type[Spy]) -> None:
    mask = Mask()
    sides = run_through(spy_type(), mask, stream=True)
    sides.run.start()
    await turns()
    begin_stream(sides)
    sent = EVENT * 2 + b"data: [DONE]\n\n"
    for at in range(0, len(sent), size):
        sides.run.on_body(sent[at : at + size], at + size >= len(sent))
    await turns()
    assert mask.events == [EVENT, EVENT, b"data: [DONE]\n\n"]
    assert unchunk(sides.client.body) == sent.replace(b"Paris", b"*****") + b"data: end\n\n"


@pytest.mark.parametrize("spy_type", [Spy, AsyncSpy], ids=["sync", "async"])
async def test_content_that_a_filter_forbids_does_not_go_out(spy_type: type[Spy]) -> None:
    spy = spy_type()
    sides = run_through(spy, Mask())
    sides.run.start()
    await turns()
    sides.run.on_response(Response(200, [(b"x", b"y")], 9), b"forbid", False)
    sides.run.on_body(b"den", True)
    await turns(16)
    assert sides.client.status == b"500" and spy.outcomes == [Outcome.UPSTREAM_FAILED]
    assert SECRET not in b"".join(sides.client.written) and b"".join(sides.client.written).count(b"HTTP/1.1") == 1


async def test_bytes_held_behind_a_failed_event_do_not_go_out() -> None:
    sides = run_through(AsyncSpy(), Mask(), stream=True)
    sides.run.start()
    await turns()
    begin_stream(sides, b"data: forbidden\n\n")
    sides.run.on_body(EVENT, True)
    await turns(16)
    assert sides.client.status == b"500" and b"data:" not in b"".join(sides.client.written)
    assert sides.client.ends == ["finished"]


@pytest.mark.parametrize("method_and_status", [(b"HEAD", 200), (b"POST", 204), (b"POST", 304)])
def test_what_has_no_body_is_not_changed(method_and_status: tuple[bytes, int]) -> None:
    method, status = method_and_status
    mask = Mask()
    sides = between_fakes(compile_plan([mask], dispatcher=FakeWay()), method=method)
    sides.run.start()
    sides.run.on_response(Response(status, [], 5), b"", True)
    assert mask.events == [] and sides.client.body == b"" and sides.client.ends == ["finished"]
    assert (b"content-length: 5\r\n" in sides.client.written[0]) is (status != 204)


class FakeMeter:
    def __init__(self, breaks_in: str = "") -> None:
        self.fed: list[bytes] = []
        self.breaks_in = breaks_in

    def feed(self, data: bytes) -> None:
        self.fed.append(data)
        if self.breaks_in == "feed":
            raise RuntimeError("a secret of the inside")

    def usage(self) -> Usage | None:
        if self.breaks_in == "usage":
            raise RuntimeError("a secret of the inside")
        return Usage(output=len(self.fed))

    def fault(self) -> GatewayError | None:
        return None

    def is_final(self) -> bool:
        return True

    def output_bytes(self) -> int:
        return 0

    def output_text(self) -> str:
        return ""


def test_a_meter_reads_what_the_upstream_sent() -> None:
    meter = FakeMeter()
    sides = run_through(Mask())
    sides.exchange.meter = meter
    sides.run.start()
    answer(sides, b"Paris")
    assert meter.fed == [b"Paris"] and sides.exchange.usage == Usage(output=1)


@pytest.mark.parametrize("breaks_in", ["feed", "usage"])
def test_a_meter_that_fails_costs_no_filter_its_end(breaks_in: str) -> None:
    spy = Spy()
    sides = run_through(spy)
    sides.exchange.meter = FakeMeter(breaks_in)
    sides.run.start()
    answer(sides)
    assert sides.client.status == (b"500" if breaks_in == "feed" else b"200")
    assert len(spy.outcomes) == 1 and sides.client.ends == ["finished"]


# The commit point of streams.

FAILURES: dict[str, Callable[[Sides], None]] = {
    "failure": lambda sides: sides.run.on_failure(BadGateway("x")),
    "deadline": lambda sides: sides.expire(),
}
OUTCOMES = {"failure": Outcome.UPSTREAM_FAILED, "deadline": Outcome.TIMED_OUT}


@pytest.mark.parametrize("before", [b"", b": ping\n\n", b"da"], ids=["nothing", "a comment", "half a name"])
@pytest.mark.parametrize("end", FAILURES)
def test_a_stream_that_fails_before_its_first_event_is_an_ordinary_error(end: str, before: bytes) -> None:
    spy = Spy()
    sides = run_through(spy, stream=True)
    sides.run.start()
    begin_stream(sides, before)
    assert sides.client.written == []
    FAILURES[end](sides)
    assert sides.client.status in (b"502", b"504") and sides.client.ends == ["finished"]
    assert b"text/event-stream" not in sides.client.written[0] and spy.outcomes == [OUTCOMES[end]]


@pytest.mark.parametrize("end", FAILURES)
def test_a_stream_that_fails_after_its_first_event_says_so_and_does_not_end(end: str) -> None:
    spy = Spy()
    sides = run_through(spy, stream=True)
    sides.run.start()
    begin_stream(sides, EVENT)
    FAILURES[end](sides)
    body = sides.client.body
    assert sides.client.status == b"200" and sides.client.ends == ["cut short"] and spy.outcomes == [OUTCOMES[end]]
    assert not body.endswith(b"0\r\n\r\n") and b"[DONE]" not in body
    assert sides.exchange.error is not None
    assert unchunk(body).startswith(EVENT + b"\n\ndata: ") and sides.exchange.error.message.encode() in unchunk(body)
    assert sides.exchange.bytes_out == sum(map(len, sides.client.written))


@pytest.mark.parametrize("length", [None, 100], ids=["chunked", "with a length"])
def test_a_response_that_is_no_stream_is_cut_off(length: int | None) -> None:
    sides = run_through(Spy(), stream=True)
    sides.run.start()
    sides.run.on_response(Response(200, [(b"content-type", b"application/json")], length), b"{", False)
    sides.run.on_failure(BadGateway("x"))
    assert sides.client.ends == ["abort"] and b"error" not in b"".join(sides.client.written)


def test_the_first_event_goes_out_at_once_however_it_comes() -> None:
    sides = run_through(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides, b": ping\n\nda")
    sides.run.on_body(b"ta: 1", False)
    assert sides.client.written == []
    sides.run.on_body(b"\n\n", False)
    assert unchunk(sides.client.body) == b": ping\n\ndata: 1\n\n"


def test_an_empty_stream_ends() -> None:
    sides = run_through(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides)
    sides.run.on_body(b"", True)
    assert sides.client.status == b"200" and sides.client.body == b"0\r\n\r\n" and sides.client.ends == ["finished"]


def test_a_stream_of_comments_is_held_back_within_bounds() -> None:
    sides = run_through(Spy(), stream=True)
    sides.run.start()
    begin_stream(sides)
    for _ in range(70):
        sides.run.on_body(b":" + b" " * 1023, False)
    assert sides.client.written != []
