"""Fronts that close with the test. On the loop of workers, and on the standard library's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
import uvloop

from tests.fakes.front import Front


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Front], Awaitable[Front]]]:
    """Opens fronts. Whatever a test did, nothing is left over when all clients have gone."""
    fronts: list[Front] = []

    async def open_one(front: Front) -> Front:
        fronts.append(front)
        await front.open()
        return front

    yield open_one
    for front in fronts:
        await front.close()
        assert front.listener.exchanges == front.listener.held_bytes == 0
