"""THE order of filters."""

from pathlib import Path

import data_plane.filters.order as order
from data_plane.exchange import Timeouts
from data_plane.filters.header import HeaderChanges, HeaderFilter
from data_plane.filters.order import ORDER, in_order
from data_plane.filters.timeout import TimeoutFilter


def test_every_filter_has_its_place_and_a_reason() -> None:
    modules = {path.stem for path in Path(order.__file__).parent.glob("*.py")} - {"__init__", "order"}

    assert {kind.__module__.rpartition(".")[2] for kind, _ in ORDER} == modules
    assert all(reason for _, reason in ORDER)


def test_filters_stand_as_the_table_says() -> None:
    timeout, header = TimeoutFilter(Timeouts()), HeaderFilter(HeaderChanges(), HeaderChanges())

    assert in_order([header, timeout]) == (timeout, header)
