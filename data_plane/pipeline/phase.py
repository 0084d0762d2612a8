"""A phase of a plan with hooks that wait: it runs in a task, which can be stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from inspect import isawaitable
from typing import TypeVar

from data_plane.exchange import Exchange, Response
from data_plane.pipeline.plan import RequestHook, ResponseHook, Steps
from data_plane.tasks import spawn

Value = TypeVar("Value")


class Phase:
    """One exchange's. Whoever begins it hears once: what came of the hooks, or what they were stopped for."""

    __slots__ = ("_ending", "_exchange", "_failed", "_task")

    def __init__(self, exchange: Exchange, failed: Callable[[Exception], None]) -> None:
        self._exchange = exchange
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self._ending: Callable[[], None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a hook may still do something."""
        return self._task is not None

    def begin_request(self, steps: Steps[RequestHook], then: Callable[[Response | None], None]) -> None:
        # Filters before the first hook have none to run: they are entered, also if the task never takes a step.
        self._exchange.entered = max(self._exchange.entered, steps[0][0] - 1)
        self._spawn(self._request_hooks(steps, then))

    def begin_response(self, steps: Steps[ResponseHook], response: Response, then: Callable[[Response], None]) -> None:
        self._spawn(self._response_hooks(steps, response, then))

    def stop(self, then: Callable[[], None]) -> None:
        """Do `then` once no hook is running any more."""
        if self._task is not None:
            self._ending = then
            self._task.cancel()

    async def _request_hooks(self, steps: Steps[RequestHook], then: Callable[[Response | None], None]) -> None:
        answer: Response | None = None
        try:
            for position, hook in steps:
                self._exchange.entered = position
                answer = await _settled(hook(self._exchange))
                if answer is not None or self._ending is not None:
                    break
        except Exception as error:  # noqa: BLE001 - the run logs it
            self._leave(partial(self._failed, error))
        else:
            self._leave(partial(then, answer))

    async def _response_hooks(
        self, steps: Steps[ResponseHook], response: Response, then: Callable[[Response], None]
    ) -> None:
        try:
            for position, hook in steps:
                if position <= self._exchange.entered and self._ending is None:
                    response = await _settled(hook(self._exchange, response))
        except Exception as error:  # noqa: BLE001 - the run logs it
            self._leave(partial(self._failed, error))
        else:
            self._leave(partial(then, response))

    def _spawn(self, hooks: Coroutine[None, None, None]) -> None:
        self._task = spawn(hooks)
        self._task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        # Not `except CancelledError` around the hooks: a task cancelled before its first step never gets there.
        if task.cancelled():
            self._leave(partial(self._failed, RuntimeError("a hook was cancelled")))

    def _leave(self, then: Callable[[], None]) -> None:
        """Do `then`, unless the hooks were stopped for something else: some end on their own all the same."""
        self._task = None
        ending, self._ending = self._ending, None
        (ending or then)()


async def _settled(value: Value | Awaitable[Value]) -> Value:
    if isawaitable(value):
        return await value
    return value
