"""Fields of a query, in every spelling."""

from pytest import mark

from data_plane.codecs.query_fields import encode_field, joined, values_of, without


@mark.parametrize(
    "query, values",
    [
        (b"", []),
        (b"a", [b""]),
        (b"a=1&b=2&a=", [b"1", b""]),
        (b"%61=%31&A=2&aa=3", [b"1"]),
        (b"a=1+2%2b", [b"1 2+"]),
        (b"a=%zz=", [b"%zz="]),
    ],
)
def test_values_by_decoded_name(query: bytes, values: list[bytes]) -> None:
    assert values_of(query, b"a") == values


@mark.parametrize(
    "query, rest",
    [(b"", b""), (b"a=1", b""), (b"%61=1&b=%62", b"b=%62"), (b"b&&c=+", b"b&&c=+"), (b"b=1&a=2&b=3", b"b=1&b=3")],
)
def test_what_is_not_named_stays_as_it_was_sent(query: bytes, rest: bytes) -> None:
    assert without(query, (b"a",)) == rest


@mark.parametrize("query, fields, whole", [(b"", b"", b""), (b"a", b"", b"a"), (b"", b"b", b"b"), (b"a", b"b", b"a&b")])
def test_fields_are_added_at_the_end(query: bytes, fields: bytes, whole: bytes) -> None:
    assert joined(query, fields) == whole


def test_a_value_that_is_written_is_read_back() -> None:
    assert values_of(encode_field("a", "1&b=2 +é"), b"a") == ["1&b=2 +é".encode()]
