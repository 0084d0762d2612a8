"""A run whose upstream has switched protocols: bytes both ways, and how it ends."""

from collections.abc import Callable

import pytest

from data_plane.errors import BadGateway, GatewayTimeout
from data_plane.exchange import Exchange, Outcome, Response, UpgradeTerms, Watch
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.run import Run
from data_plane.pipeline.watch import Watched
from tests.fakes.filters import Spy
from tests.fakes.sides import NOW, FakeWay, Sides, begin_stream, run_through, turns

FRAME = b"\x82\x02hi"
MUCH = bytes(21)
LATER = NOW + 1  # of the clock that runs have in tests


class Upgrading(Filter):
    """What a route with WebSocket comes to."""

    def __init__(self, *, cuts_answers: bool = False) -> None:
        self.watched = Watched()
        self._cuts_answers = cuts_answers

    def on_request(self, exchange: Exchange) -> None:
        exchange.upgrade = UpgradeTerms(b"websocket", idle_seconds=10, total_seconds=25, max_bytes=20)
        exchange.watch = Watch(self.watched.add, b"", self._cuts_answers)


class Waiting(Filter):
    async def on_response(self, exchange: Exchange, response: Response) -> Response:
        return response


class Forgetting(Filter):
    def on_response(self, exchange: Exchange, response: Response) -> Response:
        return Response(200, []) if response.status == 101 else response


def tunnel(*filters: Filter, data: bytes = b"") -> tuple[Sides, FakeWay, Spy]:
    """Begun, with what came behind the head."""
    way, spy = FakeWay(), Spy()
    sides = run_through(spy, Upgrading(), *filters, way=way)
    sides.client.has_read_body = True
    sides.run.start()
    sides.run.on_switch(Response(101, [(b"sec-websocket-accept", b"x")]), data)
    return sides, way, spy


def test_the_client_hears_of_the_other_protocol_and_then_speaks_it() -> None:
    sides, _, _ = tunnel(data=FRAME)
    assert b"".join(sides.client.written) == (
        b"HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: x\r\nx-isthmus-request-id: id-of-request\r\n"
        b"connection: upgrade\r\nupgrade: websocket\r\n\r\n" + FRAME
    )
    assert sides.client.asked == ["tunnel"]
    assert not sides.client.persistent
    assert sides.client.deadlines[-1] == LATER + 10


async def test_the_head_waits_for_response_hooks() -> None:
    sides, way, _ = tunnel(Waiting(), data=FRAME)
    sides.run.on_body(FRAME, False)
    assert sides.client.written == []
    await turns()
    assert sides.client.status == b"101"
    assert b"".join(sides.client.written).endswith(b"\r\n\r\n" + 2 * FRAME)
    assert sides.client.asked == ["tunnel"]
    assert way.upstream.calls == ["pause", "resume"]


def test_bytes_go_both_ways_as_they_are() -> None:
    sides, way, _ = tunnel()
    sides.run.on_request_body(b"up", False)
    sides.run.on_body(FRAME, False)
    assert way.upstream.sent == [(b"up", False)]
    assert sides.client.written[1:] == [FRAME]
    assert (sides.exchange.bytes_in, sides.exchange.status) == (2, 101)


def test_each_side_waits_for_the_other() -> None:
    sides, way, _ = tunnel()
    way.upstream.is_full = True
    sides.run.on_request_body(b"up", False)
    assert sides.client.asked == ["tunnel", "pause"]
    sides.run.on_request_drained()
    assert sides.client.asked == ["tunnel", "pause", "resume"]
    sides.run.pause()
    sides.run.resume()
    assert way.upstream.calls == ["pause", "resume"]


