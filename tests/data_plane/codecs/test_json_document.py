"""All of a body."""

import contextlib
import json
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from pytest import mark, param, raises

from data_plane.codecs.json_document import MAX_DEPTH, count_values, decode_document
from data_plane.codecs.json_fields import MAX_FIELDS, decode_fields
from data_plane.errors import BadRequest, BodyTooLarge
from tests.data_plane.codecs.json_cases import AMBIGUOUS, BODIES, INVALID, NO_OBJECTS, VALID

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
Reader = Callable[[bytes], object]
READERS = mark.parametrize("read", [decode_fields, decode_document], ids=["fields", "document"])


def in_field(value: bytes) -> bytes:
    return b'{"model":"m","value":' + value + b"}"


def cases(*tables: dict[str, bytes]) -> list[object]:
    return [param(value, id=name) for table in tables for name, value in table.items()]


@READERS
@mark.parametrize("value", cases(VALID))
def test_what_json_allows_is_taken(read: Reader, value: bytes) -> None:
    assert read(in_field(value))


@READERS
@mark.parametrize("value", cases(INVALID))
def test_what_is_no_json_is_refused(read: Reader, value: bytes) -> None:
    with raises(BadRequest):
        read(in_field(value))


@READERS
@mark.parametrize("body", cases(BODIES))
def test_a_body_that_is_no_json_is_refused(read: Reader, body: bytes) -> None:
    with raises(BadRequest):
        read(body)


@mark.parametrize("body", cases(NO_OBJECTS))
def test_a_body_that_is_no_object_has_no_fields(body: bytes) -> None:
    decode_document(body)
    with raises(BadRequest):
        decode_fields(body)


@mark.parametrize("value", cases(AMBIGUOUS))
def test_what_has_two_readings_inside_is_refused_where_all_is_read(value: bytes) -> None:
    decode_fields(in_field(value))
    with raises(BadRequest):
        decode_document(in_field(value))


@given(JSON)
def test_any_value_is_read_as_it_was_written(value: object) -> None:
    assert decode_document(json.dumps(value).encode()) == value


def test_more_values_than_allowed_are_refused_before_they_are_read() -> None:
    assert count_values(b'[1,{"a":2}]') == 4
    with raises(BodyTooLarge, match="no more than 250000 values"):
        decode_document(b"[" + b"1," * 250_000)


def test_the_depth_that_is_allowed_is_read() -> None:
    decode_document(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with raises(BadRequest):
        decode_document(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@mark.parametrize(
    "body, name",
    [
        (b'{"model":"a","model":"b"}', "model"),
        (b'{"a":1,"a":1,"b":1}', "a"),
        (b'{"a":1,"b":2,"a":1}', "a"),
        (b'{"a":1,"b":2,"a":3}', "a"),
        (b'{"a":1, "m\\u006fdel":2,"model":2}', "model"),
        (b'{"' + b"x" * 500 + b'":1,"' + b"x" * 500 + b'":1}', "x" * 64),
    ],
)
def test_the_name_that_stands_twice_is_told(body: bytes, name: str) -> None:
    with raises(BadRequest, match=f"`{name}` stands twice"):
        decode_fields(body)


@mark.parametrize("at", [0, 65_535, 65_536, 65_537, 200_000])
def test_the_place_that_is_not_utf8_is_told(at: int) -> None:
    text = b'{"a":"' + b"x" * at
    with raises(BadRequest, match=f"not UTF-8 at byte {at + 6}"):
        decode_fields(text + b"\xff" + b"y" * 300 + b'"}')


@mark.parametrize("offset", range(4))
def test_characters_that_lie_across_slices_are_read(offset: int) -> None:
    text = "x" * offset + "\u20ac" * 50_000

    assert json.loads(bytes(decode_fields(json.dumps({"a": text}, ensure_ascii=False).encode())["a"])) == text


def test_more_fields_than_any_api_has_are_refused_at_once() -> None:
    body = json.dumps({f"k{number}": number for number in range(MAX_FIELDS + 1)}).encode()
    with raises(BadRequest, match="more than 1024 fields"):
        decode_fields(body)


def test_a_large_body_cannot_have_millions_of_fields() -> None:
    started = time.thread_time()
    with raises(BodyTooLarge, match="no more than 250000 colons"):
        decode_fields(b"{" + b",".join([b'"a%d":0' % number for number in range(300_000)]) + b"}")
    assert time.thread_time() - started < 0.3

    decode_fields(b'{"a":"' + b"x:" * 240_000 + b"x" * 2_000_000 + b'"}')


@mark.parametrize(
    "body",
    [
        json.dumps({f"k{number}": number for number in range(200_000)}).encode(),
        json.dumps({"messages": [{"role": "user", "content": "x"}] * 100_000}).encode(),
        b'{"a":' + b"9" * 100_000 + b"}",
        b"{" + b",".join([b'"a":1'] * 200_000) + b"}",
        b'{"a":"' + b"\\u0041" * 300_000 + b'"}',
    ],
    ids=["200k keys", "100k messages", "100k digits", "one key 200k times", "300k escapes"],
)
@READERS
def test_large_bodies_take_bounded_time(read: Reader, body: bytes) -> None:
    best = 1.0
    for _ in range(3):  # the machine does other things, too
        started = time.thread_time()
        with contextlib.suppress(BadRequest, BodyTooLarge):
            read(body)
        best = min(best, time.thread_time() - started)

    assert best < 0.5
