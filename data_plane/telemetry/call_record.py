"""The call record: what is kept of each request, one JSON line, written once. Never prompts, answers or secrets."""

from datetime import datetime

import msgspec

from data_plane.usage import Usage


class AttemptRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One try at an upstream. `cost` in nano-USD; None: not known."""

    target: str
    endpoint: str
    status: int = 0
    reason: str = ""
    latency_ns: int = 0
    usage: Usage | None = None
    cost: int | None = None


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
    # None: not known, which is not 0: what is free costs 0.
    charged: int | None = None  # nano-USD, of the winner, to the caller's budgets
    incurred: int | None = None  # nano-USD, of all attempts
    limits: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    client_ip: str = ""
    api_version: str = ""
    dropped: tuple[str, ...] = ()  # paths of fields that the request's translation has left out
