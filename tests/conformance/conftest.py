"""A real replica with one worker, in front of an upstream that notes what it is sent; both for all tests of a file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conformance.recorder import Recorder
from tests.fakes.replica import Replica, configuration


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running_recorder() -> AsyncIterator[Recorder]:
    async with Recorder() as recorder:
        yield recorder


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def replica(running_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replica]:
    folder: Path = tmp_path_factory.mktemp("replica")
    replica = Replica(folder, workers=1)
    replica.write_config(configuration({"recorder": f"http://127.0.0.1:{running_recorder.port}"}))
    async with replica:
        yield replica


@pytest.fixture
def recorder(running_recorder: Recorder) -> Iterator[Recorder]:
    """The upstream, which knows nothing of earlier tests."""
    running_recorder.forget()
    yield running_recorder
    running_recorder.forget()
