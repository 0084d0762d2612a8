"""The terms of a tunnel, and what is said at its end."""

import pytest

from data_plane.errors import BadGateway, BodyTooLarge, DeadlineExceeded, Forbidden, GatewayError
from data_plane.exchange import UpgradeTerms
from data_plane.pipeline.tunnel import Tunnel, farewell

NOW = 1000.0


def tunnel(protocol: bytes = b"websocket") -> Tunnel:
    return Tunnel(UpgradeTerms(protocol, idle_seconds=10, total_seconds=25, max_bytes=8), NOW)


def test_what_comes_moves_the_deadline_up_to_the_end() -> None:
    assert [tunnel().deadline(NOW + passed) for passed in (0, 9, 20)] == [NOW + 10, NOW + 19, NOW + 25]


def test_each_direction_has_its_bytes() -> None:
    one = tunnel()
    assert one.receive(b"1234") and one.send(b"12345678") and one.receive(b"5678")
    assert not one.receive(b"9")
    assert not one.send(b"9")


def test_last_words_stand_between_frames_only() -> None:
    one = tunnel()
    one.send(b"\x82\x04ab")
    assert one.last_words(1001, b"x") == b""
    one.send(b"cd")
    assert one.last_words(1001, b"x") == b"\x88\x03\x03\xe9x"


def test_what_was_too_much_to_be_sent_ends_no_frame() -> None:
    one = tunnel()
    one.send(b"\x82\x08ab")
    assert not one.send(b"cdefgh")
    assert one.last_words(1009, b"x") == b""


def test_other_protocols_have_no_words() -> None:
    assert tunnel(b"custom").last_words(1001, b"x") == b""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Forbidden("x"), 1008),
        (DeadlineExceeded("x"), 1001),
        (BodyTooLarge("x"), 1009),
        (BadGateway("x"), 1011),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_end_has_its_code(error: GatewayError, code: int) -> None:
    assert farewell(error) == (code, b"x")


def test_a_reason_fits_into_a_control_frame() -> None:
    assert len(farewell(BadGateway("é" * 200))[1]) == 123
