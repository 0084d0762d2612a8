"""Upstreams on real sockets, and a clock that the test moves. On the loop of workers, and on the standard library's."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
import uvloop

from data_plane.deadlines import Deadlines
from data_plane.upstream.pool import Pools
from tests.fakes.gateway import FakeClock
from tests.fakes.upstream import Script, ScriptedUpstream

OpenUpstream = Callable[..., Awaitable[ScriptedUpstream]]
PassTime = Callable[[float], None]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("resolver"):
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1000.0)


@pytest.fixture
def deadlines(clock: FakeClock) -> Deadlines:
    return Deadlines(clock)


@pytest.fixture
async def pools(deadlines: Deadlines) -> AsyncIterator[Pools]:
    made = Pools(deadlines)
    yield made
    made.close()


@pytest.fixture
async def open_upstream() -> AsyncIterator[OpenUpstream]:
    """Opens an upstream with a script; it closes with the test."""
    opened: list[ScriptedUpstream] = []

    async def open_one(script: Script | None = None, tls: ssl.SSLContext | None = None) -> ScriptedUpstream:
        upstream = ScriptedUpstream(script)
        opened.append(upstream)
        await upstream.open(tls)
        return upstream

    yield open_one
    for upstream in opened:
        await upstream.close()


@pytest.fixture
def pass_time(clock: FakeClock, deadlines: Deadlines) -> PassTime:
    """Moves the clock on by seconds, and has deadlines expire."""

    def go_on(seconds: float) -> None:
        clock.now += seconds
        deadlines.sweep()

    return go_on
