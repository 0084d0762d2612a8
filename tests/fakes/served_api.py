"""The REST API on the store in memory, served from a thread, for commands that run an event loop of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from control_plane.cli.main import run
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

    def isthmus(self, *arguments: str) -> int:
        """Run a command against the API; what it prints is for `capsys`."""
        self.ask(self.api.caught_up())
        return run([f"--url={self.url}", *arguments])


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
