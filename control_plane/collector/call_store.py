"""What a collector keeps: single calls for a while, hourly sums for longer."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, FoldedSum

from control_plane.collector.columns import RECORD_NAMES, SUM_NAMES, record_columns, sum_columns
from control_plane.collector.engine import Engine
from control_plane.collector.schema import GROUPS, MIGRATIONS, USAGE, VERSIONS
from control_plane.collector.settings import Retention

HOUR_SECONDS = 3600
# Records are taken with their detail until they are as old as the retention. Their day is dropped so much later: time
# to sum up the last of them.
GRACE_DAYS = 2
UNPRICED_CALLS = f"countIf(charged IS NULL AND {' + '.join(USAGE)} > 0)"
DOUBT_SECONDS = 60  # how far the clocks of a cluster's servers may be apart

logger = logging.getLogger(__name__)


class CallStore:
    """Tables in one database of an engine. Methods block and raise StoreError: to be called from one thread."""

    def __init__(self, engine: Engine, database: str, retention: Retention) -> None:
        self._engine = engine
        self._database = database
        self._retention = retention

    def prepare(self) -> None:
        """Make or upgrade the tables."""
        self._engine.run(f"CREATE DATABASE IF NOT EXISTS {self._database}")
        self._engine.run(VERSIONS.format(database=self._database))
        ((found,),) = self._engine.rows(f"SELECT max(version) FROM {self._database}.schema_versions")
        version = _whole(found)
        if version > len(MIGRATIONS):
            logger.warning("store_is_newer schema_version=%d ours=%d", version, len(MIGRATIONS))
        for number, statements in enumerate(MIGRATIONS, start=1):
            if number <= version:
                continue
            for statement in statements:
                self._engine.run(statement.format(database=self._database))
            self._engine.run(f"INSERT INTO {self._database}.schema_versions (version) VALUES ({number})")
            logger.info("store_migrated schema_version=%d", number)

    def write(self, records: Sequence[CallRecord], sums: Sequence[tuple[str, FoldedSum]]) -> None:
        """Keep these; durable when it returns. What is written twice counts once. `sums`: each with its gateway."""
        if records:
            self._engine.insert(f"{self._database}.call_records", RECORD_NAMES, record_columns(records))
        if sums:
            self._engine.insert(f"{self._database}.folded_sums", SUM_NAMES, sum_columns(sums))

    def probe(self) -> None:
        """Write something, to learn whether it can be done."""
        self._engine.run(f"INSERT INTO {self._database}.probes VALUES (now64(3))")

    def stale_hours(self) -> list[int]:
        """Hours (seconds since 1970) with records that their sums may be without."""
        rows = self._engine.rows(f"""
            SELECT toUnixTimestamp(records.hour) FROM
                (SELECT toDateTime(toStartOfHour(started), 'UTC') AS hour, max(stored) AS last
                 FROM {self._database}.call_records GROUP BY hour) AS records
            LEFT JOIN
                (SELECT hour, max(rolled) AS rolled FROM {self._database}.usage_hourly GROUP BY hour) AS sums
            ON records.hour = sums.hour
            WHERE records.last + INTERVAL {DOUBT_SECONDS} SECOND >= sums.rolled
            ORDER BY records.hour""")
        return [_whole(hour) for (hour,) in rows]

    def roll_up(self, hour: int) -> None:
        """Sum up one hour from its records. The newest sums count, so this may be done again at any time."""
        groups = ", ".join(GROUPS)
        added = (*USAGE, "bytes_in", "bytes_out")
        costs = ("charged", "incurred")
        totals = ", ".join((*map("sum({})".format, added), *map("ifNull(sum({}), 0)".format, costs), UNPRICED_CALLS))
        names = ", ".join((*added, *costs, "unpriced"))
        quantiles = "quantilesTDigestState(0.5, 0.95, 0.99)"
        self._engine.run(f"""
            INSERT INTO {self._database}.usage_hourly
                (hour, {groups}, calls, {names}, duration_ns, durations, first_bytes, rolled)
            SELECT toDateTime({hour}, 'UTC'), {groups}, count(), {totals}, sum(duration_ns),
                {quantiles}(duration_ns), {quantiles}(first_byte_ns), now64(6)
            FROM {self._database}.call_records FINAL
            WHERE started >= toDateTime({hour}, 'UTC') AND started < toDateTime({hour + HOUR_SECONDS}, 'UTC')
            GROUP BY {groups}""")

    def drop_expired(self, now: datetime) -> None:
        """Drop whole days and months that are past their retention. All hours must have been rolled up."""
        day = now - timedelta(days=self._retention.detail_days + GRACE_DAYS)
        month = now - timedelta(days=self._retention.sums_days)
        self._drop("call_records", f"{day:%Y%m%d}")
        for table in ("usage_hourly", "folded_sums"):
            self._drop(table, f"{month:%Y%m}")

    def oldest_detail(self, now: datetime) -> float:
        """Records that started before are kept as sums only; seconds since 1970."""
        return (now - timedelta(days=self._retention.detail_days)).timestamp()

    def close(self) -> None:
        self._engine.close()

    def _drop(self, table: str, before: str) -> None:
        rows = self._engine.rows(f"""
            SELECT DISTINCT partition FROM system.parts
            WHERE database = '{self._database}' AND table = '{table}' AND active
                AND toUInt32OrZero(partition) < {before}""")
        for partition in _texts(rows):
            self._engine.run(f"ALTER TABLE {self._database}.{table} DROP PARTITION {partition}")
            logger.info("store_expired table=%s partition=%s", table, partition)


def hour_of(seconds: int) -> int:
    """The beginning of an hour of UTC."""
    return seconds - seconds % HOUR_SECONDS


def utc_now() -> datetime:
    return datetime.now(UTC)


def _texts(rows: Iterable[Sequence[object]]) -> list[str]:
    return [str(row[0]) for row in rows]


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a number was asked for, not {type(value).__name__}")
    return value
