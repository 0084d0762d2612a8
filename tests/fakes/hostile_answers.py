"""What a faulty or hostile upstream may answer, and what has to come of it. Sources: RFC 9112; RFC 9110, section 15."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from data_plane.errors import BadGateway
from data_plane.upstream.response_reader import ResponseReader

LINE = b"HTTP/1.1 200 OK\r\n"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n"
HI = LINE + b"Content-Length: 2\r\n\r\nhi"
REFUSED = "refused"  # 502: nothing of it reaches the client
CUT = "cut short"  # the client sees that it is not whole
LAST = "the last"  # it is whole, and no other request goes over its connection
WHOLE = "whole"  # nothing is wrong


@dataclass(frozen=True, slots=True)
class Hostile:
    """`data` is all that the upstream sends, before it closes. `outcomes`: the possible ones, by how it is cut up."""

    name: str
    data: bytes
    outcomes: tuple[str, ...]
    method: bytes = b"GET"
    body: bytes = b""  # of which what the client gets is the beginning


def _field(name: str, line: bytes, *outcomes: str) -> Hostile:
    """A field beside the length of a body."""
    return Hostile(name, LINE + line + b"\r\nContent-Length: 2\r\n\r\nhi", outcomes or (REFUSED,))


def _length(name: str, value: bytes) -> Hostile:
    return Hostile(f"length {name}", LINE + b"Content-Length: " + value + b"\r\n\r\nhello", (REFUSED,))


def _coding(name: str, value: bytes, line: bytes = LINE) -> Hostile:
    data = line + b"Transfer-Encoding:" + value + b"\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    return Hostile(f"coding {name}", data, (REFUSED,))


def _chunks(name: str, data: bytes, *outcomes: str) -> Hostile:
    return Hostile(f"chunk {name}", CHUNKED + data, outcomes or (REFUSED, CUT), body=b"hello" * 120)


def _status(name: str, line: bytes) -> Hostile:
    return Hostile(f"status {name}", line + b"\r\nContent-Length: 2\r\n\r\nhi", (REFUSED,))


CASES = (
    Hostile("nothing", b"", (REFUSED,)),
    Hostile("two responses", HI + HI.replace(b"hi", b"no"), (LAST,), body=b"hi"),
    Hostile("garbage after the response", HI + b"\x00\xff more", (LAST,), body=b"hi"),
    Hostile("a field that ends the head", HI.replace(b"hi", b"hi\r\n\r\n" + HI), (LAST,), body=b"hi"),
    Hostile("204 with a body", b"HTTP/1.1 204 No\r\n\r\nbody", (LAST,)),
    Hostile("204 with a length", b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nbody", (LAST,)),
    Hostile("204 with chunks", b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", (LAST,)),
    Hostile("304 with a body", b"HTTP/1.1 304 No\r\nContent-Length: 4\r\n\r\nbody", (LAST,)),
    Hostile("HEAD with a body", HI, (LAST,), b"HEAD"),
    Hostile("HEAD with a response in the body", LINE + b"Content-Length: 99\r\n\r\n" + HI, (LAST,), b"HEAD"),
    Hostile(
        "length and chunks", CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n") + b"0\r\n\r\n", (REFUSED,)
    ),
    Hostile(
        "chunks and length", LINE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (REFUSED,)
    ),
    Hostile("two lengths", LINE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhix", (REFUSED,)),
    Hostile("two equal lengths", LINE + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", (REFUSED,)),
    _length("list", b"5, 0"),
    _length("signed", b"+5"),
    _length("negative", b"-1"),
    _length("hexadecimal", b"0x5"),
    _length("with underscore", b"1_0"),
    _length("with letter", b"5Z"),
    _length("empty", b""),
    _length("overflow", b"18446744073709551621"),
    _length("other digits", "\u0665".encode()),
    _length("with vertical tab", b"\x0b5"),
    Hostile("short body", LINE + b"Content-Length: 9\r\n\r\nhello", (CUT,), body=b"hello"),
    _coding("unknown", b" xchunked"),
    _coding("chunked and identity", b" chunked, identity"),
    _coding("identity", b" identity"),
    _coding("gzip before", b" gzip, chunked"),
    _coding("empty before", b" ,chunked"),
    _coding("twice", b" chunked\r\nTransfer-Encoding: chunked"),
    _coding("twice in one", b" chunked, chunked"),
    _coding("with vertical tab", b" \x0bchunked"),
    _coding("with no-break space", b" \xa0chunked"),
    _coding("quoted", b' "chunked"'),
    _coding("folded", b"\r\n chunked"),
    _coding("of HTTP/1.0", b" chunked", b"HTTP/1.0 200 OK\r\n"),
    _chunks("size 0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
    _chunks("size +", b"+5\r\nhello\r\n0\r\n\r\n"),
    _chunks("size -", b"-5\r\nhello\r\n0\r\n\r\n"),
    _chunks("size with underscore", b"0_5\r\nhello\r\n0\r\n\r\n"),
    _chunks("size with letters", b"5these\r\nhello\r\n0\r\n\r\n"),
    _chunks("size empty", b"\r\nhello\r\n0\r\n\r\n"),
    _chunks("size too long", b"5\r\nhello\r\n" + b"1" * 17 + b"\r\n"),
    _chunks("size after space", b" 5\r\nhello\r\n0\r\n\r\n"),
    _chunks("size before LF", b"5\nhello\r\n0\r\n\r\n"),
    _chunks("extension with LF", b"5;a\nhello\r\n0\r\n\r\n"),
    _chunks("extension with CR", b"5\r\r;a\r\nhello\r\n0\r\n\r\n"),
    _chunks("data without end", b"5\r\nhelloXX0\r\n\r\n"),
    _chunks("data longer than said", b"5\r\nhello!\r\n0\r\n\r\n"),
    _chunks("extension without end", b"5;" + b"a" * 200_000),
    _chunks("extensions with little data", (b"5;%b\r\nhello\r\n" % (b"a" * 2000)) * 120),
    _chunks("trailers without end", b"5\r\nhello\r\n0\r\nX: " + b"a" * 200_000),
    _chunks("many trailers", b"5\r\nhello\r\n0\r\n" + b"X: a\r\n" * 40_000),
    _chunks("that never comes", b"5\r\nhel", CUT),
    _chunks("without the last", b"5\r\nhello\r\n", CUT),
    _chunks("trailer with a bare CR", b"5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n"),
    _chunks("trailer with a length", b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
    _chunks("trailer with a coding", b"5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n", LAST),
    _chunks("trailers that say much", b"5\r\nhello\r\n0\r\nAuthorization: x\r\nX-Forwarded-For: y\r\n\r\n", WHOLE),
    _chunks("and a response", b"5\r\nhello\r\n0\r\n\r\n" + HI, LAST),
    _field("bare CR", b"X: a\rb"),
    _field("bare CR at the end", b"X: a\rY: b"),
    _field("bare LF", b"X: a\nY: b"),
    _field("NUL in a value", b"X: a\0b"),
    _field("NUL in a name", b"X\0: a"),
    _field("control in a value", b"X: a\x01b"),
    _field("DEL in a value", b"X: a\x7fb"),
    _field("space before the colon", b"X : a"),
    _field("no colon", b"X"),
    _field("no name", b": a"),
    _field("0x85 in a name", b"X\x85: a"),
    _field("space before the name", b" X: a"),
    _field("folded line", b"X: a\r\n b"),
    _field("folded by a tab", b"X: a\r\n\tb"),
    _field("300 KB", b"X: " + b"a" * 300_000),
    _field("300 KB in many", b"\r\n".join(b"X-%d: %b" % (n, b"a" * 3000) for n in range(100))),
    _field("300 of them", b"\r\n".join(b"X-%d: a" % n for n in range(300))),
    _field("without end", b"X: a\r\n" * 100_000),
    Hostile("unasked upgrade", b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + HI, (REFUSED,)),
    Hostile("101 without upgrade", b"HTTP/1.1 101 S\r\n\r\n" + HI, (REFUSED,)),
    Hostile("50 interim responses", b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + HI, (REFUSED,)),
    Hostile("interim responses only", b"HTTP/1.1 103 Early\r\n\r\n", (REFUSED,)),
    Hostile("interim with a body", b"HTTP/1.1 100 C\r\nContent-Length: 2\r\n\r\nhi" + HI, (REFUSED,)),
    _field("200 with upgrade", b"Connection: upgrade\r\nUpgrade: h2c", WHOLE),
    _status("000", b"HTTP/1.1 000 OK"),
    _status("099", b"HTTP/1.1 099 OK"),
    _status("600", b"HTTP/1.1 600 OK"),
    _status("999", b"HTTP/1.1 999 OK"),
    _status("of two digits", b"HTTP/1.1 20 OK"),
    _status("of four digits", b"HTTP/1.1 2000 OK"),
    _status("negative", b"HTTP/1.1 -20 OK"),
    _status("in words", b"HTTP/1.1 abc OK"),
    _status("missing", b"HTTP/1.1 OK"),
    _status("reason with NUL", b"HTTP/1.1 200 O\0K"),
    _status("reason with CR", b"HTTP/1.1 200 O\rK"),
    _status("reason with escape", b"HTTP/1.1 200 O\x1bK"),
    _status("line with two spaces", b"HTTP/1.1  200 OK"),
    _status("version 0.9", b"HTTP/0.9 200 OK"),
    _status("version 2.0", b"HTTP/2.0 200 OK"),
    _status("RTSP", b"RTSP/1.0 200 OK"),
    _status("version 1.2", b"HTTP/1.2 200 OK"),
    _status("version 2", b"HTTP/2 200 OK"),
    _status("version 3.9", b"HTTP/3.9 200 OK"),
    _status("version in lower case", b"http/1.1 200 OK"),
    _status("another protocol", b"ICY/1.1 200 OK"),
    Hostile("not HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", (REFUSED,)),
    Hostile("a TLS alert", b"\x15\x03\x03\x00\x02\x02\x28", (REFUSED,)),
    Hostile("a request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", (REFUSED,)),
    Hostile("blank lines without end", b"\r\n" * 100_000, (REFUSED,)),
    Hostile("a head cut short", LINE + b"Content-Le", (REFUSED,)),
)

Cut = Callable[[bytes], list[bytes]]


def outcome_of(case: Hostile, cut: Cut) -> tuple[str, bytes]:
    """What comes of a case at a reader that is fed pieces, and the body bytes that it gave for the client."""
    reader = ResponseReader()
    reader.expect(case.method)
    body, is_reusable = b"", True
    for piece in cut(case.data):
        if reader.complete:
            is_reusable = False  # bytes that nobody asked for
            break
        try:
            body += reader.feed(piece)
        except BadGateway:
            return (CUT if reader.head_done else REFUSED), body
    if not reader.complete and not reader.feed_eof():
        return (CUT if reader.head_done else REFUSED), body
    return (WHOLE if is_reusable and reader.reusable else LAST), body


def whole(data: bytes) -> list[bytes]:
    return [data]


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def in_segments(seed: int) -> Cut:
    """Cuts by chance, into pieces of any size."""

    def cut(data: bytes) -> list[bytes]:
        random, pieces = Random(seed), []
        while data:
            size = random.choice((1, 2, 3, 10, 100, 5000, 60_000))
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    return cut
