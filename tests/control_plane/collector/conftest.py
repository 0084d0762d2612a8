"""A ClickHouse for the tests of a module, each test with a database of its own."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from control_plane.collector.call_store import CallStore
from control_plane.collector.engine import Engine, open_engine
from control_plane.collector.settings import Retention, Server

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ClickHouse:
    """A server over HTTP; `folder/full` is its full disk."""

    port: int
    folder: Path
    password_file: Path

    def engine(self) -> Engine:
        return open_engine(Server("127.0.0.1", self.port, False, "default", self.password_file, None, "isthmus"))


@dataclass(frozen=True, slots=True)
class Scene:
    """A store in an empty database."""

    store: CallStore
    engine: Engine
    database: str

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """`isthmus.` in the query stands for the database."""
        return [tuple(row) for row in self.engine.rows(sql.replace("isthmus.", f"{self.database}."))]


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    folder = tmp_path_factory.mktemp("clickhouse")
    (folder / "password").write_text("secret\n")
    command = [sys.executable, "-m", "tests.fakes.clickhouse_server", str(folder), "secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield ClickHouse(int(process.stdout.readline()), folder, folder / "password")
        finally:
            process.kill()


@pytest.fixture
def scene(clickhouse: ClickHouse) -> Iterator[Scene]:
    engine = clickhouse.engine()
    database = f"test_{next(_numbers)}"
    store = CallStore(engine, database, Retention(30, 800))
    store.prepare()
    yield Scene(store, engine, database)
    store.close()


@pytest.fixture
def full_disk(clickhouse: ClickHouse) -> Iterator[Callable[[bool], None]]:
    mark = clickhouse.folder / "full"

    def set_full(is_full: bool) -> None:
        if is_full:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)

    yield set_full
    mark.unlink(missing_ok=True)
