"""Expiry times as people write them."""

from datetime import UTC, datetime

import click
import pytest

from control_plane.cli.expiry import parse_expiry

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("90m", "2026-11-24T11:30:00Z"),
        ("12h", "2026-11-24T22:00:00Z"),
        ("30d", "2026-12-24T10:00:00Z"),
        ("2027-12-31", "2028-01-01T00:00:00Z"),
        ("2027-12-31T12:00:00Z", "2027-12-31T12:00:00Z"),
        ("2027-12-31T12:00:00+02:00", "2027-12-31T10:00:00Z"),
        ("2027-12-31T12:00:00", "2027-12-31T12:00:00Z"),
    ],
)
def test_lengths_dates_and_times_are_understood(written: str, expected: str) -> None:
    assert parse_expiry(written, NOW) == expected


@pytest.mark.parametrize("written", ["", "soon", "0d", "-1d", "1w", "2027-13-01", "99999999999d", "9999-12-31"])
def test_other_forms_are_refused(written: str) -> None:
    with pytest.raises(click.BadParameter, match="must be like '90d'"):
        parse_expiry(written, NOW)
