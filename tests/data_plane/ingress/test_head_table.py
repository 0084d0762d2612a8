"""Heads that come again: read as the parser would have read them, and forgotten in time."""

from itertools import pairwise
from random import Random

import pytest

from data_plane.deadlines import Deadlines
from data_plane.exchange import Request
from data_plane.ingress import head_table
from data_plane.ingress.bounds import Limits
from data_plane.ingress.guard import PATIENCE
from data_plane.ingress.head_table import HeadTable, Parts, parts_of
from tests.data_plane.ingress.framing_cases import CASES
from tests.data_plane.ingress.test_guard import GET_B, Reading, read, verdict
from tests.fakes.front import Clock

POST = b"POST /v1/chat?x=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: 3\r\n\r\nabc"
SHORT = Limits(body_bytes=2000)


class NoTable(HeadTable):
    """Knows nothing, so that the parser reads every head."""

    def __init__(self) -> None:
        super().__init__(Deadlines(), 1)

    def learn(self, parts: Parts, request: Request) -> None:
        pass


def table(size: int = head_table.MAX_HEADS, clock: Clock | None = None) -> HeadTable:
    return HeadTable(Deadlines(clock or Clock()), size)


def known(heads: HeadTable, data: bytes) -> bool:
    """Whether the first request of the data comes from the table."""
    reading = read(data, heads=heads)
    assert reading.error is None
    return reading.requests[0].memo is not None


def seen(request: Request) -> tuple[object, ...]:
    return (
        request.method,
        request.path,
        request.query,
        request.headers,
        request.keep_alive,
        request.is_http_1_0,
        request.has_body,
        request.length,
        request.body,
    )


def test_a_head_is_known_from_its_third_time_on_whatever_the_length_of_the_body() -> None:
    heads = table()
    assert [known(heads, POST) for _ in range(3)] == [False, False, True]
    longer = POST.replace(b": 3\r\n\r\nabc", b": 10\r\n\r\n0123456789")
    first, second = (read(data, heads=heads).requests[0] for data in (POST, longer))
    assert first.memo is second.memo is not None
    assert [(each.length, each.body) for each in (first, second)] == [(3, b"abc"), (10, b"0123456789")]
    assert not known(heads, POST.replace(b"Bearer k", b"Bearer K"))


def test_what_a_client_expected_before_says_nothing_of_a_known_head() -> None:
    heads = table()
    expecting = POST.replace(b"Host", b"Expect: 100-continue\r\nHost")
    reading = read(POST + POST + expecting + POST, heads=heads)
    assert (reading.requests[3].memo is not None, reading.expecting) == (True, [False, False, True, False])


