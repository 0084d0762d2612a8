"""Header fields: syntax, Host, and names of our own. Source: RFC 9110, section 5; RFC 9112, sections 3.2, 5."""

from tests.conformance.case import END, GET, POST, SEEN_GET, SMUGGLED, Case, answered, posted, refused, served


def field(line: bytes) -> bytes:
    return GET + line + b"\r\n\r\n"


def host(*lines: bytes) -> bytes:
    return b"GET /rest/x HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + END


SPOOFED = (  # what upstreams take for the gateway's word about the client
    b"forwarded x-real-ip x_real_ip x_forwarded_user x-client-ip true-client-ip x-cluster-client-ip "
    b"x-forwarded-port x-forwarded-server "
    b"x-forwarded-user x-forwarded-email x-forwarded-groups x-forwarded-client-cert x-forwarded-ssl "
    b"x-original-forwarded-for x-original-url x-original-host x-rewrite-url x-envoy-external-address"
).split()

SYNTAX = [
    refused("bare CR in a value", field(b"X: a\rb")),
    refused("bare CR at the end of a value", field(b"X: a\r")),
    refused("bare LF in a value", field(b"X: a\nb")),
    refused("bare LF and a field", field(b"X: a\nY: b")),
    refused("NUL in a value", field(b"X: a\x00b")),
    refused("NUL in a name", field(b"X\x00Y: a")),
    refused("control character in a value", field(b"X: a\x01b")),
    refused("DEL in a value", field(b"X: a\x7fb")),
    refused("VT in a value", field(b"X: a\x0bb")),
    refused("backspace in a value", field(b"X: a\x08b")),
    refused("space before the colon", field(b"X : a")),
    refused("TAB before the colon", field(b"X\t: a")),
    refused("space in a name", field(b"X Y: a")),
    refused("no colon", field(b"XY")),
    refused("empty name", field(b": a")),
    refused("only a colon", field(b":")),
    refused("name with 0x85", field(b"X\x85: a")),
    refused("name with 0xA0", field(b"X\xa0: a")),
    refused("name of UTF-8", field(b"\xc3\xa9: a")),
    refused("name with slash", field(b"X/Y: a")),
    refused("name with parenthesis", field(b"X(: a")),
    refused("name with at", field(b"X@: a")),
    refused("name in quotes", field(b'"X": a')),
    refused("name in brackets", field(b"[X]: a")),
    refused("leading space at the first field", b"GET /rest/x HTTP/1.1\r\n Host: a\r\n\r\n"),
    refused("leading TAB at a later field", field(b"\tX: a")),
    refused("fold with space", field(b"X: a\r\n b")),
    refused("fold with TAB", field(b"X: a\r\n\tb")),
    refused("fold to nothing", field(b"X: a\r\n ")),
    refused("fold that hides a field", field(b"X: a\r\n Y: b")),
    refused("fold of Host", host(b"Host: a", b" b")),
    refused("bare LF at all ends", GET.replace(b"\r\n", b"\n") + b"\n"),
    refused("bare LF after the request line", b"GET /rest/x HTTP/1.1\nHost: a\r\n\r\n"),
    refused("bare LF after the head", GET + b"\n"),
    refused("bare CR at all ends", GET.replace(b"\r\n", b"\r") + b"\r"),
    refused("CR CR LF after a field", field(b"X: a\r")),
    refused("head ends with CR and a byte", GET + b"\rX"),
    served("value of high bytes", field(b"X: caf\xc3\xa9 \xff"), SEEN_GET).with_lines(b"x: caf\xc3\xa9 \xff"),
    served("value with TABs", field(b"X: a\tb"), SEEN_GET).with_lines(b"x: a\tb"),
    served("space before a value is not part of it", field(b"X:  \ta b"), SEEN_GET).with_lines(b"x: a b"),
    served("empty value", field(b"X:"), SEEN_GET).with_lines(b"x: "),
    served("name of all token characters", field(b"!#$%&'*+-.^_`|~09aZ: a"), SEEN_GET),
    served("value with a colon", field(b"X: a: b"), SEEN_GET).with_lines(b"x: a: b"),
    served("two fields of one name", field(b"X: a\r\nx: b"), SEEN_GET).with_lines(b"x: a, b"),
    served("two cookies", field(b"Cookie: a=1\r\nCookie: b=2"), SEEN_GET).with_lines(b"cookie: a=1; b=2"),
]

