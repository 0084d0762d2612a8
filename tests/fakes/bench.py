"""A row of a bench's figures."""

from collections.abc import Mapping

from benchmarks.samples import Point, Row

MACHINE = {"date": "2026-11-24", "commit": "abc", "machine": "m", "nginx": "1.22.1"}


def row(
    scenario: str = "chat_relay",
    system: str = "isthmus",
    *,
    concurrency: int = 64,
    cpu_us: float = 30.0,
    ratio: float | None = 1.5,
    extra: Mapping[str, float] | None = None,
) -> Row:
    """Figures that look like some; `cpu_us` is median and minimum."""
    return Row(
        Point(scenario, concurrency, 17),
        system,
        rounds=3,
        cpu_us=cpu_us,
        cpu_us_min=cpu_us,
        user_us=20.0,
        system_us=10.0,
        roles={"worker": cpu_us - 1, "agent": 1.0},
        rps=1000,
        p50_us=100,
        p99_us=200,
        load_busy=0.5,
        extra=extra or {"rss_mib": 60.0},
        ratio_to_nginx=ratio,
    )
