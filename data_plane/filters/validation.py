"""ValidationPolicy: requests and the upstream's responses are held to their contracts."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from data_plane.errors import BodyTooLarge, GatewayError, InvalidUpstreamResponse
from data_plane.exchange import COMPLETED, Exchange, Outcome, Response
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import BodyMode, Filter, StreamTransform
from data_plane.readers import Meter
from data_plane.usage import Usage
from data_plane.validation.bodies import Unvalidated, judge_response
from data_plane.validation.checker import Checker, Violation
from data_plane.validation.contract import ENFORCE, OFF, SHADOW, Contract, coding_of
from data_plane.validation.operations import CompiledOperation

VALID, INVALID, SKIPPED = "valid", "invalid", "skipped"
IDENTITY = (b"accept-encoding", b"identity")
LOG_SECONDS = 1.0  # at least this long between two lines about one policy

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Check:
    """One contract's, of one response, while it waits for the body; in `Shadow`, `copy` has kept it."""

    contract: Contract
    operation: CompiledOperation | None
    checker: Checker | None = None
    coding: bytes | None = None
    violations: list[Violation] = field(default_factory=list)
    copy: "Copy | None" = None


class Copy:
    """Keeps a response's bytes beside the meter that reads them, up to a bound."""

    __slots__ = ("_left", "_meter", "_pieces")

    def __init__(self, meter: Meter | None, max_bytes: int) -> None:
        self._meter = meter
        self._left = max_bytes
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> None:
        if self._meter is not None:
            self._meter.feed(data)
        if self._left >= 0:
            self._left -= len(data)
            self._pieces.append(data)
            if self._left < 0:
                self._pieces.clear()

    def fault(self) -> GatewayError | None:
        return self._meter.fault() if self._meter is not None else None

    def usage(self) -> Usage | None:
        return self._meter.usage() if self._meter is not None else None

    def is_final(self) -> bool:
        return self._meter is None or self._meter.is_final()

    def output_bytes(self) -> int:
        return self._meter.output_bytes() if self._meter is not None else 0

    def output_text(self) -> str:
        return self._meter.output_text() if self._meter is not None else ""

    def take(self) -> bytes | None:
        """All of the body; None if it was larger than the bound."""
        return b"".join(self._pieces) if self._left >= 0 else None


class Whole:
    """Holds a response until its checks have judged it."""

    __slots__ = ("_judge", "_pieces")

    def __init__(self, judge: Callable[[bytes], None]) -> None:
        self._judge = judge
        self._pieces: list[bytes] = []

    def feed(self, events: list[bytes]) -> list[bytes]:
        self._pieces += events
        return []

    def close(self) -> list[bytes]:
        body = b"".join(self._pieces)
        self._judge(body)
        return [body] if body else []


class ValidationFilter(Filter):
    """All contracts of a plan. A request or response that one of them does not take is refused, or counted only."""

    body_mode = BodyMode.CONTENT

    def __init__(self, contracts: Sequence[Contract], metrics: Metrics) -> None:
        self._contracts = tuple(contracts)
        self._judges_responses = any(each.responses != OFF for each in contracts)
        self._counts = metrics.validation
        self._logged: dict[str, float] = {}

    def on_request(self, exchange: Exchange) -> None:
        checks = [Check(each, self._judge_request(each, exchange)) for each in self._contracts]
        if self._judges_responses:
            exchange.checks = [check for check in checks if check.contract.responses != OFF]
            exchange.request_headers.append(IDENTITY)  # what is compressed would have to be inflated here

    def _judge_request(self, contract: Contract, exchange: Exchange) -> CompiledOperation | None:
        if contract.requests == OFF:
            return contract.operation_of(exchange)
        result = VALID
        try:
            return contract.judge_request(exchange)
        except Unvalidated as skipped:
            result = SKIPPED
            if contract.requests == ENFORCE and not contract.fails_open:
                raise BodyTooLarge(str(skipped)) from None
        except GatewayError as error:
            result = INVALID
            if contract.requests == ENFORCE:
                raise
            self._log(contract, exchange, "request", error.message)
        finally:
            self._counts[contract.name, "request", result].value += 1
        return contract.operation_of(exchange)

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        checks: list[Check] = exchange.checks or []
        # An error of ours, perhaps for what a check has found, is not the upstream's.
        exchange.checks = (
            [] if exchange.error is not None else [each for each in checks if self._waits(each, exchange, response)]
        )
        return response

    def _waits(self, check: Check, exchange: Exchange, response: Response) -> bool:
        """Whether a check has to see the body; else it is done."""
        contract = check.contract
        check.checker, check.violations = contract.response_checker(check.operation, exchange, response)
        check.coding = coding_of(response)
        if check.checker is None or check.violations:
            self._judge(check, b"", exchange)
            return False
        max_bytes = contract.max_body_bytes
        if response.length is not None and response.length > max_bytes:
            self._judge(check, None, exchange)
            return False
        if contract.responses == SHADOW:
            exchange.meter = check.copy = Copy(exchange.meter, max_bytes)
        return True

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        checks = [each for each in exchange.checks or () if each.copy is None]
        return Whole(partial(self._judge_all, checks, exchange)) if checks else None

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        if outcome is COMPLETED:
            for check in exchange.checks or ():
                if check.copy is not None:
                    self._judge(check, check.copy.take(), exchange)

    def _judge_all(self, checks: list[Check], exchange: Exchange, body: bytes) -> None:
        for check in checks:
            self._judge(check, body, exchange)

    def _judge(self, check: Check, body: bytes | None, exchange: Exchange) -> None:
        """Count, and refuse if the contract says so. `body` None: it is too large."""
        contract, violations, result = check.contract, check.violations, VALID
        try:
            if check.checker is not None and not violations:
                violations = judge_response(check.checker, body, check.coding, contract.max_body_bytes)
        except Unvalidated as skipped:
            result, violations = SKIPPED, [Violation(str(skipped))]
        else:
            result = INVALID if violations else VALID
        self._counts[contract.name, "response", result].value += 1
        if result is not VALID:
            self._log(contract, exchange, "response", "; ".join(f"{each.pointer} {each.detail}" for each in violations))
        if contract.responses == ENFORCE and (result is INVALID or (result is SKIPPED and not contract.fails_open)):
            raise InvalidUpstreamResponse("the upstream's response does not fit its schema")

    def _log(self, contract: Contract, exchange: Exchange, direction: str, found: str) -> None:
        """Names of fields and rules, never values; seldom, since whoever is wrong is wrong often."""
        if exchange.started - self._logged.get(contract.name, -LOG_SECONDS) >= LOG_SECONDS:
            self._logged[contract.name] = exchange.started
            logger.warning(
                "%s does not fit policy=%s request_id=%s found=%s", direction, contract.name, exchange.id, found[:1000]
            )
