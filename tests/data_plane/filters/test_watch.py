"""Which exchanges are watched."""

import pytest

from data_plane.filters.watch import WatchFilter
from data_plane.pipeline.watch import Watched
from tests.fakes.sides import FakeWay, run_through

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
