"""The call record: what is kept of each request, one JSON line, written once. Never prompts, answers or secrets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from data_plane.exchange import Attempt, Exchange, Identity, Outcome, Usage

NANOSECONDS = 1_000_000_000


class AttemptRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One try at an upstream. `cost` in nano-USD."""

    target: str
    endpoint: str
    status: int = 0
    reason: str = ""
    latency_ns: int = 0
    usage: Usage | None = None
    cost: int = 0


class Verdict(msgspec.Struct, gc=False, omit_defaults=True):
    """What a rule has decided: `kind` is cache, guard or consent."""

    kind: str
    rule: str
    action: str


class Candidate(msgspec.Struct, gc=False, omit_defaults=True):
    """A target that could have been chosen; `removed_by` names the constraint that ruled it out."""

    target: str
    removed_by: str = ""
    score: float = 0.0


class CallRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """Fields as in isthmus.telemetry.v1.CallRecord. `node`, `worker`, `incarnation`, `sequence` name it for ever."""

    node: str
    worker: int
    incarnation: int
    sequence: int
    request_id: str
    started: datetime
    duration_ns: int
    first_byte_ns: int = 0
    first_token_ns: int = 0
    gateway: str = ""
    revision: int = 0
    tenant: str = ""
    team: str = ""
    application: str = ""
    credential: str = ""
    identity_method: str = ""
    route: str = ""
    api: str = ""
    operation: str = ""
    method: str = ""
    model_requested: str = ""
    model: str = ""
    version: str = ""
    target: str = ""
    provider: str = ""
    stream: bool = False
    outcome: str = ""
    status: int = 0
    error_code: str = ""
    error_origin: str = ""
    attempts: tuple[AttemptRecord, ...] = ()
    usage: Usage | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    trace_id: str = ""
    decision_id: str = ""
    is_estimated: bool = False
    price_version: str = ""
    charged: int = 0  # nano-USD, of the winner, to the caller's budgets
    incurred: int = 0  # nano-USD, of all attempts
    limits: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    client_ip: str = ""
    api_version: str = ""


class Sink(Protocol):
    """Takes records; encodes and sends them later."""

    def append(self, record: msgspec.Struct) -> None:
        """Take one. Never waits, never raises."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which process writes."""

    node: str = ""
    gateway: str = ""
    worker: int = 0
    incarnation: int = 0


class Recorder:
    """Makes the records of one process. `wall_clock` gives seconds since 1970."""

    def __init__(self, sink: Sink, origin: Origin, wall_clock: Callable[[], float]) -> None:
        self._sink = sink
        self._origin = origin
        self._wall_clock = wall_clock
        self._sequence = 0

    def record(self, exchange: Exchange, outcome: Outcome) -> None:
        """Write the exchange's record. To be called once, when it has ended."""
        self._sequence += 1
        origin, error = self._origin, exchange.error
        identity = exchange.identity or UNKNOWN
        seconds = exchange.ended - exchange.started
        first_byte = exchange.first_byte
        self._sink.append(
            CallRecord(
                origin.node,
                origin.worker,
                origin.incarnation,
                self._sequence,
                exchange.id,
                datetime.fromtimestamp(self._wall_clock() - seconds, UTC),
                int(seconds * NANOSECONDS),
                int((first_byte - exchange.started) * NANOSECONDS) if first_byte else 0,
                0,
                origin.gateway,
                exchange.revision,
                identity.tenant,
                identity.team,
                identity.application,
                identity.credential,
                identity.method,
                exchange.route,
                exchange.api,
                exchange.operation,
                exchange.request.method.decode("latin-1"),
                exchange.model_requested,
                exchange.model,
                exchange.model_version,
                exchange.target,
                exchange.provider,
                exchange.stream,
                outcome.value,
                exchange.status,
                error.code if error is not None else "",
                error.origin if error is not None else "",
                tuple([_attempt(each) for each in exchange.attempts]),
                exchange.usage,
                exchange.bytes_in,
                exchange.bytes_out,
                client_ip=exchange.client_ip,
                api_version=exchange.api_version,
            )
        )


UNKNOWN = Identity("", "", "", "", "")


def _attempt(attempt: Attempt) -> AttemptRecord:
    took = attempt.ended - attempt.started if attempt.ended else 0.0
    return AttemptRecord(attempt.target, attempt.endpoint, attempt.status, attempt.reason, int(took * NANOSECONDS))
