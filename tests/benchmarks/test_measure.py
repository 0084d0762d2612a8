"""A short bench of nginx and of ours, as real processes."""

from pathlib import Path

from benchmarks.measure import Bench, Plan
from benchmarks.samples import FLOOR, INTERPRETED, Point, rows
from benchmarks.systems import SYSTEMS

CHAT, STREAMS = Point("chat_relay", 4, 17), Point("sse_paced", 4, 17)


def test_both_are_measured_in_turns_with_time_by_process(tmp_path: Path) -> None:
    systems = {name: SYSTEMS[name] for name in (FLOOR, INTERPRETED)}
    bench = Bench(tmp_path, Plan({CHAT: 1, STREAMS: 1}, systems, seconds=1))
    bench.run()
    found = rows(bench.samples)
    assert [(row.point, row.system) for row in found] == [
        (point, name) for point in (CHAT, STREAMS) for name in (FLOOR, INTERPRETED)
    ]
    for floor, ours in (found[:2], found[2:]):
        assert floor.ratio_to_nginx == 1
        assert ours.ratio_to_nginx is not None
        assert ours.cpu_us > 0 < ours.roles["worker"] < ours.roles["worker"] + ours.roles["agent"]