@pytest.mark.parametrize(
    "rare",
    [
        GET_B.replace(b"1.1", b"1.0"),
        GET_B.replace(b"Host", b"Connection: close\r\nHost"),
        GET_B.replace(b"Host", b"X: " + b"x" * 4096 + b"\r\nHost"),
        *(
            POST.replace(b"Host", field + b"\r\nHost")
            for field in (
                b"Expect: 100-continue",
                b"Upgrade: h2c\r\nConnection: upgrade",
                b"X-Isthmus-Request-Id: 12345678",
                b"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )
        ),
        POST.replace(b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
def test_rare_heads_are_never_known(rare: bytes) -> None:
    heads = table()
    assert not any(known(heads, rare) for _ in range(4))


@pytest.mark.parametrize(
    "digits",
    [
        b"",
        b"+3",
        b"-3",
        b"0x3",
        b"3 ",
        b" 3",
        b"3,3",
        b"3\t",
        b"\xd9\xa3",
        b"2001",
        b"1234567890",
        b"18446744073709551619",
        b"3\r",
        b"3\n",
    ],
)
def test_other_digits_are_judged_as_the_parser_judges_them(digits: bytes) -> None:
    heads = table()
    for _ in range(3):
        assert not known(heads, POST) or heads.slots[0].is_used
    data = POST.replace(b": 3\r\n", b": " + digits + b"\r\n") + GET_B
    outcomes = [read(data, limits=SHORT, heads=each) for each in (heads, NoTable())]
    assert [seen(each) for each in outcomes[0].requests] == [seen(each) for each in outcomes[1].requests]
    assert str(outcomes[0].error) == str(outcomes[1].error)


@pytest.mark.parametrize(("data", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_framing_is_read_the_same_by_a_table_that_knows(data: bytes, expected: str) -> None:
    heads = table()
    for _ in range(3):
        assert verdict(GET_B, 1000, heads) == "GET /b"
        assert verdict(data, len(data), heads) == expected


HEADS = [
    b"POST /v1/chat HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: %b\r\nAccept: x\r\n\r\n",
    b"POST /v1/chat HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer l\r\nContent-Length: %b\r\nAccept: x\r\n\r\n",
    b"POST /v1/chat HTTP/1.1\r\nHost: a\r\ncontent-length:%b\r\n\r\n",
    b"POST /y HTTP/1.1\r\nHost: a\r\nCONTENT-LENGTH: %b\r\n\r\n",
    b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length:  %b\r\n\r\n",
    b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: %b \r\n\r\n",
    b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000%b\r\n\r\n",
    b"PUT /%%61 HTTP/1.1\r\ncontent-length: %b\r\nHost: a\r\nAccept: x\r\nAccept: y\r\n\r\n",
    b"GET /models?%b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: content-length: 3\r\n\r\n%.0b",
    b"GET /%.0b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST /x%.0b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %b\r\nContent-Length: 3\r\n\r\n",
    b"\r\nGET /b%.0b HTTP/1.1\r\nHost: a\r\n\r\n",
]
DIGITS = [b"0", b"3", b"03", b"40", b"300", b"0000000003", b"99999", b"+3", b""]


def message(random: Random) -> bytes:
    digits = random.choice(DIGITS[:5] if random.random() < 0.9 else DIGITS)
    number = int(digits) if digits.isdigit() else 3
    head = random.choices(HEADS, [9, 9, 9, 2, 2, 2, 2, 9, 9, 9, 1, 4, 1, 2])[0] % digits
    body = b"b" * min(number, 400) if b"ength:" in head.lower() and not head.startswith(b"GET") else b""
    data = bytearray(head + body)
    if random.random() < 0.04:
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def cuts(random: Random, size: int) -> list[int]:
    if random.random() < 0.2:
        return list(range(size + 1))
    return [0, *sorted(random.randrange(size) for _ in range(random.randrange(8))), size]


@pytest.mark.parametrize("count", [1000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_reader_with_a_table_reads_what_one_without_reads(count: int) -> None:
    random = Random(11)  # a fixed seed: a failure must come again
    heads, hits = table(size=8), 0  # small, so that heads make room for each other
    for _ in range(count):
        data = b"".join(message(random) for _ in range(random.randint(1, 12)))
        ends = cuts(random, len(data))
        with_table, without = Reading(SHORT, heads), Reading(SHORT, NoTable())
        for start, end in pairwise(ends):
            for each in (with_table, without):
                each.feed(data[start:end])
            assert with_table.reader.phase is without.reader.phase, data
        assert [seen(each) for each in with_table.requests] == [seen(each) for each in without.requests], data
        assert (type(with_table.error), str(with_table.error)) == (type(without.error), str(without.error)), data
        hits += sum(each.memo is not None for each in with_table.requests)
    assert hits > count  # else nothing was shown


def test_heads_make_room_for_others_but_not_for_those_that_come_once() -> None:
    heads = table(size=4)
    names = [b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(40)]
    for data in names[:4] * 2:
        read(data, heads=heads)
    for data in names[4:]:
        read(data, heads=heads)
    assert all(known(heads, data) for data in names[:4])
    for data in names[4:10] * 2:
        read(data, heads=heads)
    assert sum(each is not head_table.NOTHING for each in heads.slots) == 4 == len(heads._index)
    assert known(heads, names[9])


def test_a_head_in_use_outlives_one_that_is_not() -> None:
    heads = table(size=2)
    used, unused = (b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(2))
    for data in (unused, unused, used, used):
        read(data, heads=heads)
    for number in range(2, 6):
        assert known(heads, used)
        for _ in range(2):
            read(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, heads=heads)
    assert not known(heads, unused)


def test_a_head_that_is_not_used_is_forgotten_in_two_minutes_with_all_it_holds() -> None:
    clock = Clock()
    deadlines = Deadlines(clock)
    heads = HeadTable(deadlines)
    for _ in range(2):
        read(POST, heads=heads)
        read(GET_B, heads=heads)
    for _ in range(12):
        clock.now += 10
        deadlines.sweep()
        assert known(heads, GET_B)
    clock.now += 10
    deadlines.sweep()
    assert list(heads._index) == [parts_of(GET_B)]
    assert not any(b"Bearer" in each.before for each in heads.slots)


def test_a_client_that_never_repeats_itself_is_looked_up_now_and_then_only() -> None:
    heads = table()
    data = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(1000))
    assert len(read(data, heads=heads).requests) == 1000
    assert PATIENCE < len(heads._seen) < PATIENCE + 20


def test_what_heads_were_seen_is_bounded() -> None:
    heads = table()
    for number in range(head_table.MAX_SIGHTINGS + 10):
        read(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, heads=heads)
    assert len(heads._seen) == 10
