"""The time of day, where a date is meant: what ends at one."""

from datetime import UTC, datetime


def wall_clock() -> float:
    """Seconds since 1970."""
    return datetime.now(UTC).timestamp()
