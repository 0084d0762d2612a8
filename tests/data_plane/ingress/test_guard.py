"""Requests from bytes: framing attacks, pieces, limits, damaged bytes."""

from random import Random

import pytest

from data_plane.deadlines import Deadlines
from data_plane.errors import BodyTooLarge, GatewayError
from data_plane.exchange import Request
from data_plane.ingress.bounds import Limits
from data_plane.ingress.guard import BETWEEN, ENDED, HEAD, RequestReader
from data_plane.ingress.head_table import HeadTable
from tests.data_plane.ingress.framing_cases import CASES

POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
GET_B = b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n"


class Reading:
    """What a reader makes of bytes, when each request is over as soon as it is whole."""

    def __init__(self, limits: Limits | None = None, heads: HeadTable | None = None) -> None:
        self.reader = RequestReader(limits or Limits(), heads or HeadTable(Deadlines()))
        self.requests: list[Request] = []  # whole ones, with their bodies
        self.begun: list[Request] = []  # those whose head was whole
        self.expecting: list[bool] = []  # whether their clients wait for an invitation
        self.error: GatewayError | None = None
        self._body: list[bytes] = []

    def feed(self, data: bytes) -> None:
        reader = self.reader
        try:
            self._note(reader.feed(data))
            while reader.request is not None and reader.complete:
                self._end(reader.request)
                self._note(reader.go_on())
        except GatewayError as error:
            self.error = error

    def _note(self, begins: bool) -> None:
        reader = self.reader
        assert not begins or reader.request is not None
        if begins and reader.request is not None:
            self.begun.append(reader.request)
            self.expecting.append(reader.wants_continue)
        self._body += reader.pieces
        reader.pieces.clear()
        self.error = self.error or reader.fault

    def _end(self, request: Request) -> None:
        request.body = request.body or b"".join(self._body)
        self._body.clear()
        self.requests.append(request)


def read(data: bytes, step: int = 1 << 20, limits: Limits | None = None, heads: HeadTable | None = None) -> Reading:
    reading = Reading(limits, heads)
    for start in range(0, len(data), step):
        reading.feed(data[start : start + step])
    return reading


def told(request: Request) -> str:
    body = request.body
    return f"{request.method.decode()} {request.path.decode()}" + (f" body={len(body)}" if body else "")


def verdict(data: bytes, step: int, heads: HeadTable | None = None) -> str:
    reading = read(data, step, heads=heads)
    error, phase = reading.error, reading.reader.phase
    refusal = f" !{error.status}" if error else ""
    closed = " closed" if not error and phase is ENDED else ""
    waits = "" if phase in (BETWEEN, ENDED) else f" waits:{phase.name}"
    return ("; ".join(map(told, reading.requests)) + refusal).strip() + closed + waits


@pytest.mark.parametrize(("data", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_framing_is_read_the_same_whole_and_in_pieces(data: bytes, expected: str) -> None:
    assert verdict(data, len(data)) == expected
    assert verdict(data, 1 if len(data) < 3000 else 997) == expected


def test_a_request_is_there_when_its_head_is() -> None:
    reader = RequestReader(Limits(), HeadTable(Deadlines()))
    assert (reader.feed(POST + b"Content-Length: 5"), reader.phase) == (False, HEAD)
    assert reader.feed(b"\r\n\r\nab")
    request = reader.request
    assert request is not None and (request.length, request.has_body, reader.complete) == (5, True, False)
    assert reader.pieces == [b"ab"]
    reader.pieces.clear()  # the connection has taken them
    reader.feed(b"cde" + GET_B)
    assert (reader.request, reader.pieces, reader.ahead) == (request, [b"cde"], b"cde" + GET_B)
    assert (reader.phase, reader.go_on()) == (BETWEEN, True)
    assert told(reader.request or request) == "GET /b"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"Content-Length: 3\r\n\r\nabc", (True, 3)),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (True, None)),
        (b"Content-Length: 0\r\n\r\n", (False, 0)),
        (b"\r\n", (False, None)),
    ],
    ids=["length", "chunked", "length of 0", "none"],
)
def test_the_head_tells_whether_a_body_follows(fields: bytes, expected: tuple[bool, int | None]) -> None:
    request = read(POST + fields).requests[0]
    assert (request.has_body, request.length) == expected


@pytest.mark.parametrize(
    ("version", "fields", "waits"),
    [
        (b"1.1", b"Expect: 100-Continue\r\nContent-Length: 3\r\n", True),
        (b"1.1", b"Expect: 100-continue\r\nContent-Length: 0\r\n", False),
        (b"1.0", b"Expect: 100-continue\r\nContent-Length: 3\r\n", False),
        (b"1.1", b"Content-Length: 3\r\n", False),
        (b"1.1", b"Connection: Upgrade\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nContent-Length: 3\r\n", True),
    ],
    ids=["asks", "no body", "HTTP/1.0", "does not ask", "offers an upgrade too"],
)
def test_a_client_waits_for_continue_only_where_the_protocol_has_it(version: bytes, fields: bytes, waits: bool) -> None:
    reading = read(b"POST /a HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n")
    assert (reading.error, reading.expecting) == (None, [waits])


