"""Vectors in both forms: what is none is refused, and no number changes on its way."""

import json
import math
import struct
from base64 import b64decode, b64encode

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from pytest import mark, param, raises

from data_plane.codecs.json_reader import Unreadable
from data_plane.codecs.vector import decode_numbers, decode_vector, encode_base64, encode_numbers
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import Vector

FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50)


def base64_of(values: list[float]) -> str:
    return b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


@given(FLOATS)
def test_floats_come_out_of_both_forms_bit_by_bit(values: list[float]) -> None:
    wanted = struct.pack(f"<{len(values)}f", *values)
    numbers = decode_vector(Raw(json.dumps(values).encode()), "v")
    data = decode_vector(Raw(json.dumps(base64_of(values)).encode()), "v")

    assert b64decode(encode_base64(numbers)) == b64decode(encode_base64(data)) == wanted
    assert struct.pack(f"<{len(values)}f", *json.loads(bytes(encode_numbers(data)))) == wanted


@mark.parametrize("written", [b"[0.10,1e-7, 2E+3,\n-0]", b"[ 1 ]", b"[0.1234567890123456789]"])
def test_numbers_are_told_as_they_were_written(written: bytes) -> None:
    assert bytes(encode_numbers(decode_vector(Raw(written), "v"))) == written


@mark.parametrize(
    "written",
    [
        param(b"[]", id="empty"),
        param(b"[ ]", id="empty with a space"),
        param(b"[[1]]", id="of arrays"),
        param(b"[1,null]", id="null in it"),
        param(b"[1,true]", id="true in it"),
        param(b'[1,"2"]', id="a string in it"),
        param(b"[1,{}]", id="an object in it"),
        param(b"{}", id="object"),
        param(b"1", id="number"),
        param(b"true", id="flag"),
        param(b'""', id="no bytes"),
        param(b'"AAAA"', id="no whole float"),
        param(b'"*AAAAAA="', id="no base64"),
        param(json.dumps(base64_of([1.0, math.nan])).encode(), id="no number"),
        param(json.dumps(base64_of([1.0, math.inf])).encode(), id="infinite"),
    ],
)
def test_what_is_no_vector_is_refused(written: bytes) -> None:
    with raises(Unreadable, match=r"`data\.x` must be"):
        decode_vector(Raw(written), "data.x")


@mark.parametrize("raw", [None, Raw(b'"AACAPw=="')])
def test_some_apis_have_numbers_only(raw: Raw | None) -> None:
    with raises(Unreadable, match="array of numbers"):
        decode_numbers(raw, "v")


@mark.parametrize("written", [b"[1e39]", b"[-1e300]", b"[1e999]"])
def test_a_number_beyond_32_bit_floats_is_an_error_where_bytes_are_wanted(written: bytes) -> None:
    with raises(InvalidUpstreamResponse):
        encode_base64(Vector(numbers=Raw(written)))
