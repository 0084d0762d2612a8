"""The figures of a run are kept in a file, and may be measured again scenario by scenario."""

from pathlib import Path

import pytest

from benchmarks.results import Results, Step, load, save
from tests.fakes.bench import MACHINE, row


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    known = Results(MACHINE, {"envoy": "no network"}, [row(), row("rest_get")], {"api key": Step(10, 11, 1, 1.1)})
    save(known, file)
    assert load(file) == known


def test_rows_are_flat_with_the_fields_that_others_look_for(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    save(Results(rows=[row()]), file)
    for name in ("scenario", "system", "concurrency", "headers", "cpu_us", "rps", "p50_us", "p99_us", "ratio_to_nginx"):
        assert f'"{name}":' in file.read_text()


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert load(tmp_path / "results.json") == Results()


def test_a_scenario_that_is_measured_again_replaces_all_its_rows() -> None:
    before = Results(rows=[row(system="nginx"), row(), row("rest_get")])
    after = before.with_rows([row(cpu_us=25.0)], MACHINE, {})
    assert [(each.point.scenario, each.system, each.cpu_us) for each in after.rows] == [
        ("chat_relay", "isthmus", 25.0),
        ("rest_get", "isthmus", 30.0),
    ]


@pytest.mark.parametrize(("concurrency", "found"), [(1, 10.0), (64, 30.0), (None, 10.0)])
def test_a_row_is_found_by_its_concurrency(concurrency: int | None, found: float) -> None:
    known = Results(rows=[row(concurrency=1, cpu_us=10.0), row()])
    result = known.find("chat_relay", "isthmus", concurrency)
    assert result is not None
    assert result.cpu_us == found


def test_steps_are_replaced_by_name_and_leave_the_date_of_the_rows() -> None:
    before = Results(MACHINE, rows=[row()], steps={"api key": Step(10, 11, 1, 1), "model": Step(10, 14, 4, 4)})
    after = before.with_steps({"model": Step(10, 13, 3, 3)}, {"date": "later"})
    assert after.machine == MACHINE
    assert after.steps == {"api key": Step(10, 11, 1, 1), "model": Step(10, 13, 3, 3)}
