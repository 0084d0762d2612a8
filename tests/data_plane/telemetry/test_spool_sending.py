"""What leaves the spool for a collector: claimed for good, never also summed up."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data_plane.telemetry.folder_lock import FolderLock
from data_plane.telemetry.spool import Spool
from data_plane.telemetry.sums import read_sums
from tests.data_plane.telemetry.test_spool import line

LIMIT = 16_000


def ids(files: list[Path]) -> list[int]:
    return [json.loads(each)["id"] for file in files for each in file.read_bytes().splitlines()]


def fill(spool: Spool, numbers: range) -> None:
    for number in numbers:
        spool.append(line(number), 1)


def drain(spool: Spool) -> list[int]:
    """All that can be sent."""
    found: list[int] = []
    while files := spool.claim_records():
        found += ids(files)
        for file in files:
            spool.forget(file)
    return found


def calls(spool: Spool) -> int:
    return sum(each.calls for file in spool.claim_sums() for each in read_sums(file.read_bytes())[1])


def test_what_is_being_written_is_claimed_and_what_comes_then_is_apart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    fill(spool, range(2))
    claimed = spool.claim_records()
    fill(spool, range(2, 4))
    assert spool.claim_records() == claimed
    assert ids(claimed) == [0, 1]
    before = spool.has_records
    spool.forget(claimed[0])
    assert drain(spool) == [2, 3]
    assert (before, spool.has_records, spool.size_bytes) == (True, False, 0)


def test_what_is_claimed_comes_again_after_a_kill(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    fill(spool, range(2))
    spool.claim_records()
    spool.close()
    again = Spool(tmp_path, 1_000_000)
    fill(again, range(2, 4))
    assert drain(again) == [0, 1, 2, 3]


def test_what_is_claimed_is_never_folded(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    fill(spool, range(3))
    claimed = spool.claim_records()
    fill(spool, range(3, 300))
    assert spool.folded > 100
    assert spool.size_bytes <= LIMIT + 2000
    assert ids(claimed) == [0, 1, 2]
    sent = drain(spool)
    assert len(sent) == len(set(sent)) == 300 - spool.folded
    assert calls(spool) == spool.folded


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
def test_sums_that_are_claimed_grow_no_more(tmp_path: Path, restarts: bool) -> None:
    spool = Spool(tmp_path, LIMIT)
    fill(spool, range(300))
    (first,) = spool.claim_sums()
    content, folded = first.read_bytes(), spool.folded
    if restarts:
        spool.close()
        spool = Spool(tmp_path, LIMIT)
    fill(spool, range(300, 600))
    kept, second = spool.claim_sums()
    assert (kept, first.read_bytes()) == (first, content)
    tables = [read_sums(file.read_bytes()) for file in (first, second)]
    assert tables[0][0] != tables[1][0]
    total = sum(each.calls for _, sums in tables for each in sums)
    assert total + len(drain(spool)) == 600
    assert total > folded


def test_a_kill_between_two_tables_folds_nothing_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    fill(spool, range(300))
    (first,) = spool.claim_sums()
    (tmp_path / "sums.jsonl").unlink()  # killed before the next table was begun
    folded = json.loads(first.read_bytes().splitlines()[0])["foldedSegment"]
    (tmp_path / f"records-{folded:08}.jsonl").write_bytes(line(0))  # and before a folded segment was removed
    spool.close()
    again = Spool(tmp_path, LIMIT)
    assert not (tmp_path / f"records-{folded:08}.jsonl").exists()
    assert len(drain(again)) + calls(again) == 300


def left_behind(folder: Path) -> tuple[list[int], int]:
    """A spool whose process was killed: with records, some of them claimed, and sums."""
    left = Spool(folder, LIMIT)
    fill(left, range(300))
    left.claim_records()
    fill(left, range(300, 310))
    left.save()
    left.close()
    files = [*folder.glob("records*.jsonl"), *folder.glob("sending-*.jsonl")]
    return sorted(ids(files)), 310 - len(ids(files))


@pytest.mark.parametrize("is_last", [False, True])
def test_what_another_has_left_is_adopted_whole(tmp_path: Path, is_last: bool) -> None:
    details, summed = left_behind(tmp_path / "other")
    spool = Spool(tmp_path / "own", 1_000_000)
    fill(spool, range(1000, 1002))
    for _ in range(2):
        if (tmp_path / "other").exists():
            spool.adopt(tmp_path / "other", is_last=is_last)
    assert sorted(drain(spool)) == [*details, 1000, 1001]
    assert calls(spool) == summed
    assert (tmp_path / "other").exists() is not is_last


def test_adopted_sums_say_nothing_of_our_segments(tmp_path: Path) -> None:
    left_behind(tmp_path / "other")
    spool = Spool(tmp_path / "own", 160_000)
    fill(spool, range(1000, 1200))
    assert (tmp_path / "own" / "records-00000001.jsonl").exists()
    spool.adopt(tmp_path / "other", is_last=True)
    spool.close()
    assert set(range(1000, 1200)) < set(drain(Spool(tmp_path / "own", 160_000)))


def test_a_kill_amid_an_adoption_leaves_a_table_under_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(tmp_path / "other")
    spool = Spool(tmp_path / "own", 1_000_000)
    unlink: Callable[..., None] = Path.unlink

    def kill(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("sums-") and path.parent.name == "other":
            raise OSError(5, "killed here")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", kill)
    with pytest.raises(OSError, match="killed here"):
        spool.adopt(tmp_path / "other", is_last=True)
    monkeypatch.undo()
    spool.adopt(tmp_path / "other", is_last=True)
    tables = {read_sums(file.read_bytes())[0] for file in spool.claim_sums()}
    assert len(spool.claim_sums()) == 2
    assert len(tables) == 1


def test_a_folder_that_is_written_to_is_left_alone(tmp_path: Path) -> None:
    other, spool = Spool(tmp_path / "other", LIMIT), Spool(tmp_path / "own", LIMIT)
    fill(other, range(2))
    spool.adopt(tmp_path / "other", is_last=True)
    fill(other, range(2, 4))
    assert drain(spool) == []
    assert drain(other) == [0, 1, 2, 3]


def test_a_lock_is_held_once_and_its_removal_makes_way(tmp_path: Path) -> None:
    first = FolderLock.acquire(tmp_path)
    assert first is not None
    assert FolderLock.acquire(tmp_path) is None
    first.remove()
    second = FolderLock.acquire(tmp_path)
    assert second is not None
    first.release()
    second.release()
    assert FolderLock.acquire(tmp_path) is not None