HOSTS = [
    refused("no Host", host(b"X: a")),
    refused("two Hosts", host(b"Host: a", b"Host: b")),
    refused("two equal Hosts", host(b"Host: a", b"Host: a")),
    refused("two Hosts, of other case", host(b"Host: a", b"hOST: b")),
    refused("Host empty", host(b"Host:")),
    refused("Host with space", host(b"Host: a b")),
    refused("Host with path", host(b"Host: a/c")),
    refused("Host a b/c", host(b"Host: a b/c")),
    refused("Host with user", host(b"Host: u@a")),
    refused("Host with query", host(b"Host: a?b")),
    refused("Host with fragment", host(b"Host: a#b")),
    refused("Host with backslash", host(b"Host: a\\b")),
    refused("Host with comma", host(b"Host: a,b")),
    refused("Host with scheme", host(b"Host: http://a")),
    refused("Host with quotes", host(b'Host: "a"')),
    refused("Host with high bytes", host(b"Host: caf\xc3\xa9")),
    refused("Host with TAB", host(b"Host: a\tb")),
    refused("Host with angle", host(b"Host: <a>")),
    refused("Host of a port", host(b"Host: :80")),
    refused("Host of a colon", host(b"Host: :")),
    refused("Host with a port in words", host(b"Host: a:b")),
    refused("Host with two ports", host(b"Host: a:1:2")),
    refused("Host with an open bracket", host(b"Host: [::1")),
    refused("Host with space before the colon", host(b"Host : a")),
    served("Host with port", host(b"Host: a:80"), SEEN_GET).with_lines(b"host: a:80"),
    served("Host IPv6", host(b"Host: [::1]:80"), SEEN_GET).with_lines(b"host: [::1]:80"),
    served("Host last", host(b"X: a", b"Host: a"), SEEN_GET).with_lines(b"host: a", b"x: a"),
    served("X-Forwarded-Host is not Host", field(b"X-Forwarded-Host: evil"), SEEN_GET).with_lines(b"host: a"),
    served("X-Host is not Host", field(b"X-Host: evil"), SEEN_GET).with_lines(b"host: a"),
]

OWN = [
    served("field of ours", field(b"X-Isthmus-Tenant: evil"), SEEN_GET).without(b"x-isthmus-tenant"),
    served("field of ours with underscores", field(b"X_Isthmus_Tenant: evil"), SEEN_GET).without(b"x-isthmus-tenant"),
    served("field of ours, mixed", field(b"x-ISTHMUS_Tenant: evil"), SEEN_GET).without(b"x-isthmus-tenant"),
    served("request id too short", field(b"X-Isthmus-Request-Id: evil"), SEEN_GET),
    served("request id with a quote", field(b'X-Isthmus-Request-Id: "quoted-id-1"'), SEEN_GET),
    served("two request ids", field(b"X-Isthmus-Request-Id: aaaaaaaa\r\nX-Isthmus-Request-Id: bbbbbbbb"), SEEN_GET),
    served(
        "client credentials stay here", field(b"Authorization: Bearer isk_tester_1\r\nX-Api-Key: k"), SEEN_GET
    ).without(b"authorization", b"x-api-key"),
    refused("two Authorization", field(b"Authorization: a\r\nauthorization: b")),
    refused("two Content-Type", POST + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n"),
    served("spoofed X-Forwarded-For", field(b"X-Forwarded-For: 6.6.6.6"), SEEN_GET).with_lines(
        b"x-forwarded-for: 127.0.0.1"
    ),
    served(
        "spoofed X-Forwarded-For, twice", field(b"X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7"), SEEN_GET
    ).with_lines(b"x-forwarded-for: 127.0.0.1"),
    served("spoofed X_Forwarded_For", field(b"X_Forwarded_For: 6.6.6.6"), SEEN_GET).with_lines(
        b"x-forwarded-for: 127.0.0.1"
    ),
    served("spoofed X-Forwarded-Proto", field(b"X-Forwarded-Proto: https"), SEEN_GET).with_lines(
        b"x-forwarded-proto: http"
    ),
    *(
        served(f"spoofed {name.decode()}", field(name + b": 6.6.6.6"), SEEN_GET).without(name.replace(b"_", b"-"))
        for name in SPOOFED
    ),
    served("method override is not ours to obey", field(b"X-HTTP-Method-Override: DELETE"), SEEN_GET),
]

SIZES = [
    refused("a field of 64 KiB", field(b"X: " + b"a" * 65_536), 431),
    refused("a name of 64 KiB", field(b"X" * 65_536 + b": a"), 431),
    refused("2,000 fields", GET + b"".join(b"X-%d: a\r\n" % number for number in range(2000)) + END, 431),
    refused("2,000 fields of one name", GET + b"X: a\r\n" * 2000 + END, 431),
    refused("101 fields", GET + b"".join(b"X-%d: a\r\n" % number for number in range(100)) + END, 431),
    refused("a head that has no end", GET + b"X: " + b"a" * 40_000, 431),
    refused("a fold of 64 KiB", field(b"X: a\r\n" + b" " * 65_536), 400, 431),
    served("a field of 16 KiB", field(b"X: " + b"a" * 16_384), SEEN_GET),
    served("100 fields", GET + b"".join(b"X-%d: a\r\n" % number for number in range(99)) + END, SEEN_GET),
    answered("no such route", b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    served("a head, then a request", GET + END + SMUGGLED, SEEN_GET, (b"GET", b"/rest/smuggled", b"")),
    served(
        "a form",
        POST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b",
        posted(b"a=b"),
    ).with_lines(b"content-type: application/x-www-form-urlencoded"),
]

CASES: list[Case] = [*SYNTAX, *HOSTS, *OWN, *SIZES]
