"""The request line and its target. Source: RFC 9112, section 3; RFC 3986, section 6.2.2."""

from tests.conformance.case import SEEN_GET, Case, answered, closes, refused, served

HOST = b"\r\nHost: a\r\n\r\n"


def line(text: bytes) -> bytes:
    return text + HOST


def target(text: bytes) -> bytes:
    return b"GET " + text + b" HTTP/1.1" + HOST


def got(path: bytes) -> tuple[bytes, bytes, bytes]:
    return b"GET", path, b""


LINES = [
    refused("TABs", line(b"GET\t/rest/x\tHTTP/1.1")),
    refused("VT between", line(b"GET\x0b/rest/x\x0bHTTP/1.1")),
    refused("junk after the version", line(b"GET /rest/x HTTP/1.1 x")),
    refused("junk directly after the version", line(b"GET /rest/x HTTP/1.1x"), 400, 505),
    refused("TAB after the version", line(b"GET /rest/x HTTP/1.1\t")),
    refused("space in the target", line(b"GET /rest/x y HTTP/1.1"), 400, 505),
    refused("no target", line(b"GET HTTP/1.1")),
    refused("no version", line(b"GET /rest/x"), 400, 505),
    refused("no version, nothing after", b"GET /rest/x\r\n\r\n", 400, 505),
    refused("no version with space", line(b"GET /rest/x "), 400, 505),
    refused("no method", line(b" /rest/x HTTP/1.1")),
    refused("method in lower case", line(b"get /rest/x HTTP/1.1"), 400, 405, 501),
    refused("method unknown", line(b"FOO /rest/x HTTP/1.1"), 400, 405, 501),
    refused("method with colon", line(b"GET: /rest/x HTTP/1.1")),
    refused("method with NUL", line(b"G\x00T /rest/x HTTP/1.1")),
    refused("method with high byte", line(b"G\xc9T /rest/x HTTP/1.1")),
    refused("method that begins like one", line(b"GETX /rest/x HTTP/1.1"), 400, 405, 501),
    refused("method of 64 KiB", line(b"A" * 65_536 + b" /rest/x HTTP/1.1"), 400, 405, 414, 431, 501),
    refused("leading space", line(b" GET /rest/x HTTP/1.1")),
    refused("leading NUL", line(b"\x00GET /rest/x HTTP/1.1")),
    refused("HTTP/3.9", line(b"GET /rest/x HTTP/3.9"), 400, 505),
    refused("HTTP/2.0", line(b"GET /rest/x HTTP/2.0"), 400, 505),
    refused("HTTP/1.2", line(b"GET /rest/x HTTP/1.2"), 400, 505),
    refused("HTTP/0.9", line(b"GET /rest/x HTTP/0.9"), 400, 505),
    refused("HTTP/1", line(b"GET /rest/x HTTP/1"), 400, 505),
    refused("HTTP/1.", line(b"GET /rest/x HTTP/1."), 400, 505),
    refused("HTTP/1.10", line(b"GET /rest/x HTTP/1.10"), 400, 505),
    refused("HTTP/01.1", line(b"GET /rest/x HTTP/01.1"), 400, 505),
    refused("HTTP/+1.1", line(b"GET /rest/x HTTP/+1.1"), 400, 505),
    refused("HTTP/ 1.1", line(b"GET /rest/x HTTP/ 1.1"), 400, 505),
    refused("HTTP/1,1", line(b"GET /rest/x HTTP/1,1"), 400, 505),
    refused("http/1.1", line(b"GET /rest/x http/1.1"), 400, 505),
    refused("HTPP/1.1", line(b"GET /rest/x HTPP/1.1"), 400, 505),
    refused("ICE/1.0", line(b"SOURCE /rest/x ICE/1.0"), 400, 405, 501, 505),
    refused("RTSP/1.0", line(b"DESCRIBE /rest/x RTSP/1.0"), 400, 405, 501, 505),
    refused("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
    refused("hello of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)),
    refused("a proxy protocol nobody asked for", b"PROXY TCP4 6.6.6.6 1.1.1.1 1 2\r\n" + target(b"/rest/x")),
    refused("binary", bytes(range(128, 256))),
    served("CRLF before", b"\r\n" + target(b"/rest/x"), SEEN_GET),
    closes("HTTP/1.0 without Host", b"GET /rest/x HTTP/1.0\r\n\r\n", SEEN_GET),
    closes("HTTP/1.0 and more", b"GET /rest/x HTTP/1.0\r\nHost: a\r\n\r\n" + target(b"/rest/smuggled"), SEEN_GET),
    served("HEAD", line(b"HEAD /rest/x HTTP/1.1"), (b"HEAD", b"/rest/x", b"")),
    served("OPTIONS", line(b"OPTIONS /rest/x HTTP/1.1"), (b"OPTIONS", b"/rest/x", b"")),
    served("DELETE", line(b"DELETE /rest/x HTTP/1.1"), (b"DELETE", b"/rest/x", b"")),
    refused("TRACE", line(b"TRACE /rest/x HTTP/1.1"), 400, 405, 501),
    refused("CONNECT with an authority", line(b"CONNECT a:443 HTTP/1.1"), 400, 405, 501),
    refused("CONNECT with a path", line(b"CONNECT /rest/x HTTP/1.1"), 400, 405, 501),
    refused("CONNECT, then a tunnelled request", line(b"CONNECT a:443 HTTP/1.1") + target(b"/rest/x"), 400, 405, 501),
]

FORMS = [
    refused("absolute form of another host", target(b"http://evil/rest/x")),
    refused("absolute form of a longer host", target(b"http://a.evil/rest/x")),
    refused("absolute form of another port", target(b"http://a:1/rest/x")),
    refused("absolute form with user", target(b"http://u@a/rest/x")),
    refused("absolute form of another scheme", target(b"ftp://a/rest/x")),
    refused("absolute form without slashes", target(b"http:/rest/x")),
    refused("absolute form with fragment", target(b"http://a/rest/x#y")),
    refused("absolute form with backslash", target(b"http://a\\rest/x")),
    refused("absolute form without host", target(b"http:///rest/x")),
    refused("authority form", target(b"a:80")),
    refused("asterisk form", line(b"OPTIONS * HTTP/1.1")),
    refused("asterisk form with GET", target(b"*")),
    refused("no slash", target(b"rest/x")),
    refused("only a query", target(b"?a=b")),
    served("absolute form of its host", target(b"http://a/rest/x?y"), got(b"/rest/x?y")).with_lines(b"host: a"),
    served("absolute form in upper case", target(b"HTTP://A/rest/x"), SEEN_GET),
    answered("absolute form without path", target(b"http://a"), 404),
]

PATHS = [
    refused("fragment", target(b"/rest/x#y")),
    refused("control character", target(b"/rest/x\x01")),
    refused("DEL", target(b"/rest/x\x7f")),
    refused("NUL", target(b"/rest/x\x00")),
    refused("high byte", target(b"/rest/x\xff")),
    refused("backslash", target(b"/rest\\x")),
    refused("encoded slash", target(b"/rest%2fx")),
    refused("encoded backslash", target(b"/rest%5cx")),
    refused("encoded NUL", target(b"/rest/x%00")),
    refused("encoded CR LF", target(b"/rest/x%0d%0aX:y")),
    refused("encoded twice", target(b"/rest/%252e%252e/x")),
    refused("overlong UTF-8 slash", target(b"/rest/..%c0%af..")),
    refused("overlong UTF-8 dot", target(b"/rest/%c0%ae%c0%ae/x")),
    refused("surrogate in UTF-8", target(b"/rest/%ed%a0%80")),
    refused("malformed escape", target(b"/rest/%zz")),
    refused("escape cut short", target(b"/rest/%a")),
    refused("escape of %u", target(b"/rest/%u002e")),
    refused("dot segment with parameter", target(b"/rest/..;/x")),
    refused("dot segment with encoded parameter", target(b"/rest/..%3b/x")),
    refused("above the root", target(b"/../rest/x")),
    refused("above the root, encoded", target(b"/%2e%2e/rest/x")),
    refused("parent of an empty segment", target(b"/rest//../x")),
    refused("query with fragment", target(b"/rest/x?a#b")),
    refused("query with control character", target(b"/rest/x?a\x01")),
    refused("query with high byte", target(b"/rest/x?\xff")),
    refused("target of 40 KiB", target(b"/rest/" + b"x" * 40_000), 414),
    refused("query of 40 KiB", target(b"/rest/x?" + b"x" * 40_000), 414),
    answered("dot segments out of the route", target(b"/rest/../x"), 404),
    answered("encoded dot segments out of the route", target(b"/rest/%2e%2e/x"), 404),
    answered("another case", target(b"/REST/x"), 404),
    answered("only a prefix of the name", target(b"/restx"), 404),
    served("dot segments within the route", target(b"/rest/y/../x"), SEEN_GET),
    served("dot segments into the route", target(b"/y/../rest/x"), SEEN_GET),
    served("encoded dot segments", target(b"/rest/y/%2e%2E/x"), SEEN_GET),
    served("single dots", target(b"/./rest/./x"), SEEN_GET),
    served("empty segments", target(b"//rest//x"), SEEN_GET),
    served("encoded letters", target(b"/%72est/x"), SEEN_GET),
    served("escapes in lower case", target(b"/rest/%c3%a9"), got(b"/rest/%C3%A9")),
    served("parameters", target(b"/rest/x;a=b"), got(b"/rest/x;a=b")),
    served("query as it is", target(b"/rest/x?a=%2e%2E&b=//../c"), got(b"/rest/x?a=%2e%2E&b=//../c")),
    served("slash at the end", target(b"/rest/x/"), got(b"/rest/x/")),
]

CASES: list[Case] = [*LINES, *FORMS, *PATHS]
