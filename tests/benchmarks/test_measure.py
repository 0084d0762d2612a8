"""A short bench of nginx and of ours, as real processes."""

from pathlib import Path

from benchmarks import nginx
from benchmarks.measure import Bench, Plan
from benchmarks.samples import FLOOR, INTERPRETED, Point, rows
from benchmarks.site import Site
from benchmarks.systems import SYSTEMS, System, other

CHAT, REST, STREAMS = (Point(name, 4, 17) for name in ("chat_relay", "rest_get", "sse_paced"))


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


def test_a_system_that_does_not_start_is_missing_and_the_others_are_measured(tmp_path: Path) -> None:
    systems = {FLOOR: SYSTEMS[FLOOR], "other": other("false")}
    bench = Bench(tmp_path, Plan({CHAT: 1}, systems, seconds=1))
    bench.run()
    assert list(bench.samples[CHAT]) == [FLOOR]
    assert len(bench.failures) == 1
    assert bench.failures[0].startswith("other does not serve")


def without_services(site: Site) -> list[str]:
    """An nginx that relays chat-only."""
    command = nginx.floor_command(site)
    file = site.folder / "nginx.conf"
    file.write_text(file.read_text().replace("location / {", "location / { return 404;"))
    return command


def test_a_system_that_fails_its_requests_is_missing_at_that_point(tmp_path: Path) -> None:
    systems = {FLOOR: SYSTEMS[FLOOR], "chat-only": System(without_services)}
    bench = Bench(tmp_path, Plan({CHAT: 1, REST: 1}, systems, seconds=1))
    bench.run()
    assert [list(bench.samples[point]) for point in (CHAT, REST)] == [[FLOOR, "chat-only"], [FLOOR]]
    assert [failure.split(":")[0] for failure in bench.failures] == ["chat-only, rest_get, left out"]
