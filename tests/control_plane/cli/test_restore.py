"""`export --sealed`, `restore` and `snapshot` against the API."""

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.backup import lead
from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "{apiVersion: isthmus.dev/v1, kind: Team, metadata: {name: %s}, spec: {}}"


@pytest.fixture
def leader(api: ServedApi) -> Iterator[None]:
    """Finishes restores."""

    async def lead_on() -> None:
        while True:
            await lead(api.api.store)
            await asyncio.sleep(0.02)

    running = asyncio.run_coroutine_threadsafe(lead_on(), api.loop)
    yield
    running.cancel()


@pytest.fixture
def backup(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> Path:
    isthmus("apply", "-f", "-", stdin=TEAM % "red")
    ran = isthmus("export", "--sealed", str(tmp_path / "backup"))
    assert (ran.status, ran.out) == (0, "")
    return tmp_path / "backup"


def test_a_backup_is_for_its_owner_only_and_says_what_it_needs(isthmus: Isthmus, backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [file.name for file in backup.parent.iterdir() if file.is_file()] == ["backup"]
    ran = isthmus("export", "--sealed", str(backup), "--no-history", "--no-audit")
    assert ran.err.splitlines()[0] == f"{backup}: 3 resources, 3 admin tokens"
    assert ran.err.splitlines()[1].startswith("master keys needed to restore it, which are not in it: ")


@pytest.mark.usefixtures("leader")
def test_what_is_restored_is_there_again(isthmus: Isthmus, backup: Path) -> None:
    isthmus("delete", "team", "red")
    isthmus("apply", "-f", "-", stdin=TEAM % "blue")
    refused = isthmus("restore", str(backup))
    assert (refused.status, "create 1, replace 0 and delete 1" in refused.err) == (5, True)
    dry = isthmus("restore", str(backup), "--dry-run")
    assert "RESOURCES" not in dry.out and "resources 1 0 1 2" in dry.lines
    assert dry.err == "dry run: nothing was changed; the store has resources, so it needs --accept\n"
    ran = isthmus("restore", str(backup), "--accept")
    assert (ran.status, ran.lines[-1].startswith("restored; epoch")) == (0, True)
    assert [line.split()[1] for line in isthmus("get", "teams").lines[1:]] == ["red"]
    again = isthmus("restore", str(backup), "--accept")
    assert again.lines[-1] == "this backup was restored before, and nothing has changed since"
    assert "state: Finished" in isthmus("restore", "--status").lines


def test_a_wait_that_is_too_long_says_that_it_goes_on(isthmus: Isthmus, backup: Path) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM % "blue")
    ran = isthmus("restore", str(backup), "--accept", "--timeout", "1")
    assert (ran.status, "`isthmus restore --status`" in ran.err) == (7, True)


def test_without_a_file_the_store_is_announced(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("restore", "--accept").out.endswith("announced: replicas take what the store has\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("--dry-run",), ("--status", "--accept")],
    ids=" ".join,
)
def test_what_makes_no_sense_is_wrong_usage(isthmus: Isthmus, arguments: tuple[str, ...]) -> None:
    assert isthmus("restore", *arguments).status == 2


def test_a_damaged_file_is_not_sent(isthmus: Isthmus, backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-1])
    ran = isthmus("restore", str(backup), "--accept")
    assert (ran.status, ran.err) == (3, f"isthmus: {backup} is no backup that can be restored: it is cut short\n")


def test_an_export_that_is_refused_leaves_no_file(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    place = tmp_path / "here"
    place.mkdir()
    assert isthmus("--url", "http://127.0.0.1:1", "export", "--sealed", str(place / "backup")).status == 7
    assert isthmus("snapshot", "--output", str(place / "snapshot")).status == 5
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("more", [("--tenant", "a"), ("--output", "x")], ids=" ".join)
def test_a_backup_is_of_everything(isthmus: Isthmus, tmp_path: Path, more: tuple[str, ...]) -> None:
    assert isthmus("export", "--sealed", str(tmp_path / "b"), *more).status == 2
    assert isthmus("export", "--no-audit").status == 2
