"""What a worker tells its agent of one series. A module of its own: messages are decoded by its annotations."""

from typing import NamedTuple


class Delta(NamedTuple):
    """What was added to one series since the last report. `buckets` (not cumulative) for histograms only."""

    name: str
    labels: list[tuple[str, str]]
    value: float
    buckets: list[int] | None = None
