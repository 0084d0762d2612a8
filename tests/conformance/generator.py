"""Request and response bytes for fuzzing: mostly by the grammar, with the odd wrong thing, then damaged. Seeded."""

from collections.abc import Sequence
from random import Random

METHODS = (b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"PATCH", b"DELETE")
ODD_METHODS = (b"get", b"FOO", b"CONNECT", b"TRACE", b"PRI", b"SOURCE", b"M-SEARCH", b"GET ", b"", b"PROPFIND")
TARGETS = (b"/rest/x", b"/", b"/rest/x?a=b", b"/rest/%c3%a9", b"/rest/y/../x", b"//rest/x", b"/rest/x;p=1")
ODD_TARGETS = (
    b"*",
    b"http://a/rest/x",
    b"http://b/",
    b"a:1",
    b"/\xff",
    b"/x#f",
    b"/x y",
    b"",
    b"/%2e%2e/",
    b"/%00",
    b"?q",
)
VERSIONS = (b"HTTP/1.1",) * 40 + (
    b"HTTP/1.0",
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"HTTP/1.2",
    b"http/1.1",
    b"RTSP/1.0",
)
ENDS = (b"\r\n",) * 400 + (b"\n", b"\r", b"\r\r\n", b"\n\r", b"", b"\r\n ", b" \r\n", b"\r\n\t")
COLONS = (b": ",) * 160 + (b":", b":", b":\t", b" : ", b"\t:", b"", b": \x0b", b":\x00", b": \xa0", b"::")
NAMES = (b"X-A", b"Accept", b"Content-Type", b"Cookie", b"X_A", b"User-Agent", b"x-a", b"Te", b"Trailer", b"Forwarded")
ODD_NAMES = (
    b"X A",
    b"",
    b" X",
    b"X\x00",
    b"X\x85",
    b"(X)",
    b"Host",
    b"Content-Length",
    b"Transfer-Encoding",
    b"X-Isthmus-A",
)
VALUES = (b"1", b"a b", b"", b"caf\xc3\xa9", b"text/plain", b"a, b", b'"q"', b"a\tb", b"a=1; b=2")
ODD_VALUES = (b"a\x00b", b"a\rb", b"a\nb", b"\x7f", b"a\x0bb", b"a\r\n b", b" " * 20, b"a" * 300)
CONNECTIONS = (b"keep-alive", b"close", b"Upgrade", b"close, x", b"X-A", b"upgrade, close", b"", b"keep-alive, CLOSE")
UPGRADES = (b"h2c", b"websocket", b"TLS/1.0", b"")
CODINGS = (b"chunked",) * 40 + (
    b"Chunked",
    b"xchunked",
    b"identity",
    b"gzip, chunked",
    b"chunked, chunked",
    b"chunked,",
    b",chunked",
    b"",
    b"chunked;a",
    b'"chunked"',
    b"\x0bchunked",
    b"chunked\x0b",
    b"chunked identity",
    b"trailers",
)
LENGTHS = ("{}",) * 30 + ("+{}", "-{}", "0x{}", "{}, {}", "{} ", "0{}", "{}_0", "{}x", "", "1{}", "{}\x0b", "{}.0")
SIZES = ("{:x}",) * 60 + (
    "{:X}",
    "0{:x}",
    "+{:x}",
    "0x{:x}",
    "{:x} ",
    " {:x}",
    "{:x}_",
    "{:x}g",
    "",
    "-{:x}",
    "1{:x}",
    "0" * 16 + "{:x}",
)
EXTENSIONS = (b"",) * 40 + (
    b";a",
    b";a=b",
    b';a="b"',
    b"; a=b",
    b";",
    b" ;a",
    b";a\nb",
    b";a\rb",
    b";\x00",
    b';a="\r\n"',
    b";" + b"a" * 250,
)
TRAILERS = (b"",) * 20 + (
    b"X: 1\r\n",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: x\r\n",
    b"Host: b\r\n",
    b"X\r\n",
    b" X: 1\r\n",
    b"X: \n\r\n",
)
BODIES = (
    b"",
    b"a",
    b"abcde",
    b"0\r\n\r\n",
    b"GET /rest/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n",
    b"x" * 70,
    b"5\r\nabcde\r\n0\r\n\r\n",
)
STATUSES = (b"200 OK",) * 8 + (
    b"204 No",
    b"304 No",
    b"100 Continue",
    b"103 Early",
    b"101 Switch",
    b"404 No",
    b"500 ",
    b"999 X",
    b"20 X",
    b"099 X",
    b"2000 X",
    b"200",
)
TOKENS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b"\x00",
    b":",
    b",",
    b";",
    b"0",
    b"0\r\n\r\n",
    b"chunked",
    b"HTTP/1.1",
    b"Host: b\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\x0b",
    b"\xa0",
    b"\xff",
    b"Connection: close\r\n",
    b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"GET /rest/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    b"ffffffffffffffff",
    b"+",
    b"-",
    b"_",
    b"\x85",
    b"5",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
)
MAX_BYTES = 6000


