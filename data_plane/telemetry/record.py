"""Makes a call record of an exchange that has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from data_plane.exchange import Attempt, Exchange, Identity, Outcome
from data_plane.telemetry.call_record import AttemptRecord, CallRecord

NANOSECONDS = 1_000_000_000


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
                outcome._value_,  # `value` is a property, and dear
                exchange.status,
                error.code if error is not None else "",
                error.origin if error is not None else "",
                tuple([_attempt(each) for each in exchange.attempts]),
                exchange.usage,
                exchange.bytes_in,
                exchange.bytes_out,
                is_estimated=exchange.is_estimated,
                price_version=exchange.price.version if exchange.price is not None else "",
                charged=exchange.charged,
                incurred=exchange.incurred,
                client_ip=exchange.client_ip,
                api_version=exchange.api_version,
                dropped=exchange.dropped,
            )
        )


UNKNOWN = Identity("", "", "", "", "")


def _attempt(attempt: Attempt) -> AttemptRecord:
    took = attempt.ended - attempt.started if attempt.ended else 0.0
    return AttemptRecord(
        attempt.target,
        attempt.endpoint,
        attempt.status,
        attempt.reason,
        int(took * NANOSECONDS),
        attempt.usage,
        attempt.cost,
    )
