"""AWS's event streams: cut anywhere, damaged anywhere."""

from pytest import mark, param, raises

from data_plane.codecs.aws_event_stream import MessageSplitter, read_message
from data_plane.codecs.sse import MAX_EVENT_BYTES
from data_plane.errors import BadGateway
from tests.fakes.aws_event_stream import event, frame, string_header

TEXT = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Grüße"}})
STREAM = TEXT + frame(b"", b"") + event("messageStop", {"stopReason": "end_turn"})
MILLISECONDS = (1_700_000_000_000).to_bytes(8, "big")
ALL_TYPES = {
    b"\x01a\x00": True,
    b"\x01b\x01": False,
    b"\x01c\x02\xff": -1,
    b"\x01d\x03\xff\xfe": -2,
    b"\x01e\x04\x00\x00\x00\x07": 7,
    b"\x01f\x05" + (9).to_bytes(8, "big"): 9,
    b"\x01g\x06\x00\x02\x01\x02": b"\x01\x02",
    b"\x01h\x07\x00\x03\xe2\x82\xac": "€",
    b"\x01i\x08" + MILLISECONDS: 1_700_000_000_000,
    b"\x01j\x09" + bytes(range(16)): bytes(range(16)),
}


@mark.parametrize("size", [1, 3, 7, 16, 1 << 20])
def test_a_stream_is_cut_into_its_messages(size: int) -> None:
    splitter = MessageSplitter()

    messages = [
        message for start in range(0, len(STREAM), size) for message in splitter.feed(STREAM[start : start + size])
    ]

    assert b"".join(messages) == STREAM
    assert [read_message(each).headers.get(":event-type") for each in messages] == [
        "contentBlockDelta",
        None,
        "messageStop",
    ]
    assert splitter.close() == []


# As the tests of AWS's own SDKs have them.
@mark.parametrize(
    ("message", "headers"),
    [
        param(b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff", {}, id="empty"),
        param(b"\x00\x00\x00\x17\x00\x00\x00\x07)\x86\x01X\x04byte\x02\xff\xc2\xf8i\xdc", {"byte": -1}, id="one byte"),
        param(
            b"\x00\x00\x00\x19\x00\x00\x00\tq\x0e\x92>\x05short\x03\xff\xff\xb2|\xb6\xcc",
            {"short": -1},
            id="two bytes",
        ),
        param(
            b"\x00\x00\x00\x1d\x00\x00\x00\r\x83\xe3\xf0\xe7\x07integer\x04\xff\xff\xff\xff\x8b\x8e\x12\xeb",
            {"integer": -1},
            id="four bytes",
        ),
    ],
)
def test_a_known_message_is_read(message: bytes, headers: dict[str, int]) -> None:
    assert read_message(message).headers == headers


def test_headers_of_every_type_are_read() -> None:
    message = read_message(frame(b"".join(ALL_TYPES), b"payload"))

    assert list(message.headers.values()) == list(ALL_TYPES.values())
    assert message.payload == b"payload"


@mark.parametrize("at", range(len(TEXT)))
def test_a_byte_that_changed_is_noticed(at: int) -> None:
    damaged = TEXT[:at] + bytes([TEXT[at] ^ 1]) + TEXT[at + 1 :]

    with raises(BadGateway, match=r"event stream is damaged|event of more than"):
        for message in MessageSplitter().feed(damaged):
            read_message(message)


@mark.parametrize("length", range(len(TEXT)))
def test_a_message_cut_short_is_noticed(length: int) -> None:
    splitter = MessageSplitter()

    assert splitter.feed(TEXT[:length]) == []
    rest = splitter.close()

    assert rest == ([TEXT[:length]] if length else [])
    for each in rest:
        with raises(BadGateway, match="damaged"):
            read_message(each)


@mark.parametrize("payload", [b"{}", b"\x00" * 9])
@mark.parametrize(
    "headers",
    [
        param(b"\x05ab", id="name cut short"),
        param(b"\x01a", id="no type"),
        param(b"\x01a\x07", id="no length"),
        param(b"\x01a\x07\x00\x09b", id="value cut short"),
        param(b"\x01a\x04\x00", id="number cut short"),
        param(b"\x01a\x0a", id="unknown type"),
        param(b"\x01a\x07\x00\x01\xff", id="value is no UTF-8"),
        param(b"\x01\xff\x00", id="name is no UTF-8"),
    ],
)
def test_headers_that_cannot_be_read_are_an_error(headers: bytes, payload: bytes) -> None:
    with raises(BadGateway, match="damaged"):
        read_message(frame(headers, payload))


def test_a_message_that_is_too_long_is_refused_before_it_comes() -> None:
    with raises(BadGateway, match=f"more than {MAX_EVENT_BYTES} bytes"):
        MessageSplitter().feed(frame(string_header("a", "b"), bytes(MAX_EVENT_BYTES))[:12])


def test_something_else_than_messages_is_an_error() -> None:
    with raises(BadGateway, match="checksum of a prelude"):
        MessageSplitter().feed(b'{"message":"no stream at all"}')
