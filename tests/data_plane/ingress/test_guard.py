"""Requests from bytes: framing attacks, pieces, limits, damaged bytes."""

from random import Random

import pytest

from data_plane.errors import BadRequest, BodyTooLarge, GatewayError, HeadTooLarge
from data_plane.ingress.guard import BETWEEN, ENDED, HEAD, Incoming, Limits, RequestReader
from tests.data_plane.ingress.framing_cases import CASES

POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
GET_B = b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n"


def read(data: bytes, step: int = 1 << 20, limits: Limits | None = None) -> tuple[RequestReader, GatewayError | None]:
    reader = RequestReader(limits or Limits())
    try:
        for start in range(0, len(data), step):
            reader.feed(data[start : start + step])
    except GatewayError as error:
        return reader, error
    return reader, None


def told(incoming: Incoming) -> str:
    request, body = incoming.request, b"".join(incoming.pieces)
    return f"{request.method.decode()} {request.path.decode()}" + (f" body={len(body)}" if body else "")


def verdict(data: bytes, step: int) -> str:
    reader, error = read(data, step)
    refusal = f" !{error.status}" if error else ""
    closed = " closed" if not error and reader.phase is ENDED else ""
    waits = "" if reader.phase in (BETWEEN, ENDED) else f" waits:{reader.phase.name}"
    whole = "; ".join(told(each) for each in reader.incoming if each.complete)
    return (whole + refusal).strip() + closed + waits


