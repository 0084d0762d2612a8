"""Answers to requests that offer another protocol, whole and byte by byte."""

import pytest

from data_plane.errors import BadGateway
from data_plane.exchange import UpgradeTerms
from data_plane.upstream.response_head import DROPPED_OF_SERVICES, FieldNames
from data_plane.upstream.switch import SwitchReader

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
STATUS = b"HTTP/1.1 101 Switching Protocols\r\n"
HEADERS = {b"sec-websocket-key": KEY, b"sec-websocket-protocol": b"chat, mqtt"}
FIELDS = {b"Upgrade": b"websocket", b"Connection": b"Upgrade", b"Sec-WebSocket-Accept": ACCEPT}


def head(changed: dict[bytes, bytes | None] | None = None, status: bytes = STATUS) -> bytes:
    fields = FIELDS | (changed or {})
    lines = [b"%b: %b\r\n" % (name, value) for name, value in fields.items() if value is not None]
    return status + b"".join(lines) + b"\r\n"


def reader(protocol: bytes = b"websocket") -> SwitchReader:
    made = SwitchReader(FieldNames(DROPPED_OF_SERVICES), UpgradeTerms(protocol, 1, 1, 1), HEADERS)
    made.expect(b"GET")
    return made


def read(data: bytes, step: int, protocol: bytes = b"websocket") -> tuple[SwitchReader, bytes]:
    made = reader(protocol)
    return made, b"".join([made.feed(data[at : at + step]) for at in range(0, len(data), step)])


STEPS = pytest.mark.parametrize("step", [1, 7, 1 << 20], ids=["byte by byte", "in pieces", "whole"])


@STEPS
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(head(), id="as in the RFC"),
        pytest.param(head({b"Upgrade": b"WebSocket", b"Connection": b"keep-alive, Upgrade"}), id="other letters"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nUpgrade: h2c\r\n\r\n" + head(), id="behind another"),
    ],
)
def test_what_follows_the_head_is_the_other_protocols(data: bytes, step: int) -> None:
    rest = b"HTTP/1.1 200 OK\r\n\r\n\x00\xff" * 3
    made, body = read(data + rest, step)
    assert body == rest
    assert made.response is not None
    assert (made.response.status, made.response.headers) == (101, [(b"sec-websocket-accept", ACCEPT)])
    assert (made.complete, made.reusable) == (False, False)
    assert made.feed_eof()


def test_a_subprotocol_that_was_offered_is_told() -> None:
    made, _ = read(head({b"Sec-WebSocket-Protocol": b"mqtt"}), 1 << 20)
    assert made.response is not None and (b"sec-websocket-protocol", b"mqtt") in made.response.headers


def test_much_may_follow_in_the_same_read() -> None:
    assert read(head() + bytes(1 << 18), 1 << 20)[1] == bytes(1 << 18)


def test_other_protocols_have_no_key() -> None:
    fields = {b"Upgrade": b"custom/1", b"Sec-WebSocket-Accept": None}
    assert read(head(fields) + b"x", 1, b"custom/1")[1] == b"x"


@STEPS
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(head({b"Upgrade": b"h2c"}), id="another protocol"),
        pytest.param(head({b"Upgrade": b"websocket, h2c"}), id="two protocols"),
        pytest.param(head({b"Upgrade": None}), id="no protocol"),
        pytest.param(head({b"Connection": b"close"}), id="no connection upgrade"),
        pytest.param(head({b"Connection": None}), id="no connection field"),
        pytest.param(head({b"Sec-WebSocket-Accept": b"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}), id="wrong accept"),
        pytest.param(head({b"Sec-WebSocket-Accept": None}), id="no accept"),
        pytest.param(head({b"sec-websocket-accept": ACCEPT}), id="two accepts"),
        pytest.param(head({b"Sec-WebSocket-Protocol": b"evil"}), id="a subprotocol that was not offered"),
        pytest.param(head({b"Sec-WebSocket-Protocol": b"chat, mqtt"}), id="two subprotocols"),
        pytest.param(head({b"Content-Length": b"3"}), id="a length"),
        pytest.param(head({b"Transfer-Encoding": b"chunked"}), id="a coding"),
        pytest.param(head(status=b"HTTP/1.0 101 Switching Protocols\r\n"), id="HTTP/1.0"),
    ],
)
def test_a_101_that_does_not_match_is_a_bad_gateway(data: bytes, step: int) -> None:
    with pytest.raises(BadGateway):
        read(data + b"abc", step)


@STEPS
@pytest.mark.parametrize("status", [200, 400, 426])
def test_another_answer_is_read_as_any_and_is_the_last(status: int, step: int) -> None:
    made, body = read(b"HTTP/1.1 %d X\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi" % status, step)
    assert made.response is not None
    assert (made.response.status, body, made.complete, made.reusable) == (status, b"hi", True, False)


def test_a_second_head_is_no_answer() -> None:
    made, _ = read(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n", 1 << 20)
    made.feed(head())
    assert (made.complete, made.reusable) == (True, False)
