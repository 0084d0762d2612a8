"""Secrets are opened for sending by the sealer, and say nothing when they do not open."""

import json

import pytest

from control_plane.distribution.item import Unreadable
from control_plane.distribution.unseal import unsealer
from control_plane.secrets.sealer import Sealer
from tests.fakes.distribution import document

PATH = "acme/Secret/s"
SEALER = Sealer({"k1": b"1" * 32, "k2": b"2" * 32})


def sealed(value: str) -> bytes:
    return document(PATH, {"data": {"value": value}})


def test_values_are_opened_and_nothing_else_changes() -> None:
    assert unsealer(SEALER)(PATH, sealed(SEALER.seal(PATH, "value", "plain"))) == sealed("plain")


def test_sealing_anew_gives_the_same_bytes() -> None:
    other = Sealer({"k2": b"2" * 32, "k1": b"1" * 32})
    values = [sealer.seal(PATH, "value", "plain") for sealer in (SEALER, other)]
    assert values[0] != values[1]
    assert {unsealer(SEALER)(PATH, sealed(value)) for value in values} == {sealed("plain")}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Sealer({"k9": b"9" * 32}).seal(PATH, "value", "plain"), id="unknown key"),
        pytest.param(SEALER.seal("acme/Secret/other", "value", "plain"), id="from another place"),
        pytest.param("plain", id="not sealed"),
    ],
)
def test_what_does_not_open_is_unreadable_and_not_shown(value: str) -> None:
    with pytest.raises(Unreadable) as error:
        unsealer(SEALER)(PATH, sealed(value))
    assert value not in str(error.value)


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[1]", json.dumps({"spec": 1}).encode(), b"[" * 100_000])
def test_what_is_no_secret_document_stays_as_it_is(payload: bytes) -> None:
    assert unsealer(SEALER)(PATH, payload) == payload