@pytest.mark.parametrize(("data", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_framing_is_read_the_same_whole_and_in_pieces(data: bytes, expected: str) -> None:
    assert verdict(data, len(data)) == expected
    assert verdict(data, 1 if len(data) < 3000 else 997) == expected


def test_a_request_is_there_when_its_head_is() -> None:
    reader = RequestReader(Limits())
    reader.feed(POST + b"Content-Length: 5")
    assert (reader.phase, len(reader.incoming)) == (HEAD, 0)
    reader.feed(b"\r\n\r\nab")
    incoming = reader.incoming.popleft()
    assert (incoming.request.length, incoming.request.has_body, incoming.complete) == (5, True, False)
    assert incoming.pieces == [b"ab"]
    incoming.pieces.clear()  # the connection has taken them
    reader.feed(b"cde" + GET_B)
    assert (incoming.pieces, incoming.complete) == ([b"cde"], True)
    assert [told(each) for each in reader.incoming] == ["GET /b"]


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
    reader, _ = read(POST + fields)
    request = reader.incoming[0].request
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
    reader, error = read(b"POST /a HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n")
    assert error is None
    assert reader.incoming[0].wants_continue is waits


def test_trailers_never_become_fields_of_this_or_the_next_request() -> None:
    reader, _ = read(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: evil\r\n\r\n" + GET_B)
    assert [set(each.request.headers) for each in reader.incoming] == [{b"host", b"transfer-encoding"}, {b"host"}]


@pytest.mark.parametrize("step", [1, 1000])
def test_a_declined_upgrade_keeps_its_body_and_the_next_request(step: int) -> None:
    reader, error = read(
        POST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nContent-Length: 34\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" + GET_B,
        step,
    )
    assert error is None
    assert [told(each) for each in reader.incoming] == ["POST /a body=34", "GET /b"]
    assert set(reader.incoming[0].request.headers) == {b"host", b"content-length"}


def test_thousands_of_upgrades_in_one_read_are_declined_one_by_one() -> None:
    reader, error = read(b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" * 3000)
    assert error is None
    assert len(reader.incoming) == 3000


@pytest.mark.parametrize("step", [1, 4096, 1 << 20])
@pytest.mark.parametrize(("size", "fits"), [(10_000, True), (10_001, False)])
def test_a_chunked_body_may_have_the_limit_and_no_more(size: int, fits: bool, step: int) -> None:
    body = b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n"
    reader, error = read(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body, step, Limits(body_bytes=10_000))
    assert reader.incoming[0].complete is fits
    assert isinstance(error, BodyTooLarge) is not fits


def test_a_body_counts_what_was_taken_already() -> None:
    reader = RequestReader(Limits(body_bytes=100_000))
    reader.feed(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(BodyTooLarge, match="100000 bytes"):
        for _ in range(12):
            reader.feed(b"2800\r\n" + b"x" * 0x2800 + b"\r\n")
            reader.incoming[0].pieces.clear()


def test_one_request_uses_up_nothing_of_the_next() -> None:
    body = b"%x\r\n" % 9000 + b"x" * 9000 + b"\r\n0\r\nX: " + b"x" * 7000 + b"\r\n\r\n"
    limits = Limits(body_bytes=10_000, head_bytes=1_000)
    reader, error = read((POST + b"Transfer-Encoding: chunked\r\n\r\n" + body) * 3 + GET_B, 7, limits)
    assert error is None
    assert [told(each) for each in reader.incoming] == ["POST /a body=9000"] * 3 + ["GET /b"]


def test_chunk_framing_is_bounded_by_the_body_that_it_frames() -> None:
    reader = RequestReader(Limits())
    reader.feed(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(BadRequest, match="chunk framing"):
        for _ in range(1000):
            reader.feed(b"1;" + b"e" * 200 + b"\r\nx\r\n")


def test_trailers_are_bounded_however_large_the_body_was() -> None:
    reader = RequestReader(Limits())
    reader.feed(POST + b"Transfer-Encoding: chunked\r\n\r\n80000\r\n" + b"x" * 0x80000 + b"\r\n0\r\n")
    with pytest.raises(BadRequest, match="chunk framing"):
        for count in range(100):
            reader.feed(b"X-%d: %b\r\n" % (count, b"x" * 1000))


@pytest.mark.parametrize(
    "begun", [GET_B[:20], POST + b"Transfer-Encoding: chunked\r\n\r\n"], ids=["amid the head", "before the body"]
)
def test_what_came_in_the_same_read_is_not_counted_for_the_next_request(begun: bytes) -> None:
    whole = POST + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000
    reader = RequestReader(Limits())
    reader.feed(whole + begun)
    reader.feed((GET_B if begun in GET_B else begun + b"0\r\n\r\n")[len(begun) :])
    assert [each.complete for each in reader.incoming] == [True, True]


def test_a_head_that_begins_behind_another_request_is_bounded_all_the_same() -> None:
    reader = RequestReader(Limits())
    reader.feed(GET_B + b"GET /c HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000)
    with pytest.raises(HeadTooLarge):
        reader.feed(b"\r\n\r\n")


@pytest.mark.parametrize("step", [1, 8192])
def test_one_byte_chunks_are_no_fault(step: int) -> None:
    body = b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
    reader, error = read(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body, step)
    assert error is None
    assert told(reader.incoming[0]) == "POST /a body=20000"


def test_repeated_fields_are_joined_as_their_kind_wants() -> None:
    reader, _ = read(b"GET /a HTTP/1.1\r\nHost: a\r\nAccept: x\r\nCookie: a=1\r\naccept: y\r\ncookie: b=2\r\n\r\n")
    headers = reader.incoming[0].request.headers
    assert (headers[b"accept"], headers[b"cookie"]) == (b"x, y", b"a=1; b=2")


def test_repeated_fields_are_counted_by_the_request_not_the_connection() -> None:
    reader, error = read(b"GET /a HTTP/1.1\r\nHost: a\r\nAccept: x\r\nAccept: y\r\n\r\n" * 300)
    assert error is None
    assert len(reader.incoming) == 300


@pytest.mark.parametrize("name", [b"X_Isthmus_Tenant", b"x-isthmus_tenant", b"x_isthmus-tenant"])
def test_fields_that_only_look_like_ours_are_dropped(name: bytes) -> None:
    reader, _ = read(b"GET /a HTTP/1.1\r\nHost: a\r\nX-Isthmus-Request-Id: a\r\nX_Other: a\r\n" + name + b": a\r\n\r\n")
    assert set(reader.incoming[0].request.headers) == {b"host", b"x-isthmus-request-id", b"x_other"}


def test_path_and_query_are_parted_and_the_path_is_canonical() -> None:
    reader, _ = read(b"GET /%61/./b?x=%61 HTTP/1.1\r\nHost: a\r\n\r\n")
    request = reader.incoming[0].request
    assert (request.path, request.query) == (b"/a/b", b"x=%61")


@pytest.mark.parametrize(
    "fault",
    [b"GET /a HTTP/1.1\r\n\r\n", POST + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 2000],
    ids=["the parser stops", "the parser would go on"],
)
def test_nothing_is_read_after_a_fault(fault: bytes) -> None:
    reader, error = read(fault, limits=Limits(body_bytes=1000))
    before = [len(each.pieces) for each in reader.incoming]
    assert error is not None
    reader.feed(b"x" * 2095 + b"\r\n0\r\n\r\n" + GET_B)
    assert reader.phase is ENDED
    assert [len(each.pieces) for each in reader.incoming] == before


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


def reading(data: bytes, step: int) -> tuple[list[str], bool]:
    reader, error = read(data, step)
    return [told(each) for each in reader.incoming if each.complete], error is not None


@pytest.mark.parametrize("count", [3000, pytest.param(300_000, marks=pytest.mark.long)])
def test_damaged_bytes_raise_only_gateway_errors_and_read_the_same_in_pieces(count: int) -> None:
    random = Random(7)  # a fixed seed: a failure must come again
    for _ in range(count):
        data = damaged(random)
        assert reading(data, 1) == reading(data, len(data)), data