@pytest.mark.parametrize(
    ("end", "code", "outcome", "error"),
    [
        pytest.param(Run.expire, 1001, Outcome.TIMED_OUT, "deadline_exceeded", id="deadline"),
        pytest.param(Run.revoke, 1008, Outcome.REFUSED, "forbidden", id="revoked"),
        pytest.param(Run.go_away, 1001, Outcome.COMPLETED, "", id="drained"),
        pytest.param(
            lambda run: run.on_request_body(MUCH, False), 1009, Outcome.REFUSED, "body_too_large", id="too much up"
        ),
        pytest.param(lambda run: run.on_body(MUCH, False), 1009, Outcome.REFUSED, "body_too_large", id="down"),
        pytest.param(
            lambda run: run.on_failure(BadGateway("x")), 1011, Outcome.UPSTREAM_FAILED, "upstream_failed", id="failed"
        ),
        pytest.param(
            lambda run: run.on_failure(GatewayTimeout("x")), 1011, Outcome.TIMED_OUT, "upstream_timeout", id="stuck"
        ),
    ],
)
def test_a_client_is_told_why_it_ends(end: Callable[[Run], object], code: int, outcome: Outcome, error: str) -> None:
    sides, _, spy = tunnel()
    end(sides.run)
    assert sides.client.written[-1][:1] == b"\x88"
    assert sides.client.written[-1][2:4] == code.to_bytes(2, "big")
    assert spy.outcomes == [outcome]
    assert sides.client.ends == ["finished"]  # which reads on for a while, so that the words arrive
    assert sides.exchange.status == 101
    assert (sides.exchange.error.code if sides.exchange.error else "") == error


def test_nobody_is_interrupted_amid_a_message() -> None:
    sides, way, _ = tunnel(data=FRAME[:3])
    sides.run.revoke()
    assert len(sides.client.written) == 1
    assert sides.client.ends == ["finished"]
    assert way.upstream.calls == ["abort"]


def test_the_upstream_closes_it() -> None:
    sides, _, spy = tunnel()
    sides.run.on_body(b"", True)
    assert spy.outcomes == [Outcome.COMPLETED]
    assert sides.client.ends == ["finished"]


def test_the_client_closes_it_and_what_it_sent_still_goes_out() -> None:
    sides, way, spy = tunnel()
    sides.leave()
    assert way.upstream.calls == ["close when sent"]
    assert (spy.outcomes, sides.exchange.status) == ([Outcome.COMPLETED], 101)


def test_what_comes_after_the_end_goes_nowhere() -> None:
    sides, way, spy = tunnel()
    sides.run.revoke()
    written = list(sides.client.written)
    sides.run.on_request_body(b"up", False)
    sides.run.on_body(FRAME, False)
    sides.run.expire()
    sides.run.revoke()
    assert sides.run.go_away() is False
    assert (sides.client.written, way.upstream.sent, spy.outcomes) == (written, [], [Outcome.REFUSED])


def test_a_hook_that_takes_the_101_away_is_a_fault_of_ours() -> None:
    sides, way, _ = tunnel(Forgetting())
    assert sides.client.status == b"500"
    assert sides.client.asked == []
    assert way.upstream.calls == ["abort"]


def test_too_much_with_the_head_is_an_ordinary_refusal() -> None:
    sides, _, spy = tunnel(data=bytes(21))
    assert sides.client.status == b"413"
    assert (spy.outcomes, sides.client.asked) == ([Outcome.REFUSED], [])


# What is watched without being a tunnel.


def asked(*, cuts_answers: bool, stream: bool = False) -> Sides:
    sides = run_through(Upgrading(cuts_answers=cuts_answers), way=FakeWay(), stream=stream)
    sides.run.start()
    return sides


@pytest.mark.parametrize("cuts_answers", [True, False])
def test_before_an_answer_who_may_no_longer_is_refused(cuts_answers: bool) -> None:
    sides = asked(cuts_answers=cuts_answers)
    sides.run.revoke()
    assert sides.client.status == b"403"


def test_an_answer_that_has_begun_ends_as_ever() -> None:
    sides = asked(cuts_answers=False, stream=True)
    begin_stream(sides, b"data: 1\n\n")
    sides.run.revoke()
    sides.run.on_body(b"data: 2\n\n", True)
    assert sides.client.ends == ["finished"]
    assert b"data: 2" in sides.client.body


def test_a_stream_that_is_cut_says_why() -> None:
    sides = asked(cuts_answers=True, stream=True)
    begin_stream(sides, b"data: 1\n\n")
    sides.run.revoke()
    assert sides.client.ends == ["cut short"]
    assert b'"forbidden"' in sides.client.body


def test_another_answer_that_is_cut_ends_with_its_connection() -> None:
    sides = asked(cuts_answers=True)
    sides.run.on_response(Response(200, [], 10), b"half", False)
    sides.run.revoke()
    assert sides.client.ends == ["abort"]


def test_what_is_not_watched_is_not_cut() -> None:
    sides = run_through(way=FakeWay())
    sides.run.start()
    sides.run.revoke()
    assert sides.client.ends == []


def test_who_opens_no_tunnel_is_not_told_that_the_gateway_goes() -> None:
    assert asked(cuts_answers=True).run.go_away() is False
