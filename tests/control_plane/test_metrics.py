"""The text that Prometheus reads."""

from control_plane.metrics import Labels, Metrics


def test_counters_histograms_and_gauges_are_written() -> None:
    metrics = Metrics()
    metrics.requests.add(route='/a"b', status="200")
    metrics.requests.add(route='/a"b', status="200")
    metrics.store_seconds.observe(0.02, operation="get")
    page = metrics.page(
        {"isthmus_up": ("Up.", True), "isthmus_revision": ("It.", 12_345_678), "isthmus_acks_total": ("Acks.", 2)}
    )
    assert 'isthmus_control_plane_requests_total{route="/a\\"b",status="200"} 2\n' in page
    assert 'isthmus_control_plane_store_seconds_bucket{operation="get",le="0.01"} 0\n' in page
    assert 'isthmus_control_plane_store_seconds_bucket{operation="get",le="0.05"} 1\n' in page
    assert 'isthmus_control_plane_store_seconds_bucket{operation="get",le="+Inf"} 1\n' in page
    assert "# TYPE isthmus_up gauge\nisthmus_up 1\n" in page
    assert "\nisthmus_revision 12345678\n" in page
    assert "# TYPE isthmus_acks_total counter\nisthmus_acks_total 2\n" in page
    failures = 'isthmus_control_plane_store_failures_total{operation="transact",reason="unavailable"}'
    assert f"{failures} 0\n" in page
    metrics.store_failures.add(operation="transact", reason="unavailable")
    assert f"{failures} 1\n" in metrics.page({})


def test_a_gauge_may_have_a_value_for_each_of_several_labels() -> None:
    values: dict[Labels, float] = {(("certificate", "api"),): 60.0, (("certificate", "etcd"),): -1.5}
    page = Metrics().page({"isthmus_left": ("Left.", values), "isthmus_none": ("None.", {})})
    assert (
        '# TYPE isthmus_left gauge\nisthmus_left{certificate="api"} 60\nisthmus_left{certificate="etcd"} -1.5\n' in page
    )
    assert page.endswith("# TYPE isthmus_none gauge\n")
