"""Chunked bodies: what is one, what is too much of it, however it is cut."""

from random import Random

import pytest
from httptools import HttpParserError, HttpRequestParser

from data_plane.errors import BadRequest, BodyTooLarge, GatewayError
from data_plane.ingress.bounds import Limits
from data_plane.ingress.chunked_body import ChunkedBody

END = b"0\r\n\r\n"
ABC = b"3\r\nabc\r\n"
NEXT = b"GET / HTTP/1.1\r\n"


def read(data: bytes, step: int = 1 << 20, limits: Limits | None = None) -> tuple[bytes, bytes, str]:
    """The body, what is left behind it, and the class of the fault or whether more has to come."""
    body, pieces = ChunkedBody(limits or Limits()), list[bytes]()
    try:
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            end = body.feed(piece, 0, pieces)
            if body.is_complete:
                return b"".join(pieces), piece[end:] + data[start + step :], ""
    except GatewayError as error:
        return b"".join(pieces), b"", type(error).__name__
    return b"".join(pieces), b"", "unfinished"


READ = {
    "nothing": (END, b""),
    "one chunk": (ABC + END, b"abc"),
    "upper case, zeros": (b"00000000000000A\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
    "extension": (b"3;a\r\nabc\r\n0;b=c;d=e\r\n\r\n", b"abc"),
    "extension in quotes": (b'3;a="x;\\"y=\t\xe9"\r\nabc\r\n' + END, b"abc"),
    "extension of 256 bytes": (b"3;" + b"a" * 255 + b"\r\nabc\r\n" + END, b"abc"),
    "trailers": (ABC + b"0\r\nX-Sum: 1\r\nHost: evil\r\nAuthorization:\r\n\r\n", b"abc"),
    "chunk within a chunk": (b"5\r\n0\r\n\r\n\r\n" + END, END),
}
REFUSED = {
    "no size": b"\r\n",
    "sign": b"+3\r\nabc\r\n",
    "0x": b"0x3\r\nabc\r\n",
    "underscore": b"0_3\r\nabc\r\n",
    "17 digits": b"00000000000000003\r\nabc\r\n",
    "space before": b" 3\r\nabc\r\n",
    "space after": b"3 \r\nabc\r\n",
    "space before the extension": b"3 ;a\r\nabc\r\n",
    "bare LF": b"3\nabc\r\n",
    "two CR": b"3\r\r\nabc\r\n",
    "LF in the extension": b"3;a\nb\r\nabc\r\n",
    "CR in the extension": b"3;a\rb\r\nabc\r\n",
    "no name of the extension": b"3;\r\nabc\r\n",
    "open quote": b'3;a="b\r\nabc\r\n',
    "extension of 257 bytes": b"3;" + b"a" * 256 + b"\r\nabc\r\n",
    "extension of 64 KiB": b"3;" + b"a" * 65536 + b"\r\nabc\r\n",
    "extension without end": b"3;" + b"a" * 300,
    "data too long": b"3\r\nabcd\r\n",
    "data without CRLF": b"3\r\nabc0\r\n\r\n",
    "data and bare LF": b"3\r\nabc\n0\r\n\r\n",
    "data and bare CR": b"3\r\nabc\r0\r\n\r\n",
    "trailer without colon": b"0\r\nX\r\n\r\n",
    "trailer with a space before the colon": b"0\r\nX : y\r\n\r\n",
    "trailer with NUL": b"0\r\nX: \0\r\n\r\n",
    "trailer with bare LF": b"0\r\nX: y\n\r\n\r\n",
    "trailer with bare CR": b"0\r\nX: y\rz\r\n\r\n",
    "folded trailer": b"0\r\nX: y\r\n z\r\n\r\n",
    "trailer content-length": b"0\r\nContent-Length: 3\r\n\r\n",
    "trailer transfer-encoding": b"0\r\ntransfer-encoding: chunked\r\n\r\n",
    "end and bare LF": b"0\r\n\n",
}


@pytest.mark.parametrize("step", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize(("data", "body"), READ.values(), ids=READ)
def test_a_body_ends_where_it_says_however_it_is_cut(data: bytes, body: bytes, step: int) -> None:
    assert read(data + NEXT, step) == (body, NEXT, "")
    assert read(data[:-1], step)[2] == "unfinished"


@pytest.mark.parametrize("step", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_chunked_body_is_refused(data: bytes, step: int) -> None:
    assert read(data, step)[2] == "BadRequest"
    assert read(ABC + data, step)[::2] == (read(b"3\r\nabc\r\n", step)[0] + read(data, step)[0], "BadRequest")


@pytest.mark.parametrize("step", [1, 1000])
def test_all_extensions_of_a_body_count_together(step: int) -> None:
    chunk = b"1;" + b"a" * 127 + b"\r\nx\r\n"
    assert read(chunk * 32 + END, step)[2] == ""
    assert read(chunk * 32 + b"0;a\r\n\r\n", step)[2] == "BadRequest"


@pytest.mark.parametrize("step", [1, 1000])
def test_all_trailers_of_a_body_count_together(step: int) -> None:
    line = b"X: " + b"a" * 95 + b"\r\n"  # 100 bytes
    limits = Limits(trailer_bytes=1000)
    assert read(b"0\r\n" + line * 10 + b"\r\n", step, limits)[2] == ""
    assert read(b"0\r\n" + line * 11 + b"\r\n", step, limits)[2] == "BadRequest"
    assert read(b"0\r\nX: " + b"a" * 1000, step, limits)[2] == "BadRequest"


def test_a_body_may_have_so_many_chunks() -> None:
    limits = Limits(chunk_count=100)
    assert read(b"1\r\nx\r\n" * 100 + END, limits=limits)[2] == ""
    with pytest.raises(BadRequest, match="100 chunks"):
        ChunkedBody(limits).feed(b"1\r\nx\r\n" * 101, 0, [])


def test_a_body_that_grows_too_large_is_refused_before_its_bytes_come() -> None:
    body = ChunkedBody(Limits(body_bytes=10))
    body.feed(b"8\r\n01234567\r\n2\r\n", 0, [])
    with pytest.raises(BodyTooLarge, match="10 bytes"):
        ChunkedBody(Limits(body_bytes=10)).feed(b"8\r\n01234567\r\n3\r\n", 0, [])
    assert read(b"ffffffffffffffff\r\n")[2] == "BodyTooLarge"


class Heard:
    """What llhttp makes of a chunked body."""

    def __init__(self) -> None:
        self.body: list[bytes] = []
        self.is_complete = False
        self.on_body = self.body.append

    def on_message_complete(self) -> None:
        self.is_complete = True


def llhttp(data: bytes) -> tuple[bytes, bool] | None:
    heard = Heard()
    parser = HttpRequestParser(heard)
    parser.feed_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    try:
        parser.feed_data(data)
    except HttpParserError:
        if not heard.is_complete:  # else it complains about what follows the end
            return None
    return b"".join(heard.body), heard.is_complete


TOKENS = [b"\r\n", b"\r", b"\n", b"0", b"1", b"a", b";", b"=", b'"', b" ", b"\t", b":", b"\0", b"\xff", b"X: y\r\n"]


@pytest.mark.parametrize("count", [5000, pytest.param(50_000, marks=pytest.mark.long)])
def test_what_is_read_is_what_llhttp_reads(count: int) -> None:
    random, agreed = Random(5), 0  # a fixed seed: a failure must come again
    seeds = [data for data, _ in READ.values()] + list(REFUSED.values())
    for _ in range(count):
        data = bytearray(random.choice(seeds) + random.choice(seeds))
        for _ in range(random.randrange(4)):
            at = random.randrange(len(data) + 1)
            data[at : at + random.randrange(3)] = random.choice(TOKENS)
        whole = bytes(data)
        body, _, fault = read(whole)
        assert read(whole, random.randint(1, 9))[::2] in ((body, fault), (read(whole, 1)[0], fault)), whole
        if fault == "":
            agreed += 1
            assert llhttp(whole) == (body, True), whole
        elif fault == "unfinished":
            heard = llhttp(whole)
            assert heard is None or heard == (body, False), whole
    assert agreed > count / 20
