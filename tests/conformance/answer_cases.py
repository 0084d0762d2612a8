"""The upstream side: what a hostile or broken upstream answers, and what its client may get of it."""

from dataclasses import dataclass
from enum import Enum

OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n"
HI = OK + TWO + b"\r\nhi"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HI_CHUNKED = CHUNKED + b"2\r\nhi\r\n0\r\n\r\n"
ASKS = b"GET /rest/x HTTP/1.1\r\nHost: a\r\n\r\n"
ASKS_HEAD = ASKS.replace(b"GET", b"HEAD")
STOLEN = OK + b"Content-Length: 6\r\nX-For: another\r\n\r\nstolen"


class Result(Enum):
    """What the client sees."""

    REFUSED = "refused"  # 502
    CUT = "cut"  # a response that is visibly not whole
    RELAYED = "relayed"


REFUSED, CUT, RELAYED = Result


@dataclass(frozen=True, slots=True)
class AnswerCase:
    name: str
    data: bytes
    results: frozenset[Result]
    body: bytes = b""  # if it is relayed
    closes: bool = False  # the upstream, after its last byte
    may_be_reused: bool = False
    request: bytes = ASKS
    lacks: tuple[bytes, ...] = ()  # names of fields that the client does not get


def refused(name: str, data: bytes, *, closes: bool = False, request: bytes = ASKS) -> AnswerCase:
    """The head is not one that can be relayed."""
    return AnswerCase(name, data, frozenset((REFUSED,)), closes=closes, request=request)


def broken(name: str, data: bytes, *, closes: bool = False) -> AnswerCase:
    """The head is good, the body is not: how much of it has left when that shows is a matter of chance."""
    return AnswerCase(name, data, frozenset((REFUSED, CUT)), closes=closes)


def relayed(
    name: str, data: bytes, body: bytes, *lacks: bytes, closes: bool = False, request: bytes = ASKS
) -> AnswerCase:
    """Odd, but it can be understood in one way only. The connection may carry on."""
    return AnswerCase(name, data, frozenset((RELAYED,)), body, closes, True, request, lacks)


def spends(name: str, data: bytes, body: bytes, *, request: bytes = ASKS) -> AnswerCase:
    """The answer is whole, but what is around it costs the upstream its connection; the client may get it or not."""
    return AnswerCase(name, data, frozenset((RELAYED, REFUSED, CUT)), body, request=request)


def coded(lines: bytes, body: bytes = b"0\r\n\r\n") -> bytes:
    return OK + lines + b"\r\n\r\n" + body


