"""What a block takes of deliveries."""

from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, Delivery, FoldedSum, Usage

from control_plane.collector.block import FUTURE_SECONDS, make_block
from control_plane.collector.sequences import Stored

NOW = 1_795_000_000.0
OLDEST = NOW - 30 * 86_400


def record(sequence: int, started: float = NOW) -> CallRecord:
    made = CallRecord(node="node", worker=1, incarnation=5, sequence=sequence, tenant="acme", charged=7, incurred=9)
    made.started.seconds = int(started)
    made.usage.output = 3
    return made


def test_a_record_that_came_twice_is_there_once() -> None:
    stored = Stored()
    stored.add(("edge", "node", 1, 5), 3)
    deliveries = [
        ("edge", Delivery(records=[record(1), record(2), record(3)])),
        ("edge", Delivery(records=[record(2)])),
    ]
    block = make_block(deliveries, stored, OLDEST, NOW)
    assert [each.sequence for each in block.records] == [1, 2]
    assert block.duplicates == 2
    assert block.hours == {int(NOW) - int(NOW) % 3600}


def test_the_same_numbers_of_another_gateway_are_another_record() -> None:
    deliveries = [(gateway, Delivery(records=[record(1)])) for gateway in ("edge", "other")]
    assert len(make_block(deliveries, Stored(), OLDEST, NOW).records) == 2


def test_a_block_alone_is_not_remembered() -> None:
    stored = Stored()
    for _ in range(2):  # the first was not written
        assert len(make_block([("edge", Delivery(records=[record(1)]))], stored, OLDEST, NOW).records) == 1


def test_records_of_days_that_are_not_kept_become_sums() -> None:
    late, early = record(1, OLDEST - 1), record(2, NOW + FUTURE_SECONDS + 1)
    block = make_block([("edge", Delivery(records=[late, early, record(3)]))], Stored(), OLDEST, NOW)
    assert [each.sequence for each in block.records] == [3]
    assert block.late == 2
    assert [(gateway, each.table, each.calls, each.charged, each.incurred) for gateway, each in block.sums] == [
        ("edge", "record-1-5-1", 1, 7, 9),
        ("edge", "record-1-5-2", 1, 7, 9),
    ]
    assert block.sums[0][1].usage == Usage(output=3)
    assert block.hours == {int(NOW) - int(NOW) % 3600}


def test_sums_come_with_the_gateway_that_sent_them() -> None:
    folded = FoldedSum(node="node", table="t", calls=4)
    assert make_block([("edge", Delivery(sums=[folded]))], Stored(), OLDEST, NOW).sums == [("edge", folded)]
