"""A program that is started anew."""

import asyncio
import sys
from pathlib import Path

import pytest

from data_plane.agent import upgrade as upgrade_module
from data_plane.agent.upgrade import obstacle, upgrade


@pytest.mark.parametrize(
    ("environment", "pid", "words"),
    [({}, 100, ""), ({}, 1, "a container ends"), ({"ISTHMUS_DIE_WITH_PARENT": "1"}, 100, "the parent")],
)
def test_some_processes_cannot_be_followed(environment: dict[str, str], pid: int, words: str) -> None:
    assert words in obstacle(environment, pid) and bool(words) == bool(obstacle(environment, pid))


async def test_it_is_told_to_take_over_and_let_go_when_it_has(tmp_path: Path) -> None:
    script = (
        "import os, sys, time; open(sys.argv[1], 'w').write(os.environ['ISTHMUS_TAKE_OVER'])\n"
        "while os.path.exists(sys.argv[1]): time.sleep(0.05)"
    )
    has_followed = asyncio.Event()
    running = asyncio.get_running_loop().create_task(
        upgrade([sys.executable, "-c", script, str(tmp_path / "out")], {}, has_followed)
    )
    async with asyncio.timeout(10):
        while not (tmp_path / "out").exists() or not (tmp_path / "out").read_text():
            await asyncio.sleep(0.01)
    assert (tmp_path / "out").read_text() == "1" and not running.done()
    has_followed.set()
    assert await running
    (tmp_path / "out").unlink()  # which ends it


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "status=3"),
        ([sys.executable, "-c", "import time; time.sleep(20)"], "it does not serve in time"),
        (["/none"], "No such file"),
    ],
)
async def test_one_that_fails_is_gone_with_a_word(
    command: list[str], words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upgrade_module, "UPGRADE_SECONDS", 0.5 if "sleep" in command[-1] else 10.0)
    assert not await upgrade(command, {}, asyncio.Event())
    assert any(words in record.getMessage() for record in caplog.records)
