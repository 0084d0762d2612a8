"""Runs the blocks of a page one after the other, as one terminal would."""

import shlex
import subprocess

from tests.docs.markdown import Block, blocks, commands, shows
from tests.docs.world import BIN, UP, World

BLOCK_SECONDS = 60.0
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

    def run_page(self, page: str) -> list[str]:
        """Stops at the first block that does not do what the page says: later ones build on it."""
        for block in blocks(page):
            wrong = self._take(block)
            if wrong:
                return [f"{block.place}: {wrong}"]
        return []

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
            elif not self._world.is_up:
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
        session = SESSION.format(state=shlex.quote(str(self._state)))
        try:
            done = subprocess.run(
                ["bash", "-c", session + script],
                cwd=self._world.folder,
                env=self._world.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=BLOCK_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"did not end within {BLOCK_SECONDS:g} s"
        self._printed += done.stdout
        wanted = INTERRUPTED if is_endless else (int(block.markers.get("exits", "0")),)
        if done.returncode in wanted:
            return ""
        ended = "" if self._world.is_up else f"\n`isthmus up` has ended:\n{self._world.welcome()}"
        return f"exit status {done.returncode}, printed:\n{done.stdout}{ended}"


def runnable(page: str) -> bool:
    """Whether there is anything to run."""
    return any(block.is_run for block in blocks(page))
