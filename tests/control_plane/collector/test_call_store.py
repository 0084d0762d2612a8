"""The tables, on a real engine behind ClickHouse's HTTP interface."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, FoldedSum

from control_plane.collector import call_store as call_store_module
from control_plane.collector.call_store import CallStore, hour_of
from control_plane.collector.columns import RECORD_NAMES
from control_plane.collector.engine import StoreError, open_engine
from control_plane.collector.schema import MIGRATIONS, USAGE, VERSIONS
from control_plane.collector.settings import Retention, Server
from tests.control_plane.collector.conftest import ClickHouse, Scene

NOW = int(datetime.now(UTC).timestamp())
HOUR = hour_of(NOW)
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "collector.md"


def record(sequence: int, started: int = HOUR, **fields: object) -> CallRecord:
    made = CallRecord(
        node="node", worker=1, incarnation=5, sequence=sequence, gateway="edge", tenant="acme", application="app",
        model="gpt", version="v1", status=200, outcome="completed", charged=10, incurred=15, duration_ns=10**9,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    made.started.seconds = started
    made.usage.output = 7
    return made


def folded(calls: int, table: str = "t", hour: int = HOUR) -> tuple[str, FoldedSum]:
    made = FoldedSum(node="node", table=table, tenant="acme", application="app", model="gpt", version="v1", calls=calls)
    made.hour.seconds = hour
    made.charged, made.incurred, made.usage.output = 10 * calls, 15 * calls, 7 * calls
    return "edge", made


def roll_up(scene: Scene) -> None:
    for hour in scene.store.stale_hours():
        scene.store.roll_up(hour)


def ledger(scene: Scene) -> tuple[object, ...]:
    (row,) = scene.rows("SELECT sum(calls), sum(charged), sum(incurred), sum(output) FROM isthmus.ledger_hourly")
    return row


def test_each_field_of_a_record_is_stored(scene: Scene) -> None:
    full = CallRecord()
    descriptor: Any = full.DESCRIPTOR
    for number, field in enumerate(descriptor.fields, start=1):
        if field.cpp_type == field.CPPTYPE_STRING and not field.is_repeated:
            setattr(full, field.name, f"text-{number}")
        elif field.cpp_type == field.CPPTYPE_BOOL:
            setattr(full, field.name, True)
        elif field.cpp_type != field.CPPTYPE_MESSAGE and not field.is_repeated:
            setattr(full, field.name, number + 2**30)
    full.started.seconds, full.started.nanos = NOW, 123_456_789
    full.limits.extend(["per-minute", "per-day"])
    full.dropped.extend(["seed", "tools[0].strict"])
    full.verdicts.add(kind="guard", rule="pii", action="mask")
    full.candidates.add(target="a", removed_by="region", score=0.5)
    for number, name in enumerate(USAGE, start=1):
        setattr(full.usage, name, number)
    attempt = full.attempts.add(target="a", endpoint="e", status=500, reason="upstream_error", latency_ns=9, cost=11)
    attempt.usage.CopyFrom(full.usage)
    full.attempts.add(target="b")

    scene.store.write([full], [])

    names = [name for name in RECORD_NAMES if name != "started"]
    (row,) = scene.rows(f"SELECT toUnixTimestamp64Nano(started), {', '.join(names)} FROM isthmus.call_records")
    stored = dict(zip(["started", *names], row, strict=True))
    usage = {name: number for number, name in enumerate(USAGE, start=1)}
    head = {"target": "a", "endpoint": "e", "status": 500, "reason": "upstream_error", "latency_ns": 9, "cost": 11}
    none = {"target": "b", "endpoint": "", "status": 0, "reason": "", "latency_ns": 0, "cost": None}
    special = {
        "started": NOW * 10**9 + 123_456_789,
        "attempts": [head | usage, none | dict.fromkeys(USAGE, 0)],
        "verdicts": [{"kind": "guard", "rule": "pii", "action": "mask"}],
        "candidates": [{"target": "a", "removed_by": "region", "score": 0.5}],
        "limits": ["per-minute", "per-day"],
        "dropped": ["seed", "tools[0].strict"],
    }
    fields = [field.name for field in descriptor.fields if field.name != "usage"]
    assert stored == {name: getattr(full, name) for name in fields} | special | usage


def test_what_is_written_twice_counts_once(scene: Scene) -> None:
    for _ in range(2):
        scene.store.write([record(1), record(2, HOUR + 1)], [folded(5)])
    roll_up(scene)
    assert scene.rows("SELECT count() FROM isthmus.call_records FINAL") == [(2,)]
    assert ledger(scene) == (7, 70, 105, 49)


def test_an_hour_is_summed_up_anew_when_more_of_it_comes(scene: Scene) -> None:
    for sequence in range(3):
        scene.store.write([record(sequence, HOUR - 3600), record(sequence + 10)], [])
        roll_up(scene)
    assert ledger(scene) == (6, 60, 90, 42)
    assert scene.rows("SELECT count() FROM isthmus.usage_hourly FINAL") == [(2,)]


def test_hours_that_wait_to_be_summed_up_are_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_store_module, "DOUBT_SECONDS", 0)
    scene.store.write([record(1), record(2, HOUR - 7200)], [])
    assert scene.store.stale_hours() == [HOUR - 7200, HOUR]
    roll_up(scene)
    assert scene.store.stale_hours() == []
    scene.store.write([record(3, HOUR - 7200)], [])
    assert scene.store.stale_hours() == [HOUR - 7200]


def test_sums_of_different_tables_add_up(scene: Scene) -> None:
    scene.store.write([], [folded(5, "t1"), folded(6, "t2"), folded(1, "t3", hour=-5)])
    assert ledger(scene) == (12, 120, 180, 84)


def test_days_and_months_go_when_their_time_is_over(scene: Scene) -> None:
    day = 86_400
    scene.store.write([record(1), record(2, HOUR - 31 * day), record(3, HOUR - 33 * day)], [folded(4)])
    roll_up(scene)
    scene.store.drop_expired(datetime.now(UTC))
    assert scene.rows("SELECT sequence FROM isthmus.call_records ORDER BY sequence") == [(1,), (2,)]
    assert ledger(scene)[0] == 7
    scene.store.drop_expired(datetime.now(UTC) + timedelta(days=900))
    assert ledger(scene)[0] == 0


def test_percentiles_of_hours_can_be_put_together(scene: Scene) -> None:
    scene.store.write([record(number, HOUR - 3600 * (number % 2)) for number in range(100)], [])
    roll_up(scene)
    (row,) = scene.rows("SELECT quantilesTDigestMerge(0.5, 0.95, 0.99)(durations) FROM isthmus.usage_hourly FINAL")
    assert row == ([1e9, 1e9, 1e9],)


def test_tables_are_made_once_and_a_newer_store_is_used_as_it_is(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.store.write([record(1)], [])
    scene.store.prepare()
    assert scene.rows("SELECT version FROM isthmus.schema_versions FINAL ORDER BY version") == [
        (version,) for version in range(1, len(MIGRATIONS) + 1)
    ]
    scene.engine.run(f"INSERT INTO {scene.database}.schema_versions (version) VALUES (99)")
    scene.engine.run(f"ALTER TABLE {scene.database}.call_records ADD COLUMN later String")
    scene.store.prepare()
    scene.store.write([record(2)], [])
    assert "store_is_newer" in caplog.text
    assert scene.rows("SELECT count() FROM isthmus.call_records FINAL") == [(2,)]


def test_costs_that_are_not_known_are_no_zeros_and_are_counted(scene: Scene) -> None:
    free, unknown, refused = record(1), record(2), record(3)
    free.charged = free.incurred = 0
    for each in (unknown, refused):
        each.ClearField("charged")
        each.ClearField("incurred")
    refused.ClearField("usage")
    lost = folded(5)
    lost[1].unpriced = 2
    scene.store.write([free, unknown, refused, record(4)], [lost])
    roll_up(scene)

    assert scene.rows("SELECT charged, incurred FROM isthmus.call_records FINAL ORDER BY sequence") == [
        (0, 0),
        (None, None),
        (None, None),
        (10, 15),
    ]
    (row,) = scene.rows("SELECT sum(calls), sum(charged), sum(incurred), sum(unpriced) FROM isthmus.ledger_hourly")
    assert row == (9, 60, 90, 3)


def test_hours_without_any_known_cost_are_summed_up(scene: Scene) -> None:
    unknown = record(1)
    unknown.ClearField("charged")
    unknown.ClearField("incurred")
    scene.store.write([unknown], [])
    roll_up(scene)

    (row,) = scene.rows("SELECT calls, charged, incurred, unpriced FROM isthmus.usage_hourly FINAL")
    assert row == (1, 0, 0, 1)


def test_a_store_of_the_first_version_is_upgraded_and_its_zeros_become_unknown(scene: Scene) -> None:
    database = f"{scene.database}_first"
    names = "node, tenant, application, started, sequence, price_version, charged, incurred, attempts, output"
    attempt = "('t', 'e', 200, '', 9, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0)"
    scene.engine.run(f"CREATE DATABASE {database}")
    scene.engine.run(VERSIONS.format(database=database))
    for statement in MIGRATIONS[0]:
        scene.engine.run(statement.format(database=database))
    scene.engine.run(f"INSERT INTO {database}.schema_versions (version) VALUES (1)")
    for sequence, version, cost in ((1, "", 0), (2, "x", 0), (3, "", 7)):
        values = f"'n', 'acme', 'app', {HOUR}, {sequence}, '{version}', {cost}, {cost}, [{attempt}], 7"
        scene.engine.run(f"INSERT INTO {database}.call_records ({names}) VALUES ({values})")
    store = CallStore(scene.engine, database, Retention(30, 800))

    store.prepare()
    store.prepare()
    scene.engine.run(f"OPTIMIZE TABLE {database}.call_records FINAL")  # waits for what still rewrites rows

    rows = scene.engine.rows(f"SELECT sequence, charged, attempts[1].cost, dropped FROM {database}.call_records FINAL")
    assert sorted(map(tuple, rows), key=str) == [(1, None, 0, []), (2, 0, 0, []), (3, 7, 0, [])]
    store.roll_up(HOUR)
    assert list(scene.engine.rows(f"SELECT calls, charged, unpriced FROM {database}.ledger_hourly")) == [(3, 7, 1)]


def test_a_full_disk_is_an_error_until_there_is_room(scene: Scene, full_disk: Callable[[bool], None]) -> None:
    full_disk(True)
    with pytest.raises(StoreError, match="not enough space"):
        scene.store.write([record(1)], [])
    full_disk(False)
    scene.store.write([record(1)], [])
    scene.store.probe()
    assert scene.rows("SELECT count() FROM isthmus.call_records FINAL") == [(1,)]


def test_a_password_that_has_changed_is_read_anew(clickhouse: ClickHouse, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("old")
    engine = open_engine(Server("127.0.0.1", clickhouse.port, False, "default", password, None, "isthmus"))
    with pytest.raises(StoreError, match="Authentication failed"):
        engine.rows("SELECT 1")
    password.write_text("secret")
    assert list(engine.rows("SELECT 1")) == [(1,)]
    engine.close()


def test_a_server_that_is_away_is_an_error() -> None:
    engine = open_engine(Server("127.0.0.1", 1, False, "default", None, None, "isthmus"))
    reasons = []
    for _ in range(2):
        with pytest.raises(StoreError, match="refused") as raised:
            CallStore(engine, "isthmus", Retention(30, 800)).prepare()
        reasons.append(str(raised.value).partition("0x")[0])
    assert reasons[0] == reasons[1]


@pytest.mark.sources
def test_the_queries_of_the_documentation_run(scene: Scene) -> None:
    scene.store.write([record(1, model_requested="gpt", api="openai")], [folded(2)])
    roll_up(scene)
    queries = re.findall(r"```sql\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert len(queries) >= 5
    for query in queries:
        assert scene.rows(query.strip().rstrip(";")), query