class Generator:
    """Makes one case after the other. `seeds`: whole cases, some of which come damaged."""

    def __init__(self, seed: int, seeds: Sequence[bytes]) -> None:
        self.random = Random(seed)
        self._seeds = seeds

    def requests(self) -> bytes:
        """One to three requests, as one client would send them."""
        draw = self.random.random()
        if draw < 0.3:
            data = self._pick(self._seeds)
        else:
            data = b"".join([self._request() for _ in range(1 if draw < 0.7 else self.random.randint(2, 3))])
        return self._damaged(data)

    def responses(self) -> bytes:
        """One to three responses, as an upstream would send them."""
        draw = self.random.random()
        if draw < 0.2:
            data = self._pick(self._seeds)
        else:
            data = b"".join([self._response() for _ in range(1 if draw < 0.8 else self.random.randint(2, 3))])
        return self._damaged(data)

    def pieces(self, data: bytes) -> list[bytes]:
        """The same bytes, cut up or not."""
        draw = self.random.random()
        if draw < 0.5 or len(data) < 2:
            return [data]
        if draw < 0.6 and len(data) < 400:
            return [data[at : at + 1] for at in range(len(data))]
        cuts = sorted({self.random.randrange(1, len(data)) for _ in range(self.random.randint(1, 4))})
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def _pick(self, values: Sequence[bytes]) -> bytes:
        return values[int(self.random.random() * len(values))]

    def _usually(self, values: Sequence[bytes], odd: Sequence[bytes]) -> bytes:
        return self._pick(odd if self.random.random() < 0.04 else values)

    def _request(self) -> bytes:
        line = b" ".join(
            (self._usually(METHODS, ODD_METHODS), self._usually(TARGETS, ODD_TARGETS), self._pick(VERSIONS))
        )
        host = b"Host" + self._pick(COLONS) + self._usually((b"a",), (b"", b"a b", b"b", b"a:1", b"[::1]", b"a/b"))
        return self._message(line, [] if self.random.random() < 0.02 else [host])

    def _response(self) -> bytes:
        version = self._usually((b"HTTP/1.1",), (b"HTTP/1.0", b"HTTP/2", b"HTTP/1.2", b"ICY", b"http/1.1"))
        return self._message(version + b" " + self._pick(STATUSES), [])

    def _message(self, line: bytes, lines: list[bytes]) -> bytes:
        random = self.random
        body = b""
        draw = random.random()
        if draw < 0.65:
            body = self._pick(BODIES)
        framed = body
        if 0.04 < draw < 0.35:
            lines.append(b"Content-Length" + self._pick(COLONS) + self._length(len(body)))
        elif draw < 0.65:
            lines.append(b"Transfer-Encoding" + self._pick(COLONS) + self._pick(CODINGS))
            framed = self._chunks(body)
            if draw > 0.63:
                lines.append(b"Content-Length: " + self._length(len(body)))
        for _ in range(int(random.random() * 4)):
            lines.append(self._field())
        if random.random() < 0.2:
            random.shuffle(lines)
        end = self._pick(ENDS)
        return line + end + b"".join([each + self._pick(ENDS) for each in lines]) + self._pick(ENDS) + framed

    def _field(self) -> bytes:
        draw = self.random.random()
        if draw < 0.15:
            return b"Connection: " + self._pick(CONNECTIONS)
        if draw < 0.22:
            return b"Upgrade: " + self._pick(UPGRADES)
        if draw < 0.27:
            return b"Expect: " + self._usually((b"100-continue",), (b"x", b""))
        return self._usually(NAMES, ODD_NAMES) + self._pick(COLONS) + self._usually(VALUES, ODD_VALUES)

    def _length(self, length: int) -> bytes:
        form = LENGTHS[int(self.random.random() * len(LENGTHS))]
        return form.format(length, length).encode("latin-1")

    def _chunks(self, body: bytes) -> bytes:
        half = len(body) // 2 if self.random.random() < 0.5 else 0
        chunks = [each for each in (body[:half], body[half:]) if each]
        framed = b"".join([self._size(len(each)) + each + self._pick(ENDS) for each in chunks])
        return framed + self._size(0) + self._pick(TRAILERS) + self._pick(ENDS)

    def _size(self, size: int) -> bytes:
        form = SIZES[int(self.random.random() * len(SIZES))]
        return form.format(size).encode() + self._pick(EXTENSIONS) + self._pick(ENDS)

    def _damaged(self, data: bytes) -> bytes:
        random = self.random
        if random.random() < 0.4:
            return data
        for _ in range(random.randint(1, 3)):
            at = int(random.random() * (len(data) + 1))
            draw = random.random()
            if draw < 0.4:
                data = data[:at] + self._pick(TOKENS) + data[at:]
            elif draw < 0.6:
                data = data[:at] + data[at + random.randint(1, 6) :]
            elif draw < 0.75:
                data = data[:at] + bytes((random.randrange(256),)) + data[at + 1 :]
            elif draw < 0.9:
                end = at + random.randint(1, 60)
                data = data[:end] + data[at:end] + data[end:]
            else:
                other = self._pick(self._seeds)
                data = data[:at] + other[int(random.random() * (len(other) + 1)) :]
        return data[:MAX_BYTES]
