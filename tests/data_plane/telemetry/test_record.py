"""The call record of a request."""

import json

import msgspec
from isthmus.telemetry.v1 import telemetry_pb2
from pytest import mark

from data_plane.exchange import Attempt, Outcome
from data_plane.llm.price import Period, Price, Tier
from data_plane.telemetry.call_record import AttemptRecord, CallRecord, Candidate, Verdict
from data_plane.usage import Usage
from tests.fakes.gateway import KEY, NOW, Gateway, basic, post

PRICE = Price("test 1", (), Period((Tier(-1, (2_000_000,) * 9),)))  # two nano-USD a token


def test_a_served_request() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post(body={"model": "gpt", "messages": [{"role": "user", "content": "a secret prompt"}]}))
    exchange = answer.exchange
    exchange.model_version, exchange.target, exchange.provider = "v1", "openai/gpt", "default/openai"
    exchange.status, exchange.first_byte, exchange.ended = 200, 100.5, 102.0
    exchange.attempts = [Attempt("openai/gpt", "h:443", 100.0, status=200, ended=102.0)]
    exchange.usage = Usage(input_uncached=3, output=1)
    exchange.price, exchange.is_estimated, exchange.dropped = PRICE, True, ("seed",)

    answer.complete()

    (record,) = gateway.sink.records
    line = msgspec.json.encode(record)
    assert json.loads(line) == {
        "node": "node",
        "worker": 1,
        "incarnation": 2,
        "sequence": 1,
        "request_id": "id0",
        "started": "2026-09-21T14:13:18Z",
        "duration_ns": 2_000_000_000,
        "first_byte_ns": 500_000_000,
        "gateway": "edge",
        "revision": 1,
        "tenant": "default",
        "application": "app",
        "credential": "key",
        "identity_method": "ApiKey",
        "route": "default/models",
        "api": "openai",
        "operation": "chat",
        "method": "POST",
        "model_requested": "gpt",
        "model": "gpt",
        "version": "v1",
        "target": "openai/gpt",
        "provider": "default/openai",
        "outcome": "completed",
        "status": 200,
        "attempts": [
            {
                "target": "openai/gpt",
                "endpoint": "h:443",
                "status": 200,
                "latency_ns": 2_000_000_000,
                "usage": {"input_uncached": 3, "output": 1},
                "cost": 8,
            }
        ],
        "usage": {"input_uncached": 3, "output": 1},
        "is_estimated": True,
        "price_version": "test 1",
        "charged": 8,
        "incurred": 8,
        "dropped": ["seed"],
    }
    assert KEY.encode() not in line
    assert b"prompt" not in line
    assert record.started.timestamp() == NOW - 2


@mark.parametrize(
    ("usage", "price", "version"),
    [(Usage(output=1), None, ""), (None, PRICE, "test 1")],
    ids=["no price is known", "no usage was told"],
)
def test_an_unknown_cost_is_absent(usage: Usage | None, price: Price | None, version: str) -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post())
    answer.exchange.usage, answer.exchange.price = usage, price
    answer.exchange.attempts = [Attempt("openai/gpt", "h:443", 100.0)]

    answer.complete()

    (record,) = gateway.sink.records
    assert (record.charged, record.incurred, record.price_version) == (None, None, version)
    assert b"charged" not in msgspec.json.encode(record) and b"cost" not in msgspec.json.encode(record)


def test_a_refused_request() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post(authorization=""))

    answer.complete(Outcome.REFUSED)

    (record,) = gateway.sink.records
    assert (record.status, record.error_code, record.outcome) == (401, "unauthenticated", "refused")
    assert (record.tenant, record.application) == ("", "")


def test_records_of_a_process_are_numbered() -> None:
    gateway = Gateway(basic())
    for _ in range(3):
        gateway.ask(post()).complete()

    assert [record.sequence for record in gateway.sink.records] == [1, 2, 3]


def test_the_record_and_its_message_have_the_same_fields() -> None:
    for struct in (CallRecord, AttemptRecord, Usage, Verdict, Candidate):
        message = telemetry_pb2.DESCRIPTOR.message_types_by_name[struct.__name__.replace("AttemptRecord", "Attempt")]
        assert set(struct.__struct_fields__) == {field.name for field in message.fields}
