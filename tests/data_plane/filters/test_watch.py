"""Which exchanges are watched."""

import pytest

from data_plane.filters.watch import WatchFilter
from data_plane.pipeline.watch import Watched
from tests.fakes.sides import FakeWay, begin_stream, run_through

WEBSOCKET = frozenset((b"websocket",))


@pytest.mark.parametrize(
    ("protocols", "offered", "cuts", "watched"),
    [
        (WEBSOCKET, b"websocket", False, 1),
        (WEBSOCKET, b"h2c", False, 0),
        (WEBSOCKET, b"", False, 0),
        (frozenset[bytes](), b"", True, 1),
    ],
    ids=["a protocol of the route", "another", "none", "answers are cut"],
)
def test_exchanges_are_watched_until_they_end(
    protocols: frozenset[bytes], offered: bytes, cuts: bool, watched: int
) -> None:
    registry = Watched()
    sides = run_through(WatchFilter(registry, protocols, cuts_answers=cuts), way=FakeWay())
    sides.exchange.request.upgrade = offered
    sides.exchange.request.query = b"key=k"
    sides.run.start()
    assert len(registry) == watched
    assert sides.exchange.watch is None or sides.exchange.watch.query == b"key=k"
    sides.leave()
    assert len(registry) == 0


@pytest.mark.parametrize("cuts", [True, False])
def test_a_stream_that_may_be_cut_is_known_as_one(cuts: bool) -> None:
    sides = run_through(WatchFilter(Watched(), frozenset(), cuts_answers=cuts), way=FakeWay())
    sides.exchange.api = "rest"
    sides.run.start()
    begin_stream(sides, b": nothing yet\n\n")
    assert sides.client.status == b"200"  # at once, though there is no event
    assert sides.exchange.stream is cuts
    sides.run.revoke()
    assert (b"event: error" in sides.client.body) is cuts
