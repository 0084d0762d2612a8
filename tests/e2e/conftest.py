"""One installation for all tests of the folder; each test works in tenants of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from control_plane.cli.etcd_binary import EtcdBinary
from tests.fakes.fleet import Fleet
from tests.fakes.model_server import ModelServer, model_server


@pytest.fixture(scope="session")
def fleet(etcd_binary: EtcdBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three members of etcd, two control planes, three replicas."""
    running = Fleet(etcd_binary, tmp_path_factory.mktemp("fleet"), etcd=3, control_planes=2, replicas=3)
    try:
        running.spawn()
        with ThreadPoolExecutor(1) as pool:  # this thread may have a loop already
            pool.submit(asyncio.run, running.wait_ready()).result()
        yield running
    finally:
        running.end()


@pytest.fixture
async def alpha() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        yield server


@pytest.fixture
async def beta() -> AsyncIterator[ModelServer]:
    async with model_server("beta") as server:
        yield server
