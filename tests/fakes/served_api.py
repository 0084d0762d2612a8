"""The REST API on the store in memory, served from a thread, for commands that run an event loop of their own."""

import asyncio
import contextlib
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from tests.fakes.rest_api import RestApi, rest_api

DEADLINE_SECONDS = 20.0
Result = TypeVar("Result")


@dataclass
class ServedApi:
    """`api` belongs to the thread's loop: use it through `ask`."""

    api: RestApi
    loop: asyncio.AbstractEventLoop
    url: str
    token: str

    def ask(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run in the API's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(DEADLINE_SECONDS)


@contextlib.contextmanager
def served_api() -> Iterator[ServedApi]:
    """One API in a thread of its own. `ISTHMUS_ADMIN_TOKEN` is the caller's to set."""
    started: Future[ServedApi] = Future()
    stop = asyncio.Event()

    async def serve() -> None:
        async with rest_api() as api:
            url = str(api.client.make_url("")).rstrip("/")
            started.set_result(ServedApi(api, asyncio.get_running_loop(), url, api.tokens["admin"]))
            await stop.wait()

    def in_thread() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # told to the test, whatever it is
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    try:
        served = started.result(DEADLINE_SECONDS)
        try:
            yield served
        finally:
            served.loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join(DEADLINE_SECONDS)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of standard output, each without runs of spaces."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


class Isthmus(Protocol):
    """Runs a command with the API's address and token in its environment."""

    def __call__(self, *arguments: str, stdin: str = "") -> Ran: ...


class Following:
    """A command in a process of its own, read line by line while it runs. Inherits the environment."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "control_plane.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        """The next line of standard output."""
        line = self.line_within(DEADLINE_SECONDS)
        assert line, "no line came"
        return line

    def line_within(self, seconds: float) -> str:
        """The next line; empty if none comes in time. Lines that come at once may be held back until the next."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline().rstrip("\n") if ready else ""

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit status. Nothing may be said about it."""
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=DEADLINE_SECONDS)
        assert not said.strip(), said
        return self._process.returncode
