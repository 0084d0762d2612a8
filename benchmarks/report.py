"""Tables of the figures: for the terminal and for the documents."""

import os
import platform
from collections.abc import Sequence

from benchmarks.samples import Row


def console_table(rows: Sequence[Row]) -> str:
    """Medians of all rounds, one line a row."""
    lines = [
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        f"{'scenario':<18} {'c':>4} {'h':>3} {'system':<10} {'cpu us':>8} {'min':>8} {'user':>7} {'kernel':>7}"
        f" {'x nginx':>8} {'rps':>7} {'p50 us':>7} {'p99 us':>7} {'load':>5}  by process",
    ]
    for row in rows:
        point = row.point
        roles = (
            ", ".join(f"{role} {used:.2f}" for role, used in sorted(row.roles.items())) if len(row.roles) > 1 else ""
        )
        lines.append(
            f"{point.scenario:<18} {point.concurrency:>4} {point.headers:>3} {row.system:<10} {row.cpu_us:>8.2f}"
            f" {row.cpu_us_min:>8.2f} {row.user_us:>7.2f} {row.system_us:>7.2f} {_ratio(row):>8} {row.rps:>7.0f}"
            f" {row.p50_us:>7.0f} {row.p99_us:>7.0f} {row.load_busy:>5.2f}  {roles}".rstrip()
        )
    return "\n".join(lines)


def _ratio(row: Row) -> str:
    return "-" if row.ratio_to_nginx is None else f"{row.ratio_to_nginx:.2f}"
