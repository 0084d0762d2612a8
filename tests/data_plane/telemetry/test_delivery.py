"""Lines of the spool as messages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from isthmus.telemetry.v1 import telemetry_pb2

from data_plane.telemetry import delivery as delivery_module
from data_plane.telemetry.call_record import AttemptRecord, CallRecord, Candidate, Verdict
from data_plane.telemetry.delivery import read_chunk, read_sums_file
from data_plane.telemetry.sums import Sums
from data_plane.usage import Usage

TIME = datetime(2026, 11, 24, 10, 30, 0, 123456, tzinfo=UTC)


def every_field(struct: type[msgspec.Struct]) -> Any:
    """With a value of its own in each."""
    special = {
        "started": TIME,
        "usage": Usage(*range(1, 10)),
        "attempts": (AttemptRecord("t", "e", 500, "r", 7, Usage(output=3), 9), AttemptRecord("u", "f")),
        "limits": ("a", "b"),
        "dropped": ("seed",),
        "verdicts": (Verdict("guard", "pii", "mask"),),
        "candidates": (Candidate("t", "region", 0.5),),
        "stream": True,
        "is_estimated": True,
    }
    kinds = {field.name: field.type for field in msgspec.structs.fields(struct)}
    return struct(
        **{
            name: special.get(name, f"text-{number}" if kind is str else number)
            for number, (name, kind) in enumerate(kinds.items(), start=1)
        }
    )


def test_each_field_of_a_record_is_sent(tmp_path: Path) -> None:
    record = every_field(CallRecord)
    file = tmp_path / "records"
    file.write_bytes(msgspec.json.encode(record) + b"\n")
    chunk = read_chunk(file, 0, record.gateway)
    assert chunk is not None
    (message,) = chunk.message.records
    assert message.started.ToDatetime(UTC) == TIME
    sent = MessageToDict(message, preserving_proto_field_name=True)
    expected = msgspec.to_builtins(record)
    whole = {"started": sent["started"]}  # seconds and nanoseconds, compared above
    assert numbers_of(sent) == numbers_of(expected | whole)
    assert set(sent) == {field.name for field in telemetry_pb2.CallRecord.DESCRIPTOR.fields}


def test_a_cost_of_nothing_is_sent_and_an_unknown_one_is_not(tmp_path: Path) -> None:
    base = {"usage": Usage(output=1), "gateway": "edge"}
    free = CallRecord("node", 0, 1, 1, "id", TIME, 1, charged=0, incurred=0, **base)  # type: ignore[arg-type]
    free = msgspec.structs.replace(free, attempts=(AttemptRecord("t", "e", cost=0), AttemptRecord("t", "e")))
    unknown = CallRecord("node", 0, 1, 2, "id", TIME, 1, **base)  # type: ignore[arg-type]
    file = tmp_path / "records"
    file.write_bytes(msgspec.json.Encoder().encode_lines([free, unknown]))

    chunk = read_chunk(file, 0, "edge")

    assert chunk is not None
    sent = [(each.HasField("charged"), each.HasField("incurred"), each.charged) for each in chunk.message.records]
    assert sent == [(True, True, 0), (False, False, 0)]
    assert [each.HasField("cost") for each in chunk.message.records[0].attempts] == [True, False]


def numbers_of(value: Any) -> Any:
    """JSON has 64-bit numbers as text."""
    if isinstance(value, dict):
        return {name: numbers_of(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [numbers_of(each) for each in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def small(number: int, gateway: str = "edge") -> bytes:
    return msgspec.json.encode(CallRecord("node", 0, 1, number, "id", TIME, 1, gateway=gateway)) + b"\n"


def read_all(file: Path) -> tuple[list[int], int]:
    numbers, unusable, offset = [], 0, 0
    while (chunk := read_chunk(file, offset, "edge")) is not None:
        numbers += [record.sequence for record in chunk.message.records]
        unusable += chunk.unusable
        assert chunk.end > offset
        offset = chunk.end
    return numbers, unusable


@pytest.mark.parametrize("chunk_bytes", [10, 100, 500, 1_000_000])
def test_a_file_is_read_in_pieces_whole_lines_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(delivery_module, "CHUNK_BYTES", chunk_bytes)
    file = tmp_path / "records"
    file.write_bytes(b"".join(small(number) for number in range(20)))
    assert read_all(file) == (list(range(20)), 0)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"{}\n", id="not all fields"),
        pytest.param(b"\xff\n", id="no text"),
        pytest.param(small(1, gateway="other"), id="another gateway's"),
        pytest.param(small(1)[:-1].replace(b'"duration_ns":1', b'"duration_ns":9223372036854775808') + b"\n", id="big"),
        pytest.param(small(1).replace(b'"worker":0', b'"worker":-1'), id="negative"),
        pytest.param(b"\n", id="empty"),
    ],
)
def test_a_line_that_cannot_be_sent_is_counted_and_left_out(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "records"
    file.write_bytes(small(1) + line + small(2))
    assert read_all(file) == ([1, 2], 1)


def test_sums_are_sent_under_the_name_of_their_table(tmp_path: Path) -> None:
    sums = Sums()
    sums.add_lines(small(1) + small(2) + msgspec.json.encode({"started": "nonsense", "charged": 3}) + b"\n")
    file = tmp_path / "sums"
    file.write_bytes(sums.to_lines())
    (delivery,) = read_sums_file(file, "node")
    first, second = delivery.sums
    assert (first.node, first.table, first.calls) == ("node", sums.name, 2)
    assert first.hour.ToDatetime(UTC) == TIME.replace(minute=0, second=0, microsecond=0)
    assert (second.calls, second.charged, second.hour.seconds) == (1, 3, 0)


def test_sums_count_the_calls_that_used_tokens_and_whose_cost_is_unknown(tmp_path: Path) -> None:
    used = {"started": "2026-11-24T10:00:00Z", "usage": {"output": 1}}
    sums = Sums()
    for record in (used, used | {"charged": 0}, used | {"charged": 5, "incurred": 6}, {"started": used["started"]}):
        sums.add_lines(msgspec.json.encode(record) + b"\n")
    file = tmp_path / "sums"
    file.write_bytes(sums.to_lines())

    (delivery,) = read_sums_file(file, "node")

    (each,) = delivery.sums
    assert (each.calls, each.charged, each.incurred, each.unpriced) == (4, 5, 6, 1)


def test_many_sums_go_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "SUMS_AT_ONCE", 2)
    sums = Sums()
    for number in range(5):
        sums.add_lines(msgspec.json.encode({"started": "2026-11-24T10:00:00Z", "model": str(number)}) + b"\n")
    (tmp_path / "sums").write_bytes(sums.to_lines())
    assert [len(each.sums) for each in read_sums_file(tmp_path / "sums", "node")] == [2, 2, 1]