FRAMING = [
    refused("CL and TE", coded(b"Content-Length: 2\r\nTransfer-Encoding: chunked")),
    refused("TE and CL", coded(b"Transfer-Encoding: chunked\r\nContent-Length: 2")),
    refused("two different CL", coded(b"Content-Length: 2\r\nContent-Length: 3", b"hix")),
    refused("two equal CL", coded(b"Content-Length: 2\r\nContent-Length: 2", b"hi")),
    refused("CL list", coded(b"Content-Length: 2, 2", b"hi")),
    refused("CL +2", coded(b"Content-Length: +2", b"hi")),
    refused("CL -1", coded(b"Content-Length: -1", b"hi")),
    refused("CL 0x2", coded(b"Content-Length: 0x2", b"hi")),
    refused("CL 1_0", coded(b"Content-Length: 1_0", b"hihihihihi")),
    refused("CL 2Z", coded(b"Content-Length: 2Z", b"hi")),
    refused("CL empty", coded(b"Content-Length:", b"hi")),
    refused("CL 2^64+2", coded(b"Content-Length: 18446744073709551618", b"hi")),
    refused("CL with space before the colon", coded(b"Content-Length : 2", b"hi")),
    refused("TE: gzip, chunked", coded(b"Transfer-Encoding: gzip, chunked")),
    refused("TE: chunked, gzip", coded(b"Transfer-Encoding: chunked, gzip"), closes=True),
    refused("TE: xchunked", coded(b"Transfer-Encoding: xchunked"), closes=True),
    refused("TE: identity", coded(b"Transfer-Encoding: identity"), closes=True),
    refused("TE twice", coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
    refused("TE with space before the colon", coded(b"Transfer-Encoding : chunked")),
    refused("TE with VT", coded(b"Transfer-Encoding: \x0bchunked")),
    refused("TE in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
]

HEADS = [
    refused("bare CR in a value", OK + b"X: a\rb\r\n" + TWO + b"\r\nhi"),
    refused("bare LF in a value", OK + b"X: a\nY: b\r\n" + TWO + b"\r\nhi"),
    refused("bare LF at all ends", HI.replace(b"\r\n", b"\n")),
    refused("NUL in a value", OK + b"X: a\x00b\r\n" + TWO + b"\r\nhi"),
    refused("control character in a value", OK + b"X: a\x01b\r\n" + TWO + b"\r\nhi"),
    refused("no colon", OK + b"XY\r\n" + TWO + b"\r\nhi"),
    refused("empty name", OK + b": a\r\n" + TWO + b"\r\nhi"),
    refused("space in a name", OK + b"X Y: a\r\n" + TWO + b"\r\nhi"),
    refused("space before the colon", OK + b"X : a\r\n" + TWO + b"\r\nhi"),
    refused("fold", OK + b"X: a\r\n b\r\n" + TWO + b"\r\nhi"),
    refused("leading space", OK + b" X: a\r\n" + TWO + b"\r\nhi"),
    refused("a head of 300 KB in one field", OK + b"X: " + b"a" * 300_000 + b"\r\n" + TWO + b"\r\nhi"),
    refused(
        "a head of 300 KB in 100 fields",
        OK + b"".join(b"X-%d: %b\r\n" % (number, b"a" * 3000) for number in range(100)) + TWO + b"\r\nhi",
    ),
    refused("300 fields", OK + b"".join(b"X-%d: a\r\n" % number for number in range(300)) + TWO + b"\r\nhi"),
    refused("a reason of 300 KB", b"HTTP/1.1 200 " + b"a" * 300_000 + b"\r\n" + TWO + b"\r\nhi"),
    refused("NUL in the reason", b"HTTP/1.1 200 O\x00K\r\n" + TWO + b"\r\nhi"),
    refused("CR in the reason", b"HTTP/1.1 200 O\rK\r\n" + TWO + b"\r\nhi"),
    refused("not HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    refused("garbage", bytes(range(128, 256)) * 4),
    refused("an HTML page without a head", b"<html><body>It works</body></html>\r\n\r\n", closes=True),
    refused("a request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused("hello of TLS", b"\x15\x03\x03\x00\x02\x02\x0a"),
    refused("HTTP/2 200", b"HTTP/2 200\r\n" + TWO + b"\r\nhi"),
    refused("HTTP/1.2", b"HTTP/1.2 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("HTTP/0.9", b"HTTP/0.9 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("HTTP/2.0", b"HTTP/2.0 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("RTSP/1.0", b"RTSP/1.0 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("ICY", b"ICY 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("HTTP/3.9", b"HTTP/3.9 200 OK\r\n" + TWO + b"\r\nhi"),
    refused("frames of HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    refused("status of two digits", b"HTTP/1.1 20 OK\r\n" + TWO + b"\r\nhi"),
    refused("status of four digits", b"HTTP/1.1 2000 OK\r\n" + TWO + b"\r\nhi"),
    refused("status -200", b"HTTP/1.1 -200 OK\r\n" + TWO + b"\r\nhi"),
    refused("status abc", b"HTTP/1.1 abc OK\r\n" + TWO + b"\r\nhi"),
    refused("status 000", b"HTTP/1.1 000 OK\r\n" + TWO + b"\r\nhi"),
    refused("status 099", b"HTTP/1.1 099 OK\r\n" + TWO + b"\r\nhi"),
    refused("no status", b"HTTP/1.1\r\n" + TWO + b"\r\nhi"),
    refused("nothing", b"", closes=True),
    refused("half a status line", b"HTTP/1.1 20", closes=True),
    refused("half a head", OK + b"Content-Le", closes=True),
]

INTERIM = [
    refused(
        "101 that nobody asked for",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + HI,
    ),
    refused("101 without fields", b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + HI),
    refused("50 interim responses", b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + HI),
    refused("100 with a body", b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nhi", closes=True),
    relayed("100, then the response", b"HTTP/1.1 100 Continue\r\n\r\n" + HI, b"hi"),
    relayed(
        "103, then the response", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + HI, b"hi", b"link"
    ),
    refused("100, then nothing", b"HTTP/1.1 100 Continue\r\n\r\n", closes=True),
]

BODIES = [
    broken("chunk size zz", CHUNKED + b"zz\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size 0x2", CHUNKED + b"0x2\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size +2", CHUNKED + b"+2\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size -2", CHUNKED + b"-2\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size empty", CHUNKED + b"\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size 2^64+2", CHUNKED + b"10000000000000002\r\nhi\r\n0\r\n\r\n"),
    broken("chunk size and bare LF", CHUNKED + b"2\nhi\r\n0\r\n\r\n"),
    broken("chunk data without an end", CHUNKED + b"2\r\nhi0\r\n\r\n"),
    broken("chunk data too long", CHUNKED + b"2\r\nhi!\r\n0\r\n\r\n"),
    broken("second chunk bad", CHUNKED + b"2\r\nhi\r\nzz\r\nho\r\n0\r\n\r\n"),
    broken("extension of 2 MB", CHUNKED + b"2;" + b"a" * 2_000_000 + b"\r\nhi\r\n0\r\n\r\n", closes=True),
    broken("chunks cut short", CHUNKED + b"2\r\nhi\r\n", closes=True),
    broken("chunk cut short", CHUNKED + b"5\r\nhi", closes=True),
    broken("last chunk cut short", CHUNKED + b"2\r\nhi\r\n0\r\n", closes=True),
    broken("chunked body not begun", CHUNKED, closes=True),
    broken("CL body cut short", OK + b"Content-Length: 5\r\n\r\nhi", closes=True),
    broken("CL body not begun", OK + b"Content-Length: 5\r\n\r\n", closes=True),
    broken(
        "CL body of 1 MB without its last byte", OK + b"Content-Length: 1000001\r\n\r\n" + b"x" * 1_000_000, closes=True
    ),
    broken("trailer with bare LF", CHUNKED + b"2\r\nhi\r\n0\r\nX: 1\nY: 2\r\n\r\n"),
    broken("trailer without an end", CHUNKED + b"2\r\nhi\r\n0\r\nX: 1\r\n", closes=True),
    relayed(
        "trailer Set-Cookie", CHUNKED + b"2\r\nhi\r\n0\r\nSet-Cookie: a=b\r\n\r\n", b"hi", b"set-cookie", b"trailer"
    ),
    relayed("extension", CHUNKED + b"2;a=b\r\nhi\r\n0\r\n\r\n", b"hi"),
    relayed("until close", OK + b"\r\nhi", b"hi", closes=True),
    relayed("HTTP/1.0 until close", b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi", closes=True),
    relayed("empty until close", OK + b"\r\n", b"", closes=True),
]

AROUND = [
    spends("two responses", HI + STOLEN, b"hi"),
    spends("two responses, first chunked", HI_CHUNKED + STOLEN, b"hi"),
    spends("two responses, first without a body", OK + b"Content-Length: 0\r\n\r\n" + STOLEN, b""),
    spends("a body longer than CL", OK + TWO + b"\r\nhistolen", b"hi"),
    spends("bytes after the last chunk", HI_CHUNKED + b"stolen", b"hi"),
    spends("half a response after it", HI + b"HTTP/1.1 200", b"hi"),
    spends("204 with a body", b"HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nstolen", b""),
    spends(
        "204 with chunks", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nstolen\r\n0\r\n\r\n", b""
    ),
    spends("204 and a response", b"HTTP/1.1 204 No Content\r\n\r\n" + STOLEN, b""),
    spends("304 with a body", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nstolen", b""),
    spends("304 and a response", b"HTTP/1.1 304 Not Modified\r\n\r\n" + STOLEN, b""),
    spends("HEAD with a body", OK + b"Content-Length: 6\r\n\r\nstolen", b"", request=ASKS_HEAD),
    spends("HEAD with chunks", CHUNKED + b"6\r\nstolen\r\n0\r\n\r\n", b"", request=ASKS_HEAD),
    spends("HEAD and a response", OK + b"Content-Length: 2\r\n\r\n" + STOLEN, b"", request=ASKS_HEAD),
    spends("close, and a response", OK + TWO + b"Connection: close\r\n\r\nhi" + STOLEN, b"hi"),
    spends("an interim response after it", HI + b"HTTP/1.1 100 Continue\r\n\r\n", b"hi"),
    spends("garbage after it", HI + bytes(range(128, 160)), b"hi"),
]

FIELDS = [
    relayed(
        "fields of ours",
        OK + b"X-Isthmus-Model: evil\r\nX_Isthmus_Error: evil\r\n" + TWO + b"\r\nhi",
        b"hi",
        b"x-isthmus-model",
        b"x-isthmus-error",
    ),
    relayed(
        "hop by hop",
        OK + b"Keep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nTrailer: x\r\nUpgrade: h2c\r\n" + TWO + b"\r\nhi",
        b"hi",
        b"keep-alive",
        b"proxy-authenticate",
        b"trailer",
        b"upgrade",
    ),
    relayed("named by Connection", OK + b"Connection: x-gone\r\nX-Gone: 1\r\n" + TWO + b"\r\nhi", b"hi", b"x-gone"),
    relayed("Connection names Content-Length", OK + b"Connection: content-length\r\n" + TWO + b"\r\nhi", b"hi"),
    relayed("Connection: close", OK + b"Connection: close\r\n" + TWO + b"\r\nhi", b"hi", closes=True),
    refused("status 999", b"HTTP/1.1 999 Odd\r\n" + TWO + b"\r\nhi"),
    relayed("status 599", b"HTTP/1.1 599 Odd\r\n" + TWO + b"\r\nhi", b"hi"),
    relayed("no reason", b"HTTP/1.1 200 \r\n" + TWO + b"\r\nhi", b"hi"),
    relayed("reason of high bytes", b"HTTP/1.1 200 caf\xc3\xa9\r\n" + TWO + b"\r\nhi", b"hi"),
    relayed("value of high bytes", OK + b"X: caf\xc3\xa9\r\n" + TWO + b"\r\nhi", b"hi"),
    relayed("HEAD with CL", OK + b"Content-Length: 6\r\n\r\n", b"", request=ASKS_HEAD),
    relayed("HEAD chunked", CHUNKED, b"", request=ASKS_HEAD),
    relayed("304 with CL", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n", b""),
]

CASES: list[AnswerCase] = [*FRAMING, *HEADS, *INTERIM, *BODIES, *AROUND, *FIELDS]
