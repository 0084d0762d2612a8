"""What the connection is used for: hop-by-hop fields, upgrades, Expect, pipelining. Source: RFC 9110."""

from tests.conformance.case import (
    CHUNKED,
    END,
    GET,
    POST,
    SEEN_GET,
    SEEN_SMUGGLED,
    SMUGGLED,
    Case,
    answered,
    closes,
    posted,
    refused,
    served,
    then_refused,
    unfinished,
)

FIVE = b"Content-Length: 5\r\n\r\nabcde"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    b"dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
OFFER = (b"upgrade", b"http2-settings", b"connection")
KEY_GET = b"GET /rest/x HTTP/1.1\r\nHost: a\r\nX-Isthmus-Request-Id: mine-0123456789\r\n"


def names(fields: bytes, more: bytes = b"") -> bytes:
    return POST + b"Connection: " + fields + b"\r\n" + more + FIVE


HOP_BY_HOP = [
    served("names a field", names(b"X-Gone", b"X-Gone: 1\r\nX-Kept: 1\r\n"), posted(b"abcde"))
    .with_lines(b"x-kept: 1")
    .without(b"x-gone", b"connection"),
    served(
        "names a field after it", POST + b"X-Gone: 1\r\nConnection: keep-alive, x-gone\r\n" + FIVE, posted(b"abcde")
    ).without(b"x-gone", b"connection"),
    served("names Host", names(b"host"), posted(b"abcde")).with_lines(b"host: a"),
    served("names Content-Length", names(b"content-length"), posted(b"abcde")).with_lines(b"content-length: 5"),
    served(
        "names Transfer-Encoding",
        POST + b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        posted(b"a"),
    ),
    served("names our request id", KEY_GET + b"Connection: x-isthmus-request-id\r\n\r\n", SEEN_GET).with_lines(
        b"x-isthmus-request-id: mine-0123456789"
    ),
    served("names X-Forwarded-For", names(b"x-forwarded-for, x-real-ip"), posted(b"abcde")).with_lines(
        b"x-forwarded-for: 127.0.0.1"
    ),
    served("names many", names(b", ".join([b"x-%d" % number for number in range(500)])), posted(b"abcde")),
    served("names nothing", names(b""), posted(b"abcde")).without(b"connection"),
    served("names with empty members", names(b",, x-gone ,", b"X-Gone: 1\r\n"), posted(b"abcde")).without(b"x-gone"),
    served(
        "keep-alive and its field", GET + b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n", SEEN_GET
    ).without(b"connection", b"keep-alive"),
    served(
        "fields of proxies",
        GET + b"Proxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nTE: trailers\r\nTrailer: X\r\n\r\n",
        SEEN_GET,
    ).without(b"proxy-connection", b"proxy-authorization", b"te", b"trailer"),
    closes("close", GET + b"Connection: close\r\n\r\n" + SMUGGLED, SEEN_GET),
    closes("close in other case", GET + b"Connection: CLOSE\r\n\r\n" + SMUGGLED, SEEN_GET),
    closes("close among others", GET + b"Connection: x-a, close\r\n\r\n" + SMUGGLED, SEEN_GET),
    closes("close and keep-alive", GET + b"Connection: close, keep-alive\r\n\r\n" + SMUGGLED, SEEN_GET),
    closes("close in a second field", GET + b"Connection: x-a\r\nConnection: close\r\n\r\n" + SMUGGLED, SEEN_GET),
    closes("close with a body", POST + b"Connection: close\r\n" + FIVE + SMUGGLED, posted(b"abcde")),
]

