"""Counters that are reported as what was added."""

import time
from bisect import bisect_left

from data_plane.observability.delta import Delta
from data_plane.observability.metrics import (
    DEFINITIONS,
    MAX_SERIES,
    REQUEST_SECONDS,
    SECONDS,
    Family,
    Metrics,
    bucket_of,
)


def test_each_addition_is_reported_once() -> None:
    metrics = Metrics()
    metrics.sent_bytes[("a",)].value += 3
    assert metrics.deltas() == [Delta("isthmus_sent_bytes_total", [("route", "a")], 3.0)]
    assert metrics.deltas() == []

    metrics.sent_bytes[("a",)].value += 2

    assert metrics.deltas() == [Delta("isthmus_sent_bytes_total", [("route", "a")], 2.0)]


def test_a_histogram_reports_buckets_and_sum() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.005, 0.3, 1000.0):
        metrics.request_seconds["r", "m"].observe(seconds)

    (delta,) = metrics.deltas()

    assert delta.buckets is not None
    assert len(delta.buckets) == len(SECONDS) + 1
    assert (delta.buckets[0], delta.buckets[SECONDS.index(0.5)], delta.buckets[-1]) == (2, 1, 1)
    assert delta.value == 1000.306
    assert metrics.deltas() == []


def test_series_are_bounded() -> None:
    metrics = Metrics()
    for number in range(MAX_SERIES + 10):
        metrics.sent_bytes[(f"r{number}",)].value += 1

    assert len(metrics.sent_bytes) == MAX_SERIES + 1
    assert metrics.sent_bytes[("overflow",)].value == 10


def test_every_family_is_defined() -> None:
    metrics = Metrics()
    attributes = [getattr(metrics, name) for name in dir(metrics)]

    assert {each.definition.name for each in attributes if isinstance(each, Family)} == set(DEFINITIONS)
    assert REQUEST_SECONDS.bounds == SECONDS


def test_counting_costs_little() -> None:
    assert min(_seconds_for_two_thousand() for _ in range(20)) / 2000 < 3 * 0.3e-6  # three times the target


def _seconds_for_two_thousand() -> float:
    metrics = Metrics()
    labels = ("route", "openai", "chat", "model", 200, "completed")
    began = time.perf_counter()
    for _ in range(1000):
        metrics.requests[labels].value += 1
        metrics.request_seconds["route", "model"].observe(0.02)
    return time.perf_counter() - began


def test_each_time_falls_into_the_bucket_of_its_bound() -> None:
    times = [0.0, 1e9, *SECONDS, *(bound * 0.999 for bound in SECONDS), *(bound * 1.001 for bound in SECONDS)]

    assert [bucket_of(each) for each in times] == [bisect_left(SECONDS, each) for each in times]
