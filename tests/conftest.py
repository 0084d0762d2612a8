"""Fixtures that more than one plane's tests use."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from control_plane.cli.etcd_binary import EtcdBinary, obtain_etcd
from tests.fakes.etcd_cluster import EtcdCluster

BIN = Path(__file__).parents[1] / ".isthmus" / "bin"


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """A program's `main` sends the log to its own standard error, which is closed when its test ends."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def etcd_binary() -> EtcdBinary:
    """The etcd of this machine, got on first use."""
    return obtain_etcd(BIN, progress=lambda line: None)


@pytest.fixture(scope="session")
def session_etcd(etcd_binary: EtcdBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    cluster = EtcdCluster(etcd_binary, tmp_path_factory.mktemp("etcd"))
    cluster.spawn_all()
    try:
        _wait_for(cluster.wait_all_ready())
        yield cluster
    finally:
        cluster.kill_all()


@pytest.fixture
def etcd(session_etcd: EtcdCluster) -> EtcdCluster:
    """A real etcd of one member, without keys; its revision goes on from test to test."""
    _wait_for(session_etcd.wipe())
    return session_etcd


def _wait_for(coroutine: Coroutine[None, None, None]) -> None:
    """In a thread, since an async fixture may ask for a sync one while its own loop runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()
