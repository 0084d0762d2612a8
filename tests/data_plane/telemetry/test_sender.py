"""A worker's records until they are stored."""

import msgspec
import pytest

from data_plane.telemetry import sender as sender_module
from data_plane.telemetry.sender import BATCH_BYTES, MANY, MAX_WAITING, Sender


class Record(msgspec.Struct):
    id: int
    text: str = ""


def filled(count: int, text: str = "") -> Sender:
    sender = Sender()
    for number in range(count):
        sender.append(Record(number, text))
    return sender


def test_records_become_lines_in_order() -> None:
    (batch,) = filled(3).next_batches()
    assert (batch.sequence, batch.count) == (1, 3)
    assert [msgspec.json.decode(line)["id"] for line in batch.lines.splitlines()] == [0, 1, 2]


def test_nothing_waits_nothing_is_sent() -> None:
    assert filled(0).next_batches() == []


def test_many_records_go_in_batches_of_bounded_size() -> None:
    batches = filled(200, "x" * 10_000).next_batches()
    assert sum(batch.count for batch in batches) == 200
    assert all(len(batch.lines) <= BATCH_BYTES for batch in batches)
    assert [batch.sequence for batch in batches] == list(range(1, len(batches) + 1))


def test_a_batch_is_kept_until_it_is_stored() -> None:
    sender = filled(1)
    sender.next_batches()
    sender.append(Record(1))
    sender.next_batches()
    assert [batch.sequence for batch in sender.unstored()] == [1, 2]
    sender.on_stored(1)
    assert [batch.sequence for batch in sender.unstored()] == [2]


def test_what_finds_no_room_is_counted() -> None:
    sender = filled(MAX_WAITING + 5)
    assert sender.lost == 5
    sent = sum(batch.count for batch in sender.next_batches())
    assert sent == MAX_WAITING


def test_an_agent_that_stores_nothing_costs_a_bounded_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "UNSTORED_BYTES", 1000)
    sender = filled(3, "x" * 200)
    sender.next_batches()
    for _ in range(10):
        sender.append(Record(9, "x" * 200))
        sender.next_batches()
    assert sum(len(batch.lines) for batch in sender.unstored()) <= 1000
    assert sum(batch.count for batch in sender.unstored()) + sender.lost == 13


def test_it_is_told_when_many_wait_and_again_when_there_are_as_many_anew() -> None:
    sender, told = Sender(), []
    sender.on_many = lambda: told.append(len(sender.next_batches()))
    for number in range(2 * MANY + 1):
        sender.append(Record(number))
    assert told == [1, 1]
