"""The bounded folder of call records."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from data_plane.telemetry import sums as sums_module
from data_plane.telemetry.spool import Spool


def line(number: int, hour: str = "2026-11-24T10", model: str = "m") -> bytes:
    record = {
        "id": number,
        "started": f"{hour}:00:00Z",
        "tenant": "t",
        "application": "a",
        "model": model,
        "version": "v1",
        "usage": {"input_uncached": 3, "output": number},
        "charged": 10,
    }
    return json.dumps(record).encode() + b"\n"


def details(folder: Path) -> list[int]:
    files = [*sorted(folder.glob("records-*.jsonl")), folder / "records.jsonl"]
    return [json.loads(each)["id"] for file in files if file.exists() for each in file.read_bytes().splitlines()]


def sums(folder: Path) -> list[dict[str, object]]:
    return [json.loads(each) for each in (folder / "sums.jsonl").read_bytes().splitlines()[1:]]


def folder_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_records_are_lines_that_survive_a_restart(tmp_path: Path) -> None:
    for start in (0, 2):
        spool = Spool(tmp_path, 1_000_000)
        spool.append(line(start) + line(start + 1), 2)
        spool.close()
    assert details(tmp_path) == [0, 1, 2, 3]


def test_a_line_that_a_kill_has_cut_short_is_taken_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    spool.append(line(0) + line(1)[:20], 1)
    spool.close()
    again = Spool(tmp_path, 1_000_000)
    again.append(line(2), 1)
    again.close()
    assert details(tmp_path) == [0, 2]


def test_a_full_folder_keeps_the_newest_in_detail_and_the_sum_of_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 16_000)
    for number in range(500):
        spool.append(line(number), 1)
        assert folder_bytes(tmp_path) <= 16_000 + 2_000
    spool.close()
    kept = details(tmp_path)
    (folded,) = sums(tmp_path)
    assert kept == list(range(500 - len(kept), 500))
    assert len(kept) > 50
    assert folded["calls"] == spool.folded == 500 - len(kept)
    assert folded["usage"] == {"input_uncached": 3 * (500 - len(kept)), "output": sum(range(500 - len(kept)))}
    assert folded["charged"] == 10 * (500 - len(kept))
    assert (spool.stored, spool.lost) == (500, 0)


def test_sums_are_kept_apart_by_hour_and_model_and_go_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        spool = Spool(tmp_path, 100)
        spool.append(line(1) + line(2, hour="2026-11-24T11") + line(3, model="n"), 3)
        spool.close()
    counted = {(each["hour"], each["model"]): each["calls"] for each in sums(tmp_path)}
    assert counted == {("2026-11-24T10", "m"): 2, ("2026-11-24T11", "m"): 2, ("2026-11-24T10", "n"): 2}


def test_a_segment_is_not_folded_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 16_000)
    for number in range(200):
        spool.append(line(number), 1)
    spool.close()
    folded = json.loads((tmp_path / "sums.jsonl").read_bytes().splitlines()[0])["foldedSegment"]
    (tmp_path / f"records-{folded:08}.jsonl").write_bytes(line(0))  # as if killed between the sums and the removal
    again = Spool(tmp_path, 16_000)
    again.close()
    assert not (tmp_path / f"records-{folded:08}.jsonl").exists()


def full_disk(written: int) -> Callable[[int, bytes, int], int]:
    def pwrite(descriptor: int, content: bytes, offset: int) -> int:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, content[:written])

    return pwrite


def test_a_full_disk_costs_detail_but_no_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, 1_000_000)
    spool.append(line(0), 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full_disk(10))
        spool.append(line(1) + line(2), 2)
        assert details(tmp_path) == [0]
    spool.append(line(3), 1)
    spool.close()
    assert details(tmp_path) == [0, 3]
    assert (spool.stored, spool.folded, spool.lost) == (2, 2, 0)
    assert [each["calls"] for each in sums(tmp_path)] == [2]


def test_a_folder_that_cannot_be_written_costs_no_error_and_the_counts_are_exact(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "records", 1_000_000)
    spool.append(line(0) + b"no record\n", 2)
    spool.close()
    assert (spool.stored, spool.folded, spool.lost) == (0, 1, 1)


def test_sums_are_bounded_too_and_the_oldest_hour_is_counted_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums_module, "MAX_SUMS", 3)
    spool = Spool(tmp_path, 1)
    for hour in range(5):
        spool.append(line(hour, hour=f"2026-11-24T{hour:02}"), 1)
    spool.close()
    assert [each["hour"] for each in sums(tmp_path)] == ["2026-11-24T02", "2026-11-24T03", "2026-11-24T04"]
    assert spool.lost == 2
