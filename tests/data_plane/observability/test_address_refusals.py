"""Refusals by address are all counted and hardly logged."""

import logging

import pytest

from data_plane.observability.address_refusals import LOG_SECONDS, AddressRefusals
from data_plane.observability.metrics import Metrics


def test_all_are_counted_and_one_in_ten_seconds_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    metrics = Metrics()
    refusals = AddressRefusals(metrics)

    for tenth in range(int(LOG_SECONDS * 10) + 1):
        refusals.count("rate", "192.0.2.1", tenth / 10)
    refusals.count("policy", "192.0.2.2", 0.0)

    assert {labels[0]: series.value for labels, series in metrics.address_refused.items()} == {"rate": 101, "policy": 1}
    assert [record.getMessage() for record in caplog.records] == [
        "refused by address reason=rate address=192.0.2.1 others_since=0",
        "refused by address reason=rate address=192.0.2.1 others_since=99",
        "refused by address reason=policy address=192.0.2.2 others_since=0",
    ]
