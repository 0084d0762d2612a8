"""Where a request ends: Content-Length and Transfer-Encoding. Source: RFC 9112, sections 6.1 to 6.3.

Many of these come from http-garden's list of trophies, from Http11Probe and from published request smuggling research.
"""

from tests.conformance.case import CHUNKED, END, POST, SEEN_SMUGGLED, SMUGGLED, Case, closes, posted, refused, served

TE = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"


def length(value: bytes, body: bytes = b"abcde", *, colon: bytes = b": ") -> bytes:
    return POST + b"Content-Length" + colon + value + b"\r\n\r\n" + body


def coding(line: bytes, body: bytes = LAST) -> bytes:
    return POST + line + b"\r\n\r\n" + body


BOTH = [
    refused("CL.TE", POST + b"Content-Length: 6\r\n" + TE + END + LAST + b"G"),
    refused("CL.TE with a smuggled request", POST + b"Content-Length: 48\r\n" + TE + END + LAST + SMUGGLED),
    refused("TE.CL", POST + TE + b"Content-Length: 4\r\n" + END + b"2b\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"),
    refused("CL of 0 and TE", POST + b"Content-Length: 0\r\n" + TE + END + LAST),
    refused("CL and TE: identity", POST + b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nabcde", 400, 501),
    refused("CL and TE: xchunked", POST + b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nabcde", 400, 501),
    refused("CL and empty TE", POST + b"Content-Length: 5\r\nTransfer-Encoding:\r\n\r\nabcde", 400, 501),
    refused("CL and TE in HTTP/1.0", b"POST /rest/x HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n" + TE + END + LAST),
    refused("malformed CL and TE", POST + b"Content-Length: x\r\n" + TE + END + LAST),
    refused(
        "CL, TE and a declined upgrade",
        POST + b"Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 5\r\n" + TE + END + LAST,
    ),
]

LENGTHS = [
    refused("two different CL", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
    refused("two equal CL", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
    refused("two CL of other case", POST + b"Content-Length: 5\r\ncontent-length: 0\r\n\r\nabcde"),
    refused("CL list", length(b"5, 5")),
    refused("CL list with 0", length(b"5, 0")),
    refused("CL list without space", length(b"5,5")),
    refused("CL with comma at its end", length(b"5,")),
    refused("CL with comma at its start", length(b",5")),
    refused("CL +5", length(b"+5")),
    refused("CL -1", length(b"-1", b"")),
    refused("CL -0", length(b"-0", b"")),
    refused("CL 0x5", length(b"0x5")),
    refused("CL 0o5", length(b"0o5")),
    refused("CL 1_0", length(b"1_0", b"abcdeabcde")),
    refused("CL 5Z", length(b"5Z")),
    refused("CL 5.0", length(b"5.0")),
    refused("CL 5e0", length(b"5e0")),
    refused("CL in quotes", length(b'"5"')),
    refused("CL with parameter", length(b"5;a=b")),
    refused("CL empty", length(b"", b"")),
    refused("CL of spaces", length(b"  ", b"")),
    refused("CL 2^64+5", length(b"18446744073709551621")),
    refused("CL 2^63", length(b"9223372036854775808"), 400, 413),
    refused("CL of 400 digits", length(b"1" * 400)),
    refused("CL of an Arabic-Indic digit", length(b"\xd9\xa5")),
    refused("CL of a superscript digit", length(b"\xb2")),
    refused("CL two numbers", length(b"5 5")),
    refused("CL with NUL", length(b"5\x00")),
    refused("CL with VT", length(b"\x0b5")),
    refused("CL with FF", length(b"5\x0c")),
    refused("CL with NBSP", length(b"\xa05")),
    refused("CL folded", length(b"\r\n 5")),
    refused("CL folded after the value", length(b"5\r\n 0")),
    refused("CL with space before the colon", length(b"5", colon=b" : ")),
    refused("CL with TAB before the colon", length(b"5", colon=b"\t: ")),
    refused("CL with NUL before the colon", length(b"5", colon=b"\x00: ")),
    refused("CL over the limit", length(b"22020096", b""), 413),
    served("CL 0", length(b"0", b""), posted(b"")),
    served("CL 5", length(b"5"), posted(b"abcde")),
    served("CL with leading zeros", length(b"0005"), posted(b"abcde")).with_lines(b"content-length: 5"),
    served("CL without space", length(b"5", colon=b":"), posted(b"abcde")),
    served("CL between TABs", length(b"\t5\t"), posted(b"abcde")).with_lines(b"content-length: 5"),
    served("CL of other case", POST + b"cOnTeNt-LeNgTh: 5\r\n\r\nabcde", posted(b"abcde")),
    served("POST without CL", POST + END, posted(b"")).with_lines(b"content-length: 0"),
    served("body that is a request", length(b"40", SMUGGLED), posted(SMUGGLED)),
    served(
        "Content_Length is no CL", length(b"5").replace(b"\r\n\r\n", b"\r\nContent_Length: 0\r\n\r\n"), posted(b"abcde")
    ),
]

CODINGS = [
    refused("TE: xchunked", coding(b"Transfer-Encoding: xchunked"), 400, 501),
    refused("TE: chunkedx", coding(b"Transfer-Encoding: chunkedx"), 400, 501),
    refused("TE: chunked, identity", coding(b"Transfer-Encoding: chunked, identity"), 400, 501),
    refused("TE: identity, chunked", coding(b"Transfer-Encoding: identity, chunked"), 400, 501),
    refused("TE: identity", coding(b"Transfer-Encoding: identity", SMUGGLED), 400, 501),
    refused("TE: gzip", coding(b"Transfer-Encoding: gzip"), 400, 501),
    refused("TE: gzip, chunked", coding(b"Transfer-Encoding: gzip, chunked"), 400, 501),
    refused("TE: chunked, gzip", coding(b"Transfer-Encoding: chunked, gzip"), 400, 501),
    refused("TE: chunked, chunked", coding(b"Transfer-Encoding: chunked, chunked"), 400, 501),
    refused("TE: ,chunked", coding(b"Transfer-Encoding: ,chunked"), 400, 501),
    refused("TE: chunked,", coding(b"Transfer-Encoding: chunked,"), 400, 501),
    refused("TE: cow, chunked", coding(b"Transfer-Encoding: cow, chunked"), 400, 501),
    refused("TE: chunked;q=1", coding(b"Transfer-Encoding: chunked;q=1"), 400, 501),
    refused("TE: chunked;a=b", coding(b"Transfer-Encoding: chunked ;a=b"), 400, 501),
    refused("TE in quotes", coding(b'Transfer-Encoding: "chunked"'), 400, 501),
    refused("TE in single quotes", coding(b"Transfer-Encoding: 'chunked'"), 400, 501),
    refused("TE empty", coding(b"Transfer-Encoding:"), 400, 501),
    refused("TE twice", coding(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, 501),
    refused("TE twice, one identity", coding(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400, 501),
    refused("TE twice, first identity", coding(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"), 400, 501),
    refused("TE twice, first empty", coding(b"Transfer-Encoding:\r\nTransfer-Encoding: chunked"), 400, 501),
    refused("TE twice, of other case", coding(b"Transfer-Encoding: chunked\r\ntransfer-encoding: x"), 400, 501),
    refused("TE with VT before", coding(b"Transfer-Encoding: \x0bchunked"), 400, 501),
    refused("TE with VT after", coding(b"Transfer-Encoding: chunked\x0b"), 400, 501),
    refused("TE with FF before", coding(b"Transfer-Encoding: \x0cchunked"), 400, 501),
    refused("TE with NBSP before", coding(b"Transfer-Encoding: \xa0chunked"), 400, 501),
    refused("TE with NUL after", coding(b"Transfer-Encoding: chunked\x00"), 400, 501),
    refused("TE with NEL after", coding(b"Transfer-Encoding: chunked\x85"), 400, 501),
    refused("TE with space before the colon", coding(b"Transfer-Encoding : chunked")),
    refused("TE with TAB before the colon", coding(b"Transfer-Encoding\t: chunked")),
    refused("TE folded", coding(b"Transfer-Encoding:\r\n chunked")),
    refused("TE folded with TAB", coding(b"Transfer-Encoding:\r\n\tchunked")),
    refused("TE as the fold of another field", coding(b"X: y\r\n Transfer-Encoding: chunked")),
    refused("TE after a bare LF", coding(b"X: y\nTransfer-Encoding: chunked")),
    refused("TE after a bare CR", coding(b"X: y\rTransfer-Encoding: chunked")),
    refused("TE after a space", coding(b" Transfer-Encoding: chunked")),
    refused("TE in HTTP/1.0", b"POST /rest/x HTTP/1.0\r\nHost: a\r\n" + TE + END + LAST),
    refused(
        "TE in HTTP/1.0 with keep-alive",
        b"POST /rest/x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n" + TE + END + LAST + SMUGGLED,
    ),
    served("TE of other case", coding(b"transfer-encoding: CHUNKED", b"1\r\na\r\n0\r\n\r\n"), posted(b"a")),
    served("TE after TAB", coding(b"Transfer-Encoding:\tchunked", b"1\r\na\r\n0\r\n\r\n"), posted(b"a")),
    served(
        "Transfer_Encoding is no TE",
        POST + b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        posted(LAST),
    ),
    closes("TE and close", POST + TE + b"Connection: close\r\n\r\n1\r\na\r\n0\r\n\r\n" + SMUGGLED, posted(b"a")),
    served("TE, then a request", CHUNKED + b"1\r\na\r\n0\r\n\r\n" + SMUGGLED, posted(b"a"), SEEN_SMUGGLED),
    served(
        "TE with GET",
        b"GET /rest/x HTTP/1.1\r\nHost: a\r\n" + TE + END + b"1\r\na\r\n0\r\n\r\n",
        (b"GET", b"/rest/x", b"a"),
    ),
]

CASES: list[Case] = [*BOTH, *LENGTHS, *CODINGS]
