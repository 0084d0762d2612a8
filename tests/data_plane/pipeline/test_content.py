"""Content is cut into the events of a stream, or taken as one."""

import gzip
from collections.abc import Callable

import pytest
import zstandard

from data_plane.errors import BadGateway
from data_plane.exchange import Response
from data_plane.pipeline import content
from data_plane.pipeline.content import Content, WholeBody, is_event_stream

EVENTS = [b'data: {"n":1}\n\n', b": ping\n\n", b"event: x\ndata: 2\n\n"]
EVENT_STREAM = Response(200, [(b"content-type", b"text/event-stream; charset=utf-8")], 10)


class Numbering:
    """Notes what it is given and marks it; has a last word."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.given: list[bytes] = []

    def feed(self, events: list[bytes]) -> list[bytes]:
        self.given += events
        return [self.mark + event for event in events]

    def close(self) -> list[bytes]:
        return [self.mark + b"end"]


def of(response: Response, *transforms: Numbering) -> Content:
    made = Content.wanted(response, transforms)
    assert made is not None
    return made


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_stream_is_cut_into_events(size: int) -> None:
    inner = Numbering(b"")
    made, data = of(EVENT_STREAM, inner), b"".join(EVENTS)
    out = [made.feed(data[at : at + size], at + size >= len(data)) for at in range(0, len(data), size)]
    assert inner.given == EVENTS and b"".join(out) == data + b"end"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_what_is_no_stream_is_one_event(size: int) -> None:
    inner, data = Numbering(b""), b'{"a": 1}\n\n{"b": 2}'
    made = of(Response(200, [(b"content-type", b"application/json")]), inner)
    out = [made.feed(data[at : at + size], at + size >= len(data)) for at in range(0, len(data), size)]
    assert inner.given == [data] and out == [b""] * (len(out) - 1) + [data + b"end"]


def test_an_event_that_is_cut_short_is_the_last() -> None:
    inner = Numbering(b"")
    made = of(EVENT_STREAM, inner)
    assert made.feed(EVENTS[0] + b"data: ha", False) == EVENTS[0]
    assert made.feed(b"", True) == b"data: haend" and inner.given == [EVENTS[0], b"data: ha"]


def test_an_outer_transform_gets_what_the_inner_one_makes_also_at_the_end() -> None:
    inner, outer = Numbering(b"i"), Numbering(b"o")
    made = of(EVENT_STREAM, inner, outer)
    assert made.feed(EVENTS[0], True) == b"oi" + EVENTS[0] + b"oiend" + b"oend"
    assert outer.given == [b"i" + EVENTS[0], b"iend"]


def test_an_empty_body_is_no_event() -> None:
    inner = Numbering(b"")
    assert of(Response(200, []), inner).feed(b"", True) == b"end" and inner.given == []


def test_without_transforms_bytes_are_relayed_and_the_length_stays() -> None:
    response = Response(200, [], 10)
    assert Content.wanted(response, []) is None and response.length == 10
    assert Content.wanted(response, [Numbering(b"")]) is not None and response.length is None


def test_a_body_that_has_to_be_held_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_WHOLE_BYTES", 10)
    body = WholeBody()
    assert body.feed(b"x" * 10) == []
    with pytest.raises(BadGateway):
        body.feed(b"x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"text/event-stream", True), (b"text/event-stream;charset=utf-8", True), (b"text/plain", False)],
)
def test_a_stream_of_events_is_known_by_its_type(value: bytes, expected: bool) -> None:
    assert is_event_stream(Response(200, [(b"x", b"y"), (b"content-type", value)])) is expected


def coded(body: bytes, coding: bytes, content_type: bytes, step: int) -> tuple[Numbering, bytes, Response]:
    """What a transform was given of a coded body, what came out, and the head."""
    response = Response(200, [(b"content-type", content_type), (b"content-encoding", coding)], len(body))
    inner = Numbering(b"")
    made = of(response, inner)
    out = [made.feed(body[at : at + step], at + step >= len(body)) for at in range(0, len(body), step)]
    return inner, b"".join(out), response


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    ("coding", "compress"), [(b"gzip", gzip.compress), (b"zstd", zstandard.compress)], ids=["gzip", "zstd"]
)
def test_coded_content_is_inflated(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    inner, out, response = coded(compress(b"".join(EVENTS)), coding, b"text/event-stream", step)
    assert inner.given == EVENTS and out == b"".join(EVENTS) + b"end"
    assert response.headers == [(b"content-type", b"text/event-stream")]
    inner, out, _ = coded(compress(b"all"), coding, b"text/plain", step)
    assert inner.given == [b"all"] and out == b"allend"


def test_content_that_says_it_is_not_coded_is_taken_as_it_is() -> None:
    assert coded(b"all", b"identity", b"text/plain", 100)[1] == b"allend"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"any", b"br"),
        (b"any", b"gzip"),
        (gzip.compress(b"all")[:-4], b"gzip"),
        (gzip.compress(bytes(1 << 24)), b"gzip"),
    ],
    ids=["another coding", "garbage", "cut short", "a bomb"],
)
def test_coded_content_that_cannot_be_read_is_refused(body: bytes, coding: bytes) -> None:
    with pytest.raises(BadGateway):
        coded(body, coding, b"text/plain", 100_000)
