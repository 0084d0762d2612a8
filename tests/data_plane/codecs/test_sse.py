"""Events come out the same however their stream is cut."""

from random import Random

import pytest

from data_plane.codecs.sse import MAX_EVENT_BYTES, EventSplitter
from data_plane.errors import BadGateway

STREAMS: dict[str, list[bytes]] = {
    "LF": [b"data: a\n\n", b"event: b\ndata: c\n\n"],
    "CRLF": [b"data: a\r\n\r\n", b"event: b\r\ndata: c\r\n\r\n"],
    "CR": [b"data: a\r\r", b"event: b\rdata: c\r\r"],
    "mixed": [b"data: a\r\n\n", b"data: b\n\r\n", b"data: c\r\n\r", b"data: d\r\r\n", b"data: e\n\r"],
    "comments": [b": keep-alive\n\n", b": a\ndata: b\n\n", b":\r\n\r\n"],
    "CR after LF": [b"data: a\n\n", b"data: b\n\n", b"data: c\r\n\r\n", b"data: d\n\n"],
    "several data lines": [b"data: a\ndata\ndata:\n\n"],
    "byte order mark": [b"\xef\xbb\xbfdata: a\n\n"],
    "cut characters": ["data: é\u2028\x85€\n\n".encode(), "data: \U0001f600\n\n".encode()],
    "unfinished": [b"data: a\n\n", b"data: b\n"],
    "unfinished CRLF": [b"data: a\r\n\r\n", b"data: b\r\n"],
}


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = EventSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)] + splitter.close()


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)
def test_events_are_the_same_whole_byte_by_byte_and_cut_anywhere(events: list[bytes]) -> None:
    stream = b"".join(events)
    assert split([stream]) == events
    assert split([stream[at : at + 1] for at in range(len(stream))]) == events
    for at in range(len(stream)):
        assert split([stream[:at], stream[at:]]) == events


def test_events_come_as_soon_as_they_end() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\ndata: b\n\nda") == [b"data: a\n\n", b"data: b\n\n"]
    assert splitter.feed(b"ta: c\r\n\r\n") == [b"data: c\r\n\r\n"]
    assert splitter.close() == []


def test_any_bytes_in_any_pieces_give_the_same_events_and_lose_nothing() -> None:
    random = Random(5)
    for _ in range(3000):
        stream = b"".join(random.choices([b"\r", b"\n", b"\r\n", b"a", b":"], k=random.randint(1, 12)))
        pieces = [stream]
        while random.random() < 0.8:
            at = random.randrange(len(pieces[-1]) + 1)
            pieces[-1:] = [pieces[-1][:at], pieces[-1][at:]]
        assert split(pieces) == split([stream]), pieces
        assert b"".join(split(pieces)) == stream


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("step", [1 << 16, 1 << 22])
def test_an_event_may_have_the_limit_and_no_more(end: bytes, step: int) -> None:
    def pieces(size: int) -> list[bytes]:
        stream = b"data: a" + end + b"x" * (size - len(end)) + end + b"data: b" + end
        return [stream[at : at + step] for at in range(0, len(stream), step)]

    assert [len(event) for event in split(pieces(MAX_EVENT_BYTES))][1] == MAX_EVENT_BYTES
    with pytest.raises(BadGateway, match=str(MAX_EVENT_BYTES)):
        split(pieces(MAX_EVENT_BYTES + 1))


def test_an_event_that_never_ends_is_refused() -> None:
    splitter = EventSplitter()
    with pytest.raises(BadGateway):
        for _ in range(40):
            splitter.feed(b"x" * 32_768)