UPGRADES = [
    served("h2c", GET + H2C + END, SEEN_GET).without(*OFFER),
    served("h2c with a body", POST + H2C + FIVE, posted(b"abcde")).without(*OFFER),
    served(
        "h2c with a body that is a request", POST + H2C + b"Content-Length: 40\r\n\r\n" + SMUGGLED, posted(SMUGGLED)
    ).without(*OFFER),
    served(
        "h2c with chunks", POST + H2C + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", posted(b"abc")
    ).without(*OFFER),
    served("h2c, then a request", GET + H2C + END + SMUGGLED, SEEN_GET, SEEN_SMUGGLED).without(*OFFER),
    served(
        "h2c with chunks, then a request",
        POST + H2C + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + SMUGGLED,
        posted(b"abc"),
        SEEN_SMUGGLED,
    ).without(*OFFER),
    refused("h2c with CL and TE", POST + H2C + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    then_refused(
        "h2c by prior knowledge after a request", GET + END + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [SEEN_GET], 400, 505
    ),
    served("websocket to a route without it", GET + WEBSOCKET + END, SEEN_GET).without(*OFFER),
    served("websocket with POST", POST + WEBSOCKET + FIVE, posted(b"abcde")).without(*OFFER),
    served("websocket, then a request", GET + WEBSOCKET + END + SMUGGLED, SEEN_GET, SEEN_SMUGGLED).without(*OFFER),
    served("Upgrade without Connection", GET + b"Upgrade: h2c\r\n\r\n", SEEN_GET).without(*OFFER),
    served("Connection: upgrade without Upgrade", POST + b"Connection: upgrade\r\n" + FIVE, posted(b"abcde")).without(
        *OFFER
    ),
    served("upgrade of TLS", GET + b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n", SEEN_GET).without(*OFFER),
    closes(
        "upgrade and close", GET + b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n" + SMUGGLED, SEEN_GET
    ).without(*OFFER),
    refused("two upgrades", GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n\r\n"),
]

EXPECTATIONS = [
    served("Expect: 100-continue", POST + b"Expect: 100-continue\r\n" + FIVE, posted(b"abcde")).without(b"expect"),
    served("Expect in other case", POST + b"Expect: 100-CONTINUE\r\n" + FIVE, posted(b"abcde")).without(b"expect"),
    served("Expect without a body", GET + b"Expect: 100-continue\r\n\r\n", SEEN_GET).without(b"expect"),
    served("Expect with CL 0", POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", posted(b"")),
    closes(
        "Expect in HTTP/1.0", b"POST /rest/x HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n" + FIVE, posted(b"abcde")
    ),
    served(
        "Expect, then a request", POST + b"Expect: 100-continue\r\n" + FIVE + SMUGGLED, posted(b"abcde"), SEEN_SMUGGLED
    ),
    served(
        "Expect with chunks",
        POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        posted(b"a"),
    ),
    refused("Expect of something else", POST + b"Expect: garbage\r\n" + FIVE, 417),
    refused("Expect with more", POST + b"Expect: 100-continue, x\r\n" + FIVE, 400, 417),
    refused("Expect obfuscated", POST + b"Expect: y 100-continue\r\n" + FIVE, 400, 417),
    refused("two Expect", POST + b"Expect: 100-continue\r\nExpect: 100-continue\r\n" + FIVE),
    refused("Expect empty", POST + b"Expect:\r\n" + FIVE, 400, 417),
    refused(
        "Expect with a body over the limit", POST + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n", 413
    ),
]

PIPELINES = [
    served("two", GET + END + SMUGGLED, SEEN_GET, SEEN_SMUGGLED),
    served("twenty", (GET + END) * 20, *[SEEN_GET] * 20),
    served(
        "with bodies", (POST + FIVE + CHUNKED + b"2\r\nfg\r\n0\r\n\r\n") * 3, *[posted(b"abcde"), posted(b"fg")] * 3
    ),
    served("an empty line between", POST + FIVE + b"\r\n" + SMUGGLED, posted(b"abcde"), SEEN_SMUGGLED),
    served(
        "HEAD, then GET",
        b"HEAD /rest/x HTTP/1.1\r\nHost: a\r\n\r\n" + SMUGGLED,
        (b"HEAD", b"/rest/x", b""),
        SEEN_SMUGGLED,
    ),
    then_refused(
        "second malformed", GET + END + b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + SMUGGLED, [SEEN_GET]
    ),
    then_refused(
        "second with CL and TE",
        GET + END + POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [SEEN_GET],
    ),
    then_refused("bytes after a body", POST + FIVE + b"fghij\r\n\r\n", [posted(b"abcde")]),
    then_refused("GET with a body nobody announced", GET + END + b"a=b&c=d\r\n\r\n", [SEEN_GET]),
    then_refused("CL shorter than the body", POST + b"Content-Length: 2\r\n\r\nabcde\r\n\r\n", [posted(b"ab")]),
    served("GET with a body", GET + FIVE + SMUGGLED, (b"GET", b"/rest/x", b"abcde"), SEEN_SMUGGLED),
    served(
        "DELETE with a body",
        b"DELETE /rest/x HTTP/1.1\r\nHost: a\r\n" + FIVE + SMUGGLED,
        (b"DELETE", b"/rest/x", b"abcde"),
        SEEN_SMUGGLED,
    ),
    served(
        "HEAD with a body",
        b"HEAD /rest/x HTTP/1.1\r\nHost: a\r\n" + FIVE + SMUGGLED,
        (b"HEAD", b"/rest/x", b"abcde"),
        SEEN_SMUGGLED,
    ),
    answered(
        "refused before its body, which is a request",
        b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n" + SMUGGLED,
        404,
    ),
    answered(
        "no key, with a body that is a request",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n" + SMUGGLED,
        401,
    ),
]

PARTIAL = [
    unfinished("no end of the head", GET),
    unfinished("half a request line", b"GET /rest/x HT"),
    unfinished("CL body cut short", POST + b"Content-Length: 5\r\n\r\nab"),
    unfinished("CL body not begun", POST + b"Content-Length: 5\r\n\r\n"),
    unfinished("CL body without its last byte", POST + b"Content-Length: 40\r\n\r\n" + SMUGGLED[:-1]),
    unfinished("chunked body not begun", CHUNKED),
    unfinished("chunk size cut short", CHUNKED + b"5"),
    unfinished("chunk size without LF", CHUNKED + b"5\r"),
    unfinished("chunk cut short", CHUNKED + b"5\r\nab"),
    unfinished("chunk without its end", CHUNKED + b"5\r\nabcde"),
    unfinished("chunks without the last one", CHUNKED + b"5\r\nabcde\r\n"),
    unfinished("last chunk without the end", CHUNKED + b"5\r\nabcde\r\n0\r\n"),
    unfinished("last chunk with half an end", CHUNKED + b"5\r\nabcde\r\n0\r\n\r"),
    unfinished("trailer without an end", CHUNKED + b"5\r\nabcde\r\n0\r\nX: 1\r\n"),
    unfinished("second request cut short", GET + END + POST + b"Content-Length: 5\r\n\r\nab", SEEN_GET),
    unfinished("h2c body cut short", POST + H2C + b"Content-Length: 5\r\n\r\nab"),
    unfinished("Expect, and no body", POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
]

CASES: list[Case] = [*PARTIAL, *HOP_BY_HOP, *UPGRADES, *EXPECTATIONS, *PIPELINES]