def test_trailers_never_become_fields_of_this_or_the_next_request() -> None:
    reading = read(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: evil\r\n\r\n" + GET_B)
    assert [set(each.headers) for each in reading.requests] == [{b"host"}, {b"host"}]


@pytest.mark.parametrize("step", [1, 1000])
def test_a_declined_upgrade_keeps_its_body_and_the_next_request(step: int) -> None:
    reading = read(
        POST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nContent-Length: 35\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" + GET_B,
        step,
    )
    assert reading.error is None
    assert [told(each) for each in reading.requests] == ["POST /a body=35", "GET /b"]
    assert set(reading.requests[0].headers) == {b"host"}


def test_thousands_of_upgrades_in_one_read_are_declined_one_by_one() -> None:
    reading = read(b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" * 3000)
    assert reading.error is None
    assert len(reading.requests) == 3000


@pytest.mark.parametrize("step", [1, 4096, 1 << 20])
@pytest.mark.parametrize(("size", "fits"), [(10_000, True), (10_001, False)])
def test_a_chunked_body_may_have_the_limit_and_no_more(size: int, fits: bool, step: int) -> None:
    body = b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n"
    reading = read(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body, step, Limits(body_bytes=10_000))
    assert len(reading.requests) == fits
    assert isinstance(reading.error, BodyTooLarge) is not fits


def test_a_body_counts_what_was_taken_already() -> None:
    reading = read(POST + b"Transfer-Encoding: chunked\r\n\r\n", limits=Limits(body_bytes=100_000))
    errors = list[str]()
    for _ in range(10):
        reading.feed(b"2800\r\n" + b"x" * 0x2800 + b"\r\n")
        errors.append(str(reading.error))
    assert errors == ["None"] * 9 + ["a request body may have 100000 bytes"]


def test_one_request_uses_up_nothing_of_the_next() -> None:
    body = b"%x\r\n" % 9000 + b"x" * 9000 + b"\r\n0\r\nX: " + b"x" * 7000 + b"\r\n\r\n"
    limits = Limits(body_bytes=10_000, head_bytes=1_000)
    reading = read((POST + b"Transfer-Encoding: chunked\r\n\r\n" + body) * 3 + GET_B, 7, limits)
    assert reading.error is None
    assert [told(each) for each in reading.requests] == ["POST /a body=9000"] * 3 + ["GET /b"]


@pytest.mark.parametrize("step", [1, 8192])
def test_one_byte_chunks_are_no_fault(step: int) -> None:
    body = b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
    reading = read(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body, step)
    assert reading.error is None
    assert told(reading.requests[0]) == "POST /a body=20000"


def test_repeated_fields_are_joined_as_their_kind_wants() -> None:
    reading = read(b"GET /a HTTP/1.1\r\nHost: a\r\nAccept: x\r\nCookie: a=1\r\naccept: y\r\ncookie: b=2\r\n\r\n")
    headers = reading.requests[0].headers
    assert (headers[b"accept"], headers[b"cookie"]) == (b"x, y", b"a=1; b=2")


def test_repeated_fields_are_counted_by_the_request_not_the_connection() -> None:
    reading = read(b"GET /a HTTP/1.1\r\nHost: a\r\nAccept: x\r\nAccept: y\r\n\r\n" * 300)
    assert reading.error is None
    assert len(reading.requests) == 300


@pytest.mark.parametrize("name", [b"X_Isthmus_Tenant", b"x-isthmus_tenant", b"x_isthmus-tenant"])
def test_fields_that_only_look_like_ours_are_dropped(name: bytes) -> None:
    reading = read(b"GET /a HTTP/1.1\r\nHost: a\r\nX-Isthmus-End-User: a\r\nX_Other: a\r\n" + name + b": a\r\n\r\n")
    assert set(reading.requests[0].headers) == {b"host", b"x-isthmus-end-user", b"x_other"}


def test_path_and_query_are_parted_and_the_path_is_canonical() -> None:
    request = read(b"GET /%61/./b?x=%61 HTTP/1.1\r\nHost: a\r\n\r\n").requests[0]
    assert (request.path, request.query) == (b"/a/b", b"x=%61")


@pytest.mark.parametrize(
    "fault",
    [b"GET /a HTTP/1.1\r\n\r\n", POST + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 2000],
    ids=["in a head", "in a body"],
)
def test_nothing_is_read_after_a_fault(fault: bytes) -> None:
    reading = read(fault, limits=Limits(body_bytes=1000))
    assert reading.error is not None
    reading.feed(b"x" * 2095 + b"\r\n0\r\n\r\n" + GET_B)
    assert (reading.reader.phase, reading.requests, reading._body) == (ENDED, [], [])


SEEDS = [case[1] for case in CASES if len(case[1]) < 500]
TOKENS = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b"\t",
    b";",
    b"0",
    b"ff",
    b"chunked",
    b"Host: b\r\n",
    b"%2e",
    b"HTTP/1.0",
]


def damaged(random: Random) -> bytes:
    data = bytearray(random.choice(SEEDS) + random.choice([b"", GET_B]))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0:
                data[at : at + random.randint(1, 4)] = b""
            case 1:
                data[at:at] = random.choice(TOKENS)
            case 2:
                data[at : at + 1] = bytes([random.randrange(256)])
            case _:
                data[at:at] = data[random.randrange(len(data) + 1) :][:20]
    return bytes(data) or b"x"


def outline(data: bytes, step: int) -> tuple[list[str], bool]:
    reading = read(data, step)
    return [told(each) for each in reading.requests], reading.error is not None


@pytest.mark.parametrize("count", [3000, pytest.param(300_000, marks=pytest.mark.long)])
def test_damaged_bytes_raise_only_gateway_errors_and_read_the_same_in_pieces(count: int) -> None:
    random = Random(7)  # a fixed seed: a failure must come again
    for _ in range(count):
        data = damaged(random)
        assert outline(data, 1) == outline(data, len(data)), data
