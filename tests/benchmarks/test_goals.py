"""Goals are told from the figures, and a goal without figures is neither met nor missed."""

import pytest

from benchmarks.goals import GOALS, SCALE, verdicts
from benchmarks.results import Results, Step
from benchmarks.samples import Row
from tests.fakes.bench import row

STEPS = {SCALE: Step(20.0, 20.4, 0.4, 0.1)}
CHAT = row(cpu_us=30.0, ratio=2.1)


@pytest.mark.parametrize(
    ("statement", "rows", "figure", "met"),
    [
        ("chat, c=64, 17 header fields", [CHAT, row(concurrency=1, ratio=9.0)], 2.1, False),
        ("the same, beside Envoy", [CHAT, row(system="envoy", cpu_us=40.0)], 0.75, True),
        ("burst streams, a stream", [row("sse_burst", concurrency=16, ratio=1.0)], 1.0, True),
        ("TLS with clients, added", [CHAT, row("chat_relay_tls_in", cpu_us=41.5)], 11.5, True),
        ("half load, added p99", [row("half_load", extra={"added_p99_us": 1500.0})], 1500.0, False),
        ("10,000 idle connections, each", [row("idle_connections", extra={"bytes_per_connection": 5120.0})], 5.0, True),
        (f"{SCALE}, added", [], 0.4, True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_goal_is_compared_with_its_figure(statement: str, rows: list[Row], figure: float, met: bool) -> None:
    (verdict,) = [each for each in verdicts(Results(rows=rows, steps=STEPS)) if each.goal.statement == statement]
    assert verdict.figure == pytest.approx(figure)
    assert verdict.met is met


def test_without_figures_nothing_is_said() -> None:
    assert [each.met for each in verdicts(Results())] == [None] * len(GOALS)
