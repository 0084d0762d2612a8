"""Framing cases: name, bytes, verdict: the requests read, `!status` of the refusal, or what is waited for."""

from tests.data_plane.ingress.target_cases import TARGET_CASES

CASES: list[tuple[str, bytes, str]] = [
    (
        "CL+TE both",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "TE+CL (order swapped)",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "two different CL",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "!400",
    ),
    ("two equal CL", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "!400"),
    ('CL list "5, 5"', b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nabcde", "!400"),
    ("CL +5", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde", "!400"),
    ("CL negative", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nabcde", "!400"),
    ("CL 0x5", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nabcde", "!400"),
    ("CL overflow 2^64+5", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nabcde", "!400"),
    ("CL empty", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", "!400"),
    ("TE: xchunked", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "!400"),
    (
        "TE: chunked, identity",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    ("TE: gzip, chunked", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "!501"),
    (
        "TE: identity (no CL) + smuggled",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        "!400",
    ),
    (
        "two TE lines chunked/identity",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "TE : chunked (space before colon)",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    ("TE:\\x0bchunked", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", "!400"),
    ("TE in HTTP/1.0", b"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "!400"),
    ("obs-fold header", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", "!400"),
    (
        "obs-fold hiding TE",
        b"POST /x HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nabcde",
        "!400",
    ),
    ("leading space first header", b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n", "!400"),
    ("bare LF line ends", b"GET /x HTTP/1.1\nHost: a\n\n", "!400"),
    ("bare LF in one header", b"GET /x HTTP/1.1\r\nHost: a\nX-B: c\r\n\r\n", "!400"),
    ("bare CR in header value", b"GET /x HTTP/1.1\r\nHost: a\r\nX-B: c\rd\r\n\r\n", "!400"),
    ("NUL in header value", b"GET /x HTTP/1.1\r\nHost: a\r\nX-B: c\x00d\r\n\r\n", "!400"),
    ("header name with space", b"GET /x HTTP/1.1\r\nHost: a\r\nX B: c\r\n\r\n", "!400"),
    ("header w/o colon", b"GET /x HTTP/1.1\r\nHost: a\r\nXB\r\n\r\n", "!400"),
    ("empty header name", b"GET /x HTTP/1.1\r\nHost: a\r\n: c\r\n\r\n", "!400"),
    ("no Host (1.1)", b"GET /x HTTP/1.1\r\n\r\n", "!400"),
    ("two Hosts", b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "!400"),
    (
        "chunk size +5",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk size 0x5",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk size overflow",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk size LF only",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk ext with LF",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nb\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk missing CRLF after data",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde0\r\n\r\n",
        "!400",
    ),
    (
        "chunk ext (legal)",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\n\r\n",
        "POST /x body=5",
    ),
    (
        "space after chunk size",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "trailer CL after chunked",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n"
        b"Content-Length: 3\r\n\r\n",
        "!400",
    ),
    ("GET with body (CL 5)", b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", "GET /x body=5"),
    ("HTTP/1.2", b"GET /x HTTP/1.2\r\nHost: a\r\n\r\n", "!505"),
    ("HTTP/9.9", b"GET /x HTTP/9.9\r\nHost: a\r\n\r\n", "!505"),
    ("absolute-form URI", b"GET http://evil/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("double space in request line", b"GET  /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("unknown method", b"FOO /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("lower-case method", b"get /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("non-ascii url byte", b"GET /x\xff HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    (
        "upgrade h2c w/ body",
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 35\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x body=35",
    ),
    (
        "upgrade websocket w/ body",
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Content-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x body=35",
    ),
    ("CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "!405"),
    ("pipelined 2", b"GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x; GET /y"),
    (
        "data after Connection: close",
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x closed",
    ),
    (
        "Expect: 100-continue",
        b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /x body=5",
    ),
    ("Expect: garbage", b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: garbage\r\nContent-Length: 5\r\n\r\nabcde", "!417"),
    ("two leading CRLFs", b"\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("21 KiB header, unfinished", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 21500, "!431"),
    ("20 KiB header", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 20000 + b"\r\n\r\n", "GET /x"),
    ("21 KiB header", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 21500 + b"\r\n\r\n", "!431"),
    ("1 MiB header", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 1048576 + b"\r\n\r\n", "!431"),
    (
        "500 headers",
        b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(500)) + b"\r\n",
        "!431",
    ),
    ("20 KiB url", b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "!414"),
    (
        "CL.TE smuggle",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        "!400",
    ),
    ("CL 1_0", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nabcdeabcde", "!400"),
    ("CL 5Z", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5Z\r\n\r\nabcde", "!400"),
    ("CL arabic", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: \xd9\xa5\r\n\r\nabcde", "!400"),
    ("CL 5, 0", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 0\r\n\r\nabcde", "!400"),
    ("CL -1", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "!400"),
    (
        "TE twice chunked",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "!400",
    ),
    ("TE ,chunked", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", "!501"),
    ("TE \\xa0", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\n", "!400"),
    ("TE quoted", b'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', "!400"),
    ("TE obs-fold", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "!400"),
    (
        "TE Chunked case",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "POST /x body=1",
    ),
    ("chunk -5", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n", "!400"),
    (
        "chunk 0_5",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0_5\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk 5these",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5these\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk empty size",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk 17 digits",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000005\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk leading space",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk 5\\r\\r;a",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\r;a\r\nabcde\r\n0\r\n\r\n",
        "!400",
    ),
    (
        "chunk ext 64K, unfinished",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"a" * 70000 + b"",
        "!400",
    ),
    (
        "trailer Authorization",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
        b"Authorization: x\r\nHost: evil\r\n\r\n",
        "POST /x body=1",
    ),
    (
        "trailer then request",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Evil: x\r\n"
        b"\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x body=1; GET /x",
    ),
    ("bare CR as line end", b"GET /x HTTP/1.1\rHost: a\r\r", "!400"),
    ("header name 0x85", b"GET /x HTTP/1.1\r\nHost: a\r\nX\x85: a\r\n\r\n", "!400"),
    ("leading ws header", b"GET /x HTTP/1.1\r\nHost: a\r\n X: a\r\n\r\n", "!400"),
    ("Host a b/c", b"GET /x HTTP/1.1\r\nHost: a b/c\r\n\r\n", "!400"),
    ("Host case dup", b"GET /x HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "!400"),
    ("Host empty", b"GET /x HTTP/1.1\r\nHost:\r\n\r\n", "!400"),
    ("two Authorization", b"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", "!400"),
    ("two X-A", b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n", "GET /x"),
    ("TAB request line", b"GET\t/x\tHTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("junk after version", b"GET /x HTTP/1.1 x\r\nHost: a\r\n\r\n", "!400"),
    ("HTTP/3.9", b"GET /x HTTP/3.9\r\nHost: a\r\n\r\n", "!505"),
    ("0.9 form", b"GET /x\r\n\r\n", "!505"),
    ("control char in target", b"GET /x\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!400"),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("TRACE", b"TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n", "!405"),
    ("1.0 no host", b"GET /x HTTP/1.0\r\n\r\n", "GET /x closed"),
    ("1.0 keep-alive", b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /x closed"),
    ("partial CL body", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", " waits:BODY"),
    ("partial chunked", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", " waits:BODY"),
    (
        "2000 fields",
        b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(2000)) + b"\r\n",
        "!431",
    ),
    ("60000 equal fields", b"GET /x HTTP/1.1\r\nHost: a" + b"\r\na:" * 60000 + b"\r\n\r\n", "!431"),
    ("33 KiB head unfinished", b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 33792 + b"", "!431"),
    ("33 KiB head finished", b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 33792 + b"\r\n\r\n", "!431"),
    ("21 MiB CL", b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 22020096\r\n\r\n", "!413"),
    (
        "h2c chunked",
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x body=3; GET /x",
    ),
    (
        "upgrade + close",
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n"
        b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x closed",
    ),
    (
        "upgrade + expect",
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n"
        b"Content-Length: 3\r\n\r\nabc",
        "POST /x body=3",
    ),
    ("HTTP/2.0", b"GET /x HTTP/2.0\r\nHost: a\r\n\r\n", "!505"),
    ("HTTP/0.9 named", b"GET /x HTTP/0.9\r\nHost: a\r\n\r\n", "!505"),
    ("absolute-form, own host", b"GET http://a:80/x?y HTTP/1.1\r\nHost: A:80\r\n\r\n", "GET /x"),
    ("absolute-form without path", b"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
    ("absolute-form, longer host", b"GET http://a.evil/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("absolute-form, other port", b"GET http://a:1/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("absolute-form, user", b"GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("absolute-form, other scheme", b"GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("absolute-form without Host", b"GET http://a/x HTTP/1.1\r\n\r\n", "!400"),
    ("absolute-form, 1.0 without Host", b"GET http://a/x HTTP/1.0\r\n\r\n", "!400"),
    ("fragment", b"GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("encoded slash", b"GET /x%2fy HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("dot segments", b"GET /y/%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x"),
    ("above the root", b"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("40 KiB url", b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "!414"),
    ("Host with user", b"GET /x HTTP/1.1\r\nHost: u@a\r\n\r\n", "!400"),
    (
        "TE: identity, chunked",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        "!501",
    ),
    ("TE with VT after", b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n", "!400"),
    (
        "CL 0 then request",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x; GET /y",
    ),
    (
        "CL then garbage",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabcd /y\r\n\r\n",
        "POST /x body=2 !400",
    ),
    ("fault after a whole request", b"GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\n\r\n", "GET /x !400"),
    (
        "expect in 1.0",
        b"POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
        "POST /x body=1 closed",
    ),
    (
        "three upgrades",
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" * 3,
        "GET /x; GET /x; GET /x",
    ),
    (
        "upgrade then fault",
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
        "GET /x !400",
    ),
    (
        "upgrade, body too long",
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 22020096\r\n\r\n",
        "!413",
    ),
    (
        "trailer obs-fold",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n b\r\n\r\n",
        "!400",
    ),
    (
        "trailer Transfer-Encoding",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "!400",
    ),
    (
        "trailer Connection: close",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n"
        b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x; GET /y",
    ),
    (
        "101 equal fields",
        b"GET /x HTTP/1.1\r\nHost: a\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n"
        b"a: b\r\na: b\r\na: b\r\na: b\r\na: b\r\na: b\r\n\r\n",
        "!431",
    ),
    ("zero byte first", b"\0GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("one leading CRLF", b"\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x"),
    ("leading LF", b"\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("leading CR", b"\rGET /x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    (
        "one CRLF between requests",
        b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x; GET /y",
    ),
    (
        "two CRLFs between requests",
        b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x !400",
    ),
    ("HEAD", b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x"),
    (
        "data after 1.0 keep-alive",
        b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x closed",
    ),
    ("absolute-form, host as long", b"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "!400"),
    ("110 equal fields, unfinished", b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 110, "!431"),
    (
        "60 fields and 60 more of the same names",
        b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: a\r\n" % (i % 60) for i in range(120)) + b"\r\n",
        "!431",
    ),
    *TARGET_CASES,
]
