"""Messages as columns of the store's tables, in the order of `names`. One function a table; no row is ever made."""

from collections.abc import Callable, Sequence
from operator import attrgetter

from isthmus.telemetry.v1.telemetry_pb2 import Attempt, CallRecord, FoldedSum

from control_plane.collector.schema import USAGE

NANOSECONDS = 1_000_000_000
LAST_SECOND = 2**32 - 1  # of the store's DateTime
NO_USAGE = (0,) * len(USAGE)

_PLAIN = [
    "node",
    "worker",
    "incarnation",
    "sequence",
    "request_id",
    "trace_id",
    "decision_id",
    "duration_ns",
    "first_byte_ns",
    "first_token_ns",
    "gateway",
    "revision",
    "tenant",
    "team",
    "application",
    "credential",
    "identity_method",
    "route",
    "api",
    "operation",
    "method",
    "model_requested",
    "model",
    "version",
    "target",
    "provider",
    "stream",
    "outcome",
    "status",
    "error_code",
    "error_origin",
    "is_estimated",
    "price_version",
    "bytes_in",
    "bytes_out",
    "client_ip",
    "api_version",
]
_usage_of = attrgetter(*USAGE)


def _started(record: CallRecord) -> int:
    return record.started.seconds * NANOSECONDS + record.started.nanos


def _attempts(record: CallRecord) -> list[tuple[object, ...]]:
    return [_attempt(each) for each in record.attempts]


def _attempt(attempt: Attempt) -> tuple[object, ...]:
    usage = _usage_of(attempt.usage) if attempt.HasField("usage") else NO_USAGE
    cost = attempt.cost if attempt.HasField("cost") else None
    return (attempt.target, attempt.endpoint, attempt.status, attempt.reason, attempt.latency_ns, cost, *usage)


def _charged(record: CallRecord) -> int | None:
    return record.charged if record.HasField("charged") else None


def _incurred(record: CallRecord) -> int | None:
    return record.incurred if record.HasField("incurred") else None


def _dropped(record: CallRecord) -> list[str]:
    return list(record.dropped)


def _verdicts(record: CallRecord) -> list[tuple[str, str, str]]:
    return [(each.kind, each.rule, each.action) for each in record.verdicts]


def _candidates(record: CallRecord) -> list[tuple[str, str, float]]:
    return [(each.target, each.removed_by, each.score) for each in record.candidates]


def _limits(record: CallRecord) -> list[str]:
    return list(record.limits)


_RECORD_VALUES: dict[str, Callable[[CallRecord], object]] = {
    **{name: attrgetter(name) for name in _PLAIN},
    "started": _started,
    "attempts": _attempts,
    "verdicts": _verdicts,
    "candidates": _candidates,
    "limits": _limits,
    "charged": _charged,
    "incurred": _incurred,
    "dropped": _dropped,
}
RECORD_NAMES = (*_RECORD_VALUES, *USAGE)
SUM_NAMES = (
    *("gateway", "node", "source", "hour", "tenant", "application", "model", "version"),
    *("calls", "charged", "incurred", "unpriced"),
    *USAGE,
)


def record_columns(records: Sequence[CallRecord]) -> list[Sequence[object]]:
    """As `RECORD_NAMES`."""
    columns: list[Sequence[object]] = [list(map(value, records)) for value in _RECORD_VALUES.values()]
    usage = [_usage_of(record.usage) if record.HasField("usage") else NO_USAGE for record in records]
    return [*columns, *zip(*usage, strict=True)]


def sum_columns(sums: Sequence[tuple[str, FoldedSum]]) -> list[Sequence[object]]:
    """As `SUM_NAMES`; each sum with its gateway."""
    rows = [
        (
            gateway,
            each.node,
            each.table,
            min(max(each.hour.seconds, 0), LAST_SECOND),
            each.tenant,
            each.application,
            each.model,
            each.version,
            each.calls,
            each.charged,
            each.incurred,
            each.unpriced,
            *_usage_of(each.usage),
        )
        for gateway, each in sums
    ]
    return list(zip(*rows, strict=True))
