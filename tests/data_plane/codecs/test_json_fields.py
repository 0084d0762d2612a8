"""The top level of a body."""

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from pytest import mark, raises

from data_plane.codecs.json_fields import decode_fields, flag_field, flag_inside, set_inside, text_field
from data_plane.errors import BadRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from([None, 0, 2]), st.booleans())
def test_fields_that_stand_once_are_taken(fields: dict[str, object], indent: int | None, escapes: bool) -> None:
    body = json.dumps(fields, indent=indent, ensure_ascii=escapes).encode(errors="surrogatepass")

    decoded = decode_fields(body)

    assert {name: json.loads(bytes(raw)) for name, raw in decoded.items()} == fields


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=5), st.data())
def test_a_field_that_stands_twice_is_refused(fields: dict[str, object], data: st.DataObject) -> None:
    members = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items()]
    name = data.draw(st.sampled_from(sorted(fields)))
    again = f"{json.dumps(name)}: {json.dumps(data.draw(JSON))}"
    members.insert(data.draw(st.integers(0, len(members))), again)

    with raises(BadRequest):
        decode_fields(("{" + ", ".join(members) + "}").encode())


@mark.parametrize(
    "body",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","m\\u006fdel":"b"}',
        b'{"a":1,"a":12}',
        b'{"a":12,"a":1}',
        b'{"a":1,"b":1,"c":1,"d":1,"a":12 }',  # as long as with spaces after each colon and comma
        b'{"a":{"a":1},"a":{"a":1}}',
        b"[]",
        b"",
        b"{",
        b'{"a":1}}',
        b'{"a":1} x',
        b"\xff",
        b"[" * 100_000,
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_has_two_readings_is_refused(body: bytes) -> None:
    with raises(BadRequest):
        decode_fields(body)


@mark.parametrize("value", [b"1", b"null", b"[]", b"true"])
def test_a_text_field_is_a_string(value: bytes) -> None:
    with raises(BadRequest, match="`model` must be a string"):
        text_field({"model": Raw(value)}, "model")


@mark.parametrize("value, flag", [(b"true", True), (b"false", False), (b"null", False), (None, False)])
def test_a_flag_is_true_or_not(value: bytes | None, flag: bool) -> None:
    assert flag_field({} if value is None else {"stream": Raw(value)}, "stream") is flag


def test_a_flag_of_another_type_is_refused() -> None:
    with raises(BadRequest, match="`stream` must be true or false"):
        flag_field({"stream": Raw(b'"true"')}, "stream")


@mark.parametrize(
    "before, after",
    [
        (None, {"include_usage": True}),
        (b"null", {"include_usage": True}),
        (b'{"x": [1, 2]}', {"x": [1, 2], "include_usage": True}),
        (b'{"include_usage": false}', {"include_usage": True}),
    ],
)
def test_a_key_is_set_inside_a_field(before: bytes | None, after: dict[str, object]) -> None:
    fields = {} if before is None else {"options": Raw(before)}

    set_inside(fields, "options", "include_usage", Raw(b"true"))

    assert json.loads(bytes(fields["options"])) == after
    assert flag_inside(fields, "options", "include_usage")


def test_a_field_that_is_no_object_has_no_inside() -> None:
    with raises(BadRequest, match="`options` must be an object"):
        set_inside({"options": Raw(b"1")}, "options", "a", Raw(b"true"))
