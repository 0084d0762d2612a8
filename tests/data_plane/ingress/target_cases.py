"""More of what `framing_cases` holds: targets, hop-by-hop fields, chunk extensions and trailers."""

CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
FIVE = b"Content-Length: 5\r\n\r\nabcde"


def get(target: bytes, fields: bytes = b"Host: a\r\n") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + fields + b"\r\n"


def post(fields: bytes) -> bytes:
    return b"POST /x HTTP/1.1\r\nHost: a\r\n" + fields


TARGETS = [
    ("traversal", get(b"/v1/../admin"), "GET /admin"),
    ("traversal above the root", get(b"/v1/../../admin"), "!400"),
    ("encoded traversal", get(b"/v1/%2e%2e/admin"), "GET /admin"),
    ("traversal with a parameter", get(b"/v1/..;/admin"), "!400"),
    ("double encoding", get(b"/v1/%252e%252e/admin"), "!400"),
    ("overlong encoding", get(b"/v1/%c0%ae%c0%ae/admin"), "!400"),
    ("encoded slash", get(b"/v1%2fadmin"), "!400"),
    ("encoded backslash", get(b"/v1%5c..%5cadmin"), "!400"),
    ("backslash", get(b"/v1\\admin"), "!400"),
    ("encoded zero", get(b"/v1%00/admin"), "!400"),
    ("encoded line end", get(b"/v1%0d%0aX: y"), "!400"),
    ("empty segments", get(b"//v1///chat"), "GET /v1/chat"),
    ("empty segment and parent", get(b"/v1//../admin"), "!400"),
    ("other case", get(b"/V1/Chat"), "GET /V1/Chat"),
    ("trailing dot", get(b"/v1/chat."), "GET /v1/chat."),
    ("trailing slash", get(b"/v1/chat/"), "GET /v1/chat/"),
    ("parameter", get(b"/v1;a=b/chat"), "GET /v1;a=b/chat"),
    ("host as path", get(b"//evil.example/x"), "GET /evil.example/x"),
    ("space in the target", get(b"/x y"), "!400"),
    ("TAB in the target", get(b"/x\ty"), "!400"),
    ("DEL in the target", get(b"/x\x7f"), "!400"),
    ("control character in the query", get(b"/x?a=\x01"), "!400"),
    ("8 KiB of target", get(b"/" + b"x" * 8191), "GET /" + "x" * 8191),
    ("more than 8 KiB of target", get(b"/" + b"x" * 8192), "!414"),
    ("8 KiB of target, unfinished", b"GET /" + b"x" * 8300, "!414"),
    ("authority form", get(b"a:80"), "!400"),
    ("https to itself", get(b"https://a/x"), "GET /x"),
    ("TAB before the version", b"GET /x\tHTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("space before the method", b" GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("space after the version", b"GET /x HTTP/1.1 \r\nHost: a\r\n\r\n", "!400"),
    ("two spaces before the version", b"GET /x  HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("lower-case version", b"GET /x http/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("version without minor", b"GET /x HTTP/1\r\nHost: a\r\n\r\n", "!400"),
    ("TLS to a plain listener", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "!400"),
]
FIELDS = [
    ("names fields of ours", post(b"Connection: host, authorization, content-length\r\n" + FIVE), "POST /x body=5"),
    ("names the coding", CHUNKED.replace(b"Host", b"Connection: transfer-encoding\r\nHost") + b"0\r\n\r\n", "POST /x"),
    ("close among others", post(b"Connection: x, close\r\n" + FIVE), "POST /x body=5 closed"),
    ("close in a second field", post(b"Connection: x\r\nConnection: CLOSE\r\n" + FIVE), "POST /x body=5 closed"),
    ("closer is not close", post(b"Connection: closer\r\n" + FIVE), "POST /x body=5"),
    ("space before the colon", get(b"/x", b"Host: a\r\nX : y\r\n"), "!400"),
    ("two expectations", post(b"Expect: 100-continue\r\nExpect: 100-continue\r\n" + FIVE), "!400"),
    ("port of host", get(b"/x", b"Host: a:8080\r\n"), "GET /x"),
    ("IPv6 host", get(b"/x", b"Host: [::1]:80\r\n"), "GET /x"),
    ("comma in host", get(b"/x", b"Host: a, b\r\n"), "!400"),
    ("CL with a TAB before", post(b"Content-Length:\t5\r\n\r\nabcde"), "POST /x body=5"),
    ("CL in other case", post(b"cOnTeNt-LeNgTh: 5\r\n\r\nabcde"), "POST /x body=5"),
    ("CL of 20 digits", post(b"Content-Length: 00000000000000000005\r\n\r\nabcde"), "POST /x body=5"),
    ("CL 5 5", post(b"Content-Length: 5 5\r\n\r\nabcde"), "!400"),
    ("CL 5,", post(b"Content-Length: 5,\r\n\r\nabcde"), "!400"),
    ("CL 5.0", post(b"Content-Length: 5.0\r\n\r\nabcde"), "!400"),
]
CHUNKS = [
    ("extension of 256 bytes", CHUNKED + b"1;" + b"a" * 255 + b"\r\nx\r\n0\r\n\r\n", "POST /x body=1"),
    ("extension of 257 bytes", CHUNKED + b"1;" + b"a" * 256 + b"\r\nx\r\n0\r\n\r\n", "!400"),
    ("extension of 64 KiB", CHUNKED + b"1;" + b"a" * 65536 + b"\r\nx\r\n0\r\n\r\n", "!400"),
    ("extensions of more than 4 KiB", CHUNKED + (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 21 + b"0\r\n\r\n", "!400"),
    ("trailers of more than 8 KiB", CHUNKED + b"0\r\n" + b"X: y\r\n" * 1400 + b"\r\n", "!400"),
    (
        "trailers of identity",
        CHUNKED + b"0\r\nAuthorization: x\r\nX-Forwarded-For: 1.1.1.1\r\nHost: b\r\n\r\n" + get(b"/y"),
        "POST /x; GET /y",
    ),
    ("request within a chunk", CHUNKED + b"22\r\n" + get(b"/evil").ljust(34) + b"\r\n0\r\n\r\n", "POST /x body=34"),
    ("chunk longer than its size, then a request", CHUNKED + b"1\r\nxyz\r\n0\r\n\r\n" + get(b"/evil"), "!400"),
]
TARGET_CASES: list[tuple[str, bytes, str]] = [*TARGETS, *FIELDS, *CHUNKS]
