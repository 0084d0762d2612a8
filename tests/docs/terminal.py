"""Runs the blocks of a page one after the other, as one terminal would."""

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile

from tests.docs.markdown import Block, blocks, commands, shows
from tests.docs.world import BIN, UP, World

BLOCK_SECONDS = 60.0
CLUSTER_SECONDS = 180.0  # of blocks that wait for pods
WATCH_SECONDS = 3  # of what runs until it is interrupted
INTERRUPTED = (0, 124, 130)
# What a terminal keeps between two commands: variables and the folder. It begins with those of `make up`.
SESSION = """set -a
if [ -f {state} ]; then . {state}; elif [ -f .isthmus/env ]; then . .isthmus/env; fi
trap 'status=$?; {{ export -p; printf "cd %q\\n" "$PWD"; }} >{state}; exit $status' EXIT
set -eo pipefail
"""


class Terminal:
    """One page's; `run` gives what is wrong, or nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.folder.with_name("state")
        self._printed = ""
        self._groups: list[int] = []  # of processes, some of which may run on in the background

    def close(self) -> None:
        """End what still runs."""
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def run_page(self, page: str) -> str:
        """Stop at the first block that does not do what the page says: later ones build on it."""
        for block in blocks(page):
            wrong = self._take(block)
            if wrong:
                return f"{block.place}: {wrong}"
        return ""

    def _take(self, block: Block) -> str:
        text = self._world.mapped(block.text)
        if "file" in block.markers:
            path = self._world.folder / block.markers["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif "prints" in block.markers:
            return "" if shows(block.text, self._printed) else f"printed was\n{self._printed}\nnot\n{block.text}"
        elif block.is_run:
            return self._run(block)
        return ""

    def _run(self, block: Block) -> str:
        self._printed = ""
        for command, expected in commands(block):
            found = UP.search(command)
            if found:
                self._world.start(found["arguments"] or found["options"] or "")
                self._printed += self._world.welcome()
                command = UP.sub("true", command)
            elif not self._world.is_up and self._world.starts_up:
                self._world.start()
            wrong = self._execute(block, self._world.mapped(command))
            if wrong:
                return wrong
            if not shows(expected, self._printed):
                return f"printed was\n{self._printed}\nnot\n{expected}"
        return ""

    def _execute(self, block: Block, command: str) -> str:
        is_endless = "runs until interrupted" in block.markers
        if block.language == "python":
            script = f"exec {BIN}/python -c {shlex.quote(command)}"
        elif is_endless:
            script = f"exec timeout --signal=INT {WATCH_SECONDS} bash -c {shlex.quote(command)}"
        else:
            script = command
        wanted = INTERRUPTED if is_endless else (int(block.markers.get("exits", "0")),)
        session = SESSION.format(state=shlex.quote(str(self._state)))
        status, printed = self._bash(session + script)
        self._printed += printed
        if status in wanted:
            return ""
        how = "did not end" if status is None else f"exit status {status}"
        return f"{how}, printed:\n{printed}\n{self._world.state()}"

    def _bash(self, script: str) -> tuple[int | None, str]:
        """Exit status, None if it did not end in time, and what was printed."""
        with tempfile.TemporaryFile() as output:  # not a pipe: what runs on in the background would keep it open
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self._world.folder,
                env=self._world.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
            self._groups.append(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(CLUSTER_SECONDS if self._world.cluster else BLOCK_SECONDS)
            status = process.poll()
            if status is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            return status, output.read().decode(errors="replace")


def runnable(page: str) -> bool:
    """Whether there is anything to run."""
    return any(block.is_run for block in blocks(page))
