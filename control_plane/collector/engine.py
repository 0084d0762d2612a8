"""ClickHouse, as a server or embedded in this process (chDB): the same SQL. The only module that knows its client.

Source: clickhouse.com/docs/integrations/python (clickhouse-connect 1.12), clickhouse.com/docs/chdb (2026-11).
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from control_plane.collector.settings import Embedded, Server

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60  # for one insert or roll-up
MAX_REASON = 300  # characters of an engine's message: some repeat the whole statement
QUERY_ID = re.compile(r"/\?query_id=[-0-9a-f]+")
SETTINGS = {
    "async_insert": 0,  # else a server may confirm what it holds in memory only
    "max_partitions_per_insert_block": 0,  # records that waited on their node may come from many days
}
MISSING = "needs the packages `clickhouse-connect` and, for --data-dir, `chdb`: install isthmus[collector]"


class StoreError(Exception):
    """The store has not done what it was asked to."""


class EngineMissing(Exception):
    """A package is not installed, or the folder belongs to somebody else: nothing that waiting would mend."""


class Engine(Protocol):
    """Runs SQL. Its methods block: to be called from one thread, off the loop. All raise StoreError."""

    def run(self, sql: str) -> None:
        """Run a statement that gives no rows."""

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """What a query gives."""

    def insert(self, table: str, names: Sequence[str], columns: Sequence[Sequence[object]]) -> None:
        """Put rows into a table, given as columns of equal length. Durable when it returns."""

    def close(self) -> None:
        """Let go of the store."""


def open_engine(where: Embedded | Server) -> Engine:
    """Nothing is connected yet.

    Raises:
        EngineMissing: it cannot be used here.
    """
    try:
        import clickhouse_connect  # noqa: F401 - an extra: only collectors need it
    except ImportError as error:
        raise EngineMissing(f"the collector {MISSING}") from error
    return _Engine(_embedded(where)) if isinstance(where, Embedded) else _Engine(lambda: _connect(where))


class _Engine:
    """Connects when it is first used, and anew after a failure: passwords and addresses may have changed."""

    def __init__(self, connect: Callable[[], "Client"]) -> None:
        self._connect = connect
        self._client: Client | None = None

    def run(self, sql: str) -> None:
        with self._errors():
            self._connected().command(sql)

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        with self._errors():
            return list(self._connected().query(sql).result_rows)

    def insert(self, table: str, names: Sequence[str], columns: Sequence[Sequence[object]]) -> None:
        with self._errors():
            self._connected().insert(table, columns, column_names=names, column_oriented=True)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> "Client":
        if self._client is None:
            self._client = self._connect()
        return self._client

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        from clickhouse_connect.driver.exceptions import ClickHouseError

        try:
            yield
        except (ClickHouseError, OSError, RuntimeError) as error:  # the embedded engine raises RuntimeError
            self.close()
            reason = QUERY_ID.sub("", " ".join(str(error).split()))  # else no two failures were alike
            raise StoreError(reason[:MAX_REASON]) from error


def _connect(server: Server) -> "Client":
    import clickhouse_connect

    return clickhouse_connect.get_client(
        host=server.host,
        port=server.port,
        interface="https" if server.is_secure else "http",
        username=server.user,
        password=server.password_file.read_text().strip() if server.password_file else "",
        ca_cert=str(server.authority) if server.authority else None,
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=ANSWER_SECONDS,
        settings=SETTINGS,
        autogenerate_session_id=False,  # a session is locked while a request that we gave up still runs
        client_name="isthmus-collector",
    )


def _embedded(where: Embedded) -> Callable[[], "Client"]:
    """Claim the folder for this process, for as long as it lives."""
    try:
        import chdb  # noqa: F401 - says here what else would be said at the first connection
    except ImportError as error:
        raise EngineMissing(f"an embedded store {MISSING}") from error
    store, scratch = where.data_dir / "store", where.data_dir / "scratch"
    try:
        for folder in (where.data_dir, store, scratch):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(where.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EngineMissing(f"--data-dir '{where.data_dir}' is used by another collector") from error
    except OSError as error:
        raise EngineMissing(f"--data-dir '{where.data_dir}': {error.strerror}") from error
    for leftover in scratch.iterdir():  # of a process that was killed
        leftover.unlink(missing_ok=True)
    tempfile.tempdir = str(scratch)  # the client hands blocks to the engine as files; /tmp may be small or read-only

    def connect() -> "Client":
        import clickhouse_connect

        return clickhouse_connect.get_client(interface="chdb", path=str(store), settings=SETTINGS)

    return connect
