"""What is written at once: the records of many deliveries, each record once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, Delivery, FoldedSum

from control_plane.collector.call_store import hour_of
from control_plane.collector.sequences import Stored, Writer

FUTURE_SECONDS = 86_400.0  # a node's clock may be ahead; further, a record would open a day that no retention ends


@dataclass(slots=True)
class Block:
    """`late`: how many records are among the sums because their day is not kept."""

    records: list[CallRecord] = field(default_factory=list)
    sums: list[tuple[str, FoldedSum]] = field(default_factory=list)
    hours: set[int] = field(default_factory=set)
    ids: set[tuple[Writer, int]] = field(default_factory=set)
    duplicates: int = 0
    late: int = 0


def make_block(
    deliveries: Iterable[tuple[str, Delivery]], stored: Stored, oldest_seconds: float, now_seconds: float
) -> Block:
    """Put deliveries together, each given with its gateway. What was stored before is left out."""
    block = Block()
    newest_seconds = now_seconds + FUTURE_SECONDS
    for gateway, delivery in deliveries:
        block.sums += [(gateway, each) for each in delivery.sums]
        for record in delivery.records:
            writer = (gateway, record.node, record.worker, record.incarnation)
            name = (writer, record.sequence)
            if name in block.ids or stored.has(*name):
                block.duplicates += 1
                continue
            block.ids.add(name)
            started = record.started.seconds
            if oldest_seconds <= started <= newest_seconds:
                block.records.append(record)
                block.hours.add(hour_of(started))
            else:
                block.sums.append((gateway, _sum_of(record)))
                block.late += 1
    return block


def _sum_of(record: CallRecord) -> FoldedSum:
    """The record as a sum of its own, under its own name: sent again, it is the same."""
    return FoldedSum(
        node=record.node,
        table=f"record-{record.worker}-{record.incarnation}-{record.sequence}",
        hour=record.started,
        tenant=record.tenant,
        application=record.application,
        model=record.model,
        version=record.version,
        calls=1,
        usage=record.usage,
        charged=record.charged,
        incurred=record.incurred,
        unpriced=int(record.HasField("usage") and not record.HasField("charged")),
    )
