"""Sums over workers."""

from data_plane.agent.totals import Totals
from data_plane.observability.delta import Delta

LABELS = [("route", "a/r")]


def values(totals: Totals) -> dict[str, float]:
    return {name: total.value for (name, _), total in totals}


def test_deltas_of_all_workers_add_up_and_outlive_them() -> None:
    totals = Totals()
    totals.add([Delta("requests", LABELS, 3), Delta("bytes", LABELS, 10)])
    totals.add([Delta("requests", LABELS, 4)])
    totals.drop_gauges(0)
    assert values(totals) == {"requests": 7, "bytes": 10}


def test_histograms_add_up_bucket_by_bucket() -> None:
    totals = Totals()
    totals.add([Delta("seconds", LABELS, 1.5, [1, 0, 2])])
    totals.add([Delta("seconds", LABELS, 0.5, [0, 1, 1])])
    ((_, total),) = totals
    assert (total.value, total.buckets) == (2.0, [1, 1, 3])


def test_gauges_are_replaced_and_go_with_their_worker() -> None:
    totals = Totals()
    totals.set_gauges(1, [Delta("open", [], 5)])
    totals.set_gauges(1, [Delta("open", [], 2)])
    totals.set_gauges(2, [Delta("open", [], 3)])
    assert values(totals) == {"open": 5}
    totals.drop_gauges(1)
    assert values(totals) == {"open": 3}
