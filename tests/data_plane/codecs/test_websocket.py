"""The little that a gateway knows of WebSocket."""

import pytest

from data_plane.codecs.websocket import FrameBoundary, accept_of, close_frame


def frame(size: int, *, masked: bool = False) -> bytes:
    if size < 126:
        length = bytes((size,))
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    mask = b"mask" if masked else b""
    return b"\x82" + bytes((length[0] | (0x80 if masked else 0),)) + length[1:] + mask + bytes(size)


def test_the_answer_to_a_key_is_that_of_the_rfc() -> None:
    assert accept_of(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_close_frame_has_code_and_reason() -> None:
    assert close_frame(1008, b"no") == b"\x88\x04\x03\xf0no"


@pytest.mark.parametrize("masked", [False, True], ids=["from a server", "from a client"])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("step", [1, 3, 1 << 20])
def test_a_boundary_is_where_a_frame_has_ended(size: int, step: int, masked: bool) -> None:
    data = frame(size, masked=masked)
    boundary = FrameBoundary()
    assert boundary.is_here
    for stream in (data, data):
        ends = []
        for at in range(0, len(stream), step):
            boundary.feed(stream[at : at + step])
            ends.append(boundary.is_here)
        assert ends == [False] * (len(ends) - 1) + [True]


def test_frames_that_come_together_are_told_apart() -> None:
    boundary = FrameBoundary()
    data = frame(3) + frame(0) + frame(300) + frame(5)
    boundary.feed(data[:-1])
    assert not boundary.is_here
    boundary.feed(data[-1:] + frame(1))
    assert boundary.is_here
