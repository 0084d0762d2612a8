"""Children of `isthmus up`: real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from control_plane.cli.children import LOG_BYTES, Children, tail
from control_plane.cli.errors import CliError

DEADLINE_SECONDS = 20.0
# Says that it runs, and then what becomes of SIGTERM.
PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, {handler})
print("ready", os.environ.get("COLOUR"), os.environ["ISTHMUS_DIE_WITH_PARENT"], flush=True)
while True:
    time.sleep(60)
"""
OBEDIENT = PROGRAM.format(handler="lambda *_: sys.exit(print('bye', flush=True))")
STUBBORN = PROGRAM.format(handler="signal.SIG_IGN")


def until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def is_alive(pid: int) -> bool:
    """Whether it runs; one that is dead and not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_output_goes_to_a_log_and_the_end_is_asked_for_first(tmp_path: Path) -> None:
    children = Children(tmp_path)
    child = children.start("greeter", python(OBEDIENT), env={"COLOUR": "red"})
    until(lambda: "ready" in child.log.read_text(), "the child runs")
    await children.stop()
    assert child.process.returncode == 0
    assert (tmp_path / "greeter.log").read_text() == "ready red 1\nbye\n"


async def test_what_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    children = Children(tmp_path)
    child = children.start("stubborn", python(STUBBORN), stop_seconds=0.1)
    until(lambda: "ready" in child.log.read_text(), "the child runs")
    await children.stop()
    assert child.process.returncode == -signal.SIGKILL


async def test_the_last_started_is_stopped_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    program = PROGRAM.format(handler=f"lambda *_: sys.exit(print(sys.argv[1], file=open({str(order)!r}, 'a')))")
    children = Children(tmp_path)
    started = [children.start(name, [*python(program), name]) for name in ("first", "second")]
    until(lambda: all("ready" in child.log.read_text() for child in started), "the children run")
    await children.stop()
    assert order.read_text().split() == ["second", "first"]


async def test_a_child_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    children = Children(tmp_path)
    children.start("steady", python(OBEDIENT))
    assert children.find_ended() is None
    children.start("brief", python("import sys; sys.exit(3)"))
    ended = await children.wait_for_end()
    assert (ended.name, ended.process.returncode) == ("brief", 3)
    await children.stop()


async def test_an_adopted_child_is_watched_and_stopped(tmp_path: Path) -> None:
    children = Children(tmp_path)
    process = subprocess.Popen(["sleep", "60"], process_group=0)
    children.adopt("sleeper", process, tmp_path / "sleeper.log")
    await children.stop()
    assert process.returncode == -signal.SIGTERM


async def test_a_log_begins_anew_when_it_has_grown_large(tmp_path: Path) -> None:
    log = tmp_path / "brief.log"
    for size, expected in ((LOG_BYTES, LOG_BYTES + 3), (LOG_BYTES + 1, 3)):
        with log.open("wb") as file:
            file.truncate(size)
        children = Children(tmp_path)
        child = children.start("brief", python("print('hi')"))
        child.process.wait(DEADLINE_SECONDS)
        await children.stop()
        assert log.stat().st_size == expected


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"cannot start the greeter: .*No such file or directory"):
        Children(tmp_path / "none").start("greeter", python(OBEDIENT))


def test_children_die_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        python(
            "import time\nfrom pathlib import Path\nfrom control_plane.cli.children import Children\n"
            f"child = Children(Path({str(tmp_path)!r})).start('stubborn', {python(STUBBORN)!r})\n"
            "print(child.process.pid, flush=True)\ntime.sleep(60)\n"
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: "ready" in (tmp_path / "stubborn.log").read_text(), "the child runs")
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
    until(lambda: not is_alive(pid), "the child dies")


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert tail(log) == ()
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(10_000)) + b"\xff\n")
    assert tail(log, lines=2) == ("  line 9999", "  \ufffd")
