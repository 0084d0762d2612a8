"""The PROXY header, version 2: what is read of it, and what is none."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.exchange import Peer
from data_plane.ingress.proxy_protocol import SIGNATURE, ProxyHeaderError, ProxyHeaderReader, crc32c
from tests.fakes.secure_front import proxy_header

UNIX = SIGNATURE + b"\x21\x31" + (216).to_bytes(2, "big") + b"/a".ljust(108, b"\0") * 2
UNSPECIFIED = SIGNATURE + b"\x21\x00\x00\x05abcde"


def with_checksum(header: bytes, checksum: int | None = None) -> bytes:
    """The header with a checksum value at its end."""
    length = int.from_bytes(header[14:16], "big") + 7
    empty = header[:14] + length.to_bytes(2, "big") + header[16:] + b"\x03\x00\x04" + bytes(4)
    return empty[:-4] + (crc32c(empty) if checksum is None else checksum).to_bytes(4, "big")


def read(data: bytes, step: int) -> tuple[Peer | None, bytes]:
    """Whom a header names, and what of the bytes was left."""
    reader = ProxyHeaderReader()
    while reader.wanted:
        size = min(step, reader.wanted)
        piece, data = data[:size], data[size:]
        if not piece:
            raise AssertionError("the header is not complete")
        reader.feed(piece)
    return reader.peer(), data


@pytest.mark.parametrize("step", [1, 7, 4096], ids=lambda step: f"by {step}")
@pytest.mark.parametrize(
    ("header", "peer"),
    [
        (proxy_header("192.0.2.7"), Peer("192.0.2.7")),
        (proxy_header("2001:db8::7"), Peer("2001:db8::7")),
        (proxy_header("::ffff:192.0.2.7"), Peer("192.0.2.7")),
        (UNIX, Peer()),
        (UNSPECIFIED, None),
        (proxy_header(command=0x20), None),
        (SIGNATURE + b"\x20\x00\x00\x00", None),
        (SIGNATURE + b"\x20\xff\x00\x03???", None),
        (proxy_header(values=b"\x01\x00\x02h2" + b"\x04\x00\x00"), Peer("192.0.2.7")),
        (with_checksum(proxy_header()), Peer("192.0.2.7")),
        (proxy_header(values=b"\x04" + (4050).to_bytes(2, "big") + bytes(4050)), Peer("192.0.2.7")),
    ],
    ids=["tcp4", "tcp6", "mapped", "unix", "unspecified", "local", "local empty", "local odd", "values", "sum", "big"],
)
def test_a_header_is_read_to_its_last_byte_and_no_further(header: bytes, peer: Peer | None, step: int) -> None:
    assert read(header + b"GET /", step) == (peer, b"GET /")


@pytest.mark.parametrize("step", [1, 4096], ids=lambda step: f"by {step}")
@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcde",
        SIGNATURE[:-1] + b"\0" + b"\x21\x11\x00\x0c" + bytes(12),
        proxy_header(command=0x11),
        proxy_header(command=0x22),
        proxy_header(family=0x12),
        proxy_header(family=0x41),
        proxy_header(family=0x01),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x21\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x0f\xf1" + bytes(4081),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(65535),
        proxy_header(values=b"\x01\x00"),
        proxy_header(values=b"\x01\x00\x03h2"),
        with_checksum(proxy_header(), 1),
        proxy_header(values=b"\x03\x00\x02ab"),
    ],
    ids=[
        "version 1",
        "http",
        "tls",
        "signature",
        "version in byte",
        "command",
        "datagram",
        "family",
        "no family but a transport",
        "too short for tcp4",
        "too short for tcp6",
        "longer than 4 KiB",
        "longest",
        "value cut off",
        "value too long",
        "checksum wrong",
        "checksum short",
    ],
)
def test_anything_else_is_refused(data: bytes, step: int) -> None:
    with pytest.raises(ProxyHeaderError):
        read(data, step)


def test_a_wrong_beginning_is_refused_at_its_first_wrong_byte() -> None:
    reader = ProxyHeaderReader()
    reader.feed(SIGNATURE[:3])
    with pytest.raises(ProxyHeaderError):
        reader.feed(b"x")


def test_the_checksum_is_that_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283


HEADERS = st.builds(
    lambda command, family, length, rest: SIGNATURE + bytes((command, family)) + length.to_bytes(2, "big") + rest,
    st.sampled_from([0x20, 0x21, 0x2F, 0x11]),
    st.sampled_from([0x00, 0x11, 0x12, 0x21, 0x31, 0xFF]),
    st.integers(0, 300),
    st.binary(max_size=300),
)


@given(st.one_of(HEADERS, st.binary(max_size=40)), st.integers(1, 20))
def test_whatever_comes_is_a_header_or_a_typed_error(data: bytes, step: int) -> None:
    reader, rest = ProxyHeaderReader(), data
    try:
        while reader.wanted and rest:
            size = min(step, reader.wanted)
            reader.feed(rest[:size])
            rest = rest[size:]
        if not reader.wanted:
            peer = reader.peer()
            assert peer is None or peer.address == "" or ipaddress.ip_address(peer.address)
    except ValueError as error:
        assert type(error) is ProxyHeaderError
