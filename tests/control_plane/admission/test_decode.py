"""Documents from JSON and YAML."""

import pytest

from control_plane.admission.decode import parse_documents, parse_object
from control_plane.errors import Malformed, TooLarge

JSON, YAML = "application/json", "application/yaml; charset=utf-8"
BOMB = "a0: &a0 [lol, lol]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "content_type", "documents"),
    [
        ('{"a": 1}', JSON, [{"a": 1}]),
        ('\ufeff[{"a": 1}, {"b": 2.5}]', JSON, [{"a": 1}, {"b": 2.5}]),
        ("a: 1\n---\n---\nb: {c: [x, 'y']}\n", YAML, [{"a": 1}, {"b": {"c": ["x", "y"]}}]),
        ("a: &x {b: 1}\nc: *x\n", YAML, [{"a": {"b": 1}, "c": {"b": 1}}]),
        ("- {a: 1}\n- {b: 2}\n", YAML, [{"a": 1}, {"b": 2}]),
        ("a: on\nb: 2026-01-01\nc: 012\nd: ~\ne: '7'\nf: 1e3\n", YAML,
         [{"a": "on", "b": "2026-01-01", "c": "012", "d": None, "e": "7", "f": 1000.0}]),
        ("1: x\ntrue: !!str 5\n", YAML, [{"1": "x", "true": "5"}]),
        ("", YAML, []),
    ],
)  # fmt: skip
def test_documents_are_plain_data(text: str, content_type: str, documents: list[object]) -> None:
    assert parse_documents(text.encode(), content_type) == documents


@pytest.mark.parametrize(
    ("text", "content_type", "message"),
    [
        ('{"a":', JSON, "line 1, column 6"),
        ('{"a": 1, "a": 2}', JSON, "'a' is there twice"),
        ('{"a": {"b": 1, "b": 2}}', JSON, "'b' is there twice"),
        ('{"a": NaN}', JSON, "'NaN' is not a number"),
        ('{"a": -Infinity}', JSON, "'-Infinity' is not a number"),
        ('{"a": 1e999}', JSON, "too large"),
        ('{"a": ' + "1" * 5000 + "}", JSON, "too many digits"),
        ('{"a": "\\ud800"}', JSON, "JSON cannot have"),
        ("[1]", JSON, "document 1 must be an object"),
        ('"text"', JSON, "document 1 must be an object"),
        ("[" * 100_000, JSON, "64 levels"),
        ('{"a":' * 70 + "1" + "}" * 70, JSON, "64 levels"),
        ("\xff", "application/json", "must be an object|not JSON"),
        ("a: [", YAML, "line 2"),
        ("a: 1\na: 2\n", YAML, "'a' is there twice in one object in line 2"),
        ("a: !!python/object/apply:os.system [x]\n", YAML, "tag .* is not taken in line 1"),
        ("a: !custom x\n", YAML, "tag '!custom' is not taken"),
        ("a: !!binary aGk=\n", YAML, "tag .* is not taken"),
        ("a: .inf\n", YAML, "not a number"),
        ("a: .NaN\n", YAML, "not a number"),
        ("b: &b {x: 1}\na:\n  <<: *b\n", YAML, "merge keys"),
        ("a: *nothing\n", YAML, "no anchor before it"),
        ("a: &a [*a]\n", YAML, "no anchor before it"),
        ("{a: 1}: b\n", YAML, "a key must be text"),
        ("a: " + "[" * 5000, YAML, "64 levels"),
        ("a: \x00\n", YAML, "not YAML"),
        ("just text\n", YAML, "document 1 must be an object"),
        ("{}", "text/html", "send 'application/json' or 'application/yaml'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, content_type: str, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        parse_documents(text.encode(), content_type)


@pytest.mark.parametrize(
    ("data", "content_type", "message"),
    [
        (BOMB.encode(), YAML, "repeat too much"),
        (b"a: &a 1\nb: [" + b"*a," * 300 + b"]", YAML, "256 aliases"),
        (b"a: &a " + b"x" * 900_000 + b"\nb: [" + b"*a," * 100 + b"]", YAML, "repeat too much"),
        (b'{"a": "' + b"x" * 2 * MIB + b'"}', JSON, "1048576"),
        (b"a: " + b"x" * 2 * MIB, YAML, "1048576"),
        (b"b: 1\n---\na: " + b"x" * 2 * MIB, YAML, "1048576"),
        (b" " * 5 * MIB, YAML, "4194304"),
        (b"---\na: 1\n" * 1001, YAML, "1000"),
        (b"[" + b",".join([b"{}"] * 1001) + b"]", JSON, "1000"),
    ],
    ids=["bomb", "aliases", "large alias", "JSON", "YAML", "second", "request", "documents", "list"],
)
def test_what_is_too_large_is_refused(data: bytes, content_type: str, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        parse_documents(data, content_type)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Malformed, match="byte 1 is not UTF-8"):
        parse_documents(b"a\xff", YAML)


@pytest.mark.parametrize("text", ["", "a: 1\n---\nb: 1\n"])
def test_where_one_document_is_expected_there_is_one(text: str) -> None:
    with pytest.raises(Malformed, match="exactly one document"):
        parse_object(text.encode(), YAML)
