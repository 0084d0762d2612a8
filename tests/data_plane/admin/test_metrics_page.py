"""The Prometheus text format."""

from data_plane.admin.metrics_page import Family, Sample, render


def test_counters_and_gauges_are_lines_with_escaped_labels() -> None:
    family = Family("isthmus_requests_total", "counter", "Requests.", [Sample([("route", 'a"\\\n')], 3.0)])
    assert render([family]) == (
        "# HELP isthmus_requests_total Requests.\n"
        "# TYPE isthmus_requests_total counter\n"
        'isthmus_requests_total{route="a\\"\\\\\\n"} 3\n'
    )


def test_histograms_are_cumulative() -> None:
    family = Family("isthmus_seconds", "histogram", "Time.", [Sample([], 2.5, [1, 0, 2])], bounds=(0.1, 1.0))
    assert render([family]).splitlines()[2:] == [
        'isthmus_seconds_bucket{le="0.1"} 1',
        'isthmus_seconds_bucket{le="1"} 1',
        'isthmus_seconds_bucket{le="+Inf"} 3',
        "isthmus_seconds_sum 2.5",
        "isthmus_seconds_count 3",
    ]


def test_a_family_without_series_is_left_out() -> None:
    assert render([Family("isthmus_nothing", "gauge", "Nothing.")]) == "\n"
