"""Lines of the spool as messages for a collector. Off the path of requests; never imported by workers.

Costs some 16 µs of processor time a record, in the agent.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp
from isthmus.telemetry.v1 import telemetry_pb2 as messages

from data_plane.telemetry.call_record import AttemptRecord, CallRecord
from data_plane.telemetry.sums import Sum, read_sums
from data_plane.usage import Usage

CHUNK_BYTES = 256 * 1024  # of lines; as a message about half as much, where the protocol allows 1 MiB
MAX_LINE_BYTES = 512 * 1024
SUMS_AT_ONCE = 1000

COSTS = ("charged", "incurred")  # there or not: 0 says something
_APART = ("started", "attempts", "usage", "limits", "verdicts", "candidates", "dropped", *COSTS)
_PLAIN = tuple(name for name in CallRecord.__struct_fields__ if name not in _APART)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file: where the next begins, and its content as a delivery without a sequence.

    `unusable`: lines that are no record, or are one of another gateway, which no collector would take from us.
    """

    end: int
    message: messages.Delivery
    records: int
    unusable: int


def read_chunk(path: Path, offset: int, gateway: str) -> Chunk | None:
    """The records that begin at `offset` of a file; None at its end.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read(CHUNK_BYTES)
        if not content:
            return None
        if (end := content.rfind(b"\n") + 1) == 0:
            content += file.readline(MAX_LINE_BYTES)
            end = len(content)
    lines = content[:end].splitlines()
    decode = msgspec.json.Decoder(CallRecord).decode
    records: list[messages.CallRecord] = []
    for line in lines:
        try:
            record = decode(line)
            if record.gateway == gateway:
                records.append(_record(record))
        except (msgspec.DecodeError, ValueError):  # a number that its field does not hold
            continue
    return Chunk(offset + end, messages.Delivery(records=records), len(records), len(lines) - len(records))


def read_sums_file(path: Path, node: str) -> list[messages.Delivery]:
    """A file of sums as deliveries without sequences.

    Raises:
        OSError: the file cannot be read.
    """
    name, sums = read_sums(path.read_bytes())
    every = [_sum(each, name, node) for each in sums]
    return [messages.Delivery(sums=every[at : at + SUMS_AT_ONCE]) for at in range(0, len(every), SUMS_AT_ONCE)]


def _record(record: CallRecord) -> messages.CallRecord:
    message = messages.CallRecord(
        **{name: value for name in _PLAIN if (value := getattr(record, name))},
        started=_timestamp(record.started),
        attempts=[_attempt(each) for each in record.attempts],
    )
    if record.usage is not None:
        message.usage.CopyFrom(_usage(record.usage))
    if record.charged is not None:
        message.charged = record.charged
    if record.incurred is not None:
        message.incurred = record.incurred
    message.limits.extend(record.limits)
    message.dropped.extend(record.dropped)
    for verdict in record.verdicts:
        message.verdicts.add(kind=verdict.kind, rule=verdict.rule, action=verdict.action)
    for candidate in record.candidates:
        message.candidates.add(target=candidate.target, removed_by=candidate.removed_by, score=candidate.score)
    return message


def _attempt(attempt: AttemptRecord) -> messages.Attempt:
    return messages.Attempt(
        target=attempt.target,
        endpoint=attempt.endpoint,
        status=attempt.status,
        reason=attempt.reason,
        latency_ns=attempt.latency_ns,
        usage=None if attempt.usage is None else _usage(attempt.usage),
        cost=attempt.cost,
    )


def _usage(usage: Usage) -> messages.Usage:
    return messages.Usage(**{name: getattr(usage, name) for name in Usage.__struct_fields__})


def _sum(each: Sum, table: str, node: str) -> messages.FoldedSum:
    try:
        hour = _timestamp(datetime.fromisoformat(f"{each.hour}:00:00+00:00"))
    except ValueError:  # of records without a time that can be read
        hour = Timestamp()
    return messages.FoldedSum(
        node=node,
        table=table,
        hour=hour,
        tenant=each.tenant,
        application=each.application,
        model=each.model,
        version=each.version,
        calls=each.calls,
        usage=messages.Usage(**{name: each.usage.get(name, 0) for name in Usage.__struct_fields__}),
        charged=each.charged,
        incurred=each.incurred,
        unpriced=each.unpriced,
    )


def _timestamp(time: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp
