import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delivery(_message.Message):
    __slots__ = ("sequence", "records", "sums")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    SUMS_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    records: _containers.RepeatedCompositeFieldContainer[CallRecord]
    sums: _containers.RepeatedCompositeFieldContainer[FoldedSum]
    def __init__(self, sequence: _Optional[int] = ..., records: _Optional[_Iterable[_Union[CallRecord, _Mapping]]] = ..., sums: _Optional[_Iterable[_Union[FoldedSum, _Mapping]]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class FoldedSum(_message.Message):
    __slots__ = ("node", "table", "hour", "tenant", "application", "model", "version", "calls", "usage", "charged", "incurred", "unpriced")
    NODE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    HOUR_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CHARGED_FIELD_NUMBER: _ClassVar[int]
    INCURRED_FIELD_NUMBER: _ClassVar[int]
    UNPRICED_FIELD_NUMBER: _ClassVar[int]
    node: str
    table: str
    hour: _timestamp_pb2.Timestamp
    tenant: str
    application: str
    model: str
    version: str
    calls: int
    usage: Usage
    charged: int
    incurred: int
    unpriced: int
    def __init__(self, node: _Optional[str] = ..., table: _Optional[str] = ..., hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant: _Optional[str] = ..., application: _Optional[str] = ..., model: _Optional[str] = ..., version: _Optional[str] = ..., calls: _Optional[int] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., charged: _Optional[int] = ..., incurred: _Optional[int] = ..., unpriced: _Optional[int] = ...) -> None: ...

class CallRecord(_message.Message):
    __slots__ = ("node", "worker", "incarnation", "sequence", "request_id", "trace_id", "decision_id", "started", "duration_ns", "first_byte_ns", "first_token_ns", "gateway", "revision", "tenant", "team", "application", "credential", "identity_method", "route", "api", "operation", "method", "model_requested", "model", "version", "target", "provider", "stream", "outcome", "status", "error_code", "error_origin", "attempts", "usage", "is_estimated", "price_version", "charged", "incurred", "limits", "verdicts", "candidates", "bytes_in", "bytes_out", "client_ip", "api_version", "dropped")
    NODE_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    DURATION_NS_FIELD_NUMBER: _ClassVar[int]
    FIRST_BYTE_NS_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_NS_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_METHOD_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    MODEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    IS_ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CHARGED_FIELD_NUMBER: _ClassVar[int]
    INCURRED_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    BYTES_IN_FIELD_NUMBER: _ClassVar[int]
    BYTES_OUT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IP_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    node: str
    worker: int
    incarnation: int
    sequence: int
    request_id: str
    trace_id: str
    decision_id: str
    started: _timestamp_pb2.Timestamp
    duration_ns: int
    first_byte_ns: int
    first_token_ns: int
    gateway: str
    revision: int
    tenant: str
    team: str
    application: str
    credential: str
    identity_method: str
    route: str
    api: str
    operation: str
    method: str
    model_requested: str
    model: str
    version: str
    target: str
    provider: str
    stream: bool
    outcome: str
    status: int
    error_code: str
    error_origin: str
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    usage: Usage
    is_estimated: bool
    price_version: str
    charged: int
    incurred: int
    limits: _containers.RepeatedScalarFieldContainer[str]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    bytes_in: int
    bytes_out: int
    client_ip: str
    api_version: str
    dropped: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, node: _Optional[str] = ..., worker: _Optional[int] = ..., incarnation: _Optional[int] = ..., sequence: _Optional[int] = ..., request_id: _Optional[str] = ..., trace_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_ns: _Optional[int] = ..., first_byte_ns: _Optional[int] = ..., first_token_ns: _Optional[int] = ..., gateway: _Optional[str] = ..., revision: _Optional[int] = ..., tenant: _Optional[str] = ..., team: _Optional[str] = ..., application: _Optional[str] = ..., credential: _Optional[str] = ..., identity_method: _Optional[str] = ..., route: _Optional[str] = ..., api: _Optional[str] = ..., operation: _Optional[str] = ..., method: _Optional[str] = ..., model_requested: _Optional[str] = ..., model: _Optional[str] = ..., version: _Optional[str] = ..., target: _Optional[str] = ..., provider: _Optional[str] = ..., stream: _Optional[bool] = ..., outcome: _Optional[str] = ..., status: _Optional[int] = ..., error_code: _Optional[str] = ..., error_origin: _Optional[str] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., is_estimated: _Optional[bool] = ..., price_version: _Optional[str] = ..., charged: _Optional[int] = ..., incurred: _Optional[int] = ..., limits: _Optional[_Iterable[str]] = ..., verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., bytes_in: _Optional[int] = ..., bytes_out: _Optional[int] = ..., client_ip: _Optional[str] = ..., api_version: _Optional[str] = ..., dropped: _Optional[_Iterable[str]] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("target", "endpoint", "status", "reason", "latency_ns", "usage", "cost")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LATENCY_NS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    target: str
    endpoint: str
    status: int
    reason: str
    latency_ns: int
    usage: Usage
    cost: int
    def __init__(self, target: _Optional[str] = ..., endpoint: _Optional[str] = ..., status: _Optional[int] = ..., reason: _Optional[str] = ..., latency_ns: _Optional[int] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., cost: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning", "output", "input_audio", "output_audio", "input_image")
    INPUT_UNCACHED_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_5M_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_1H_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_AUDIO_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_AUDIO_FIELD_NUMBER: _ClassVar[int]
    INPUT_IMAGE_FIELD_NUMBER: _ClassVar[int]
    input_uncached: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    reasoning: int
    output: int
    input_audio: int
    output_audio: int
    input_image: int
    def __init__(self, input_uncached: _Optional[int] = ..., cache_read: _Optional[int] = ..., cache_write_5m: _Optional[int] = ..., cache_write_1h: _Optional[int] = ..., reasoning: _Optional[int] = ..., output: _Optional[int] = ..., input_audio: _Optional[int] = ..., output_audio: _Optional[int] = ..., input_image: _Optional[int] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("kind", "rule", "action")
    KIND_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    rule: str
    action: str
    def __init__(self, kind: _Optional[str] = ..., rule: _Optional[str] = ..., action: _Optional[str] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("target", "removed_by", "score")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REMOVED_BY_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    target: str
    removed_by: str
    score: float
    def __init__(self, target: _Optional[str] = ..., removed_by: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...
