"""What schemas a document's roots reach, and how wide they are."""

from collections.abc import Generator
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st
from pytest import mark, raises

from config_schemas.contracts.schema_graph import MAX_COMPILED, MAX_SCHEMAS, Measure, SchemaGraph, Unfit
from config_schemas.contracts.schema_view import take_view

Value = TypeVar("Value")
NODE = {"$ref": "#/$defs/node"}


def done(steps: Generator[None, None, Value]) -> Value:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value


def graph(document: object, *pointers: str) -> SchemaGraph:
    made = SchemaGraph(document)
    for pointer in pointers or ("",):
        done(made.add(pointer))
    return made


def measure(document: object) -> Measure:
    return done(graph(document).measure([""]))[""]


def doubling(levels: int) -> dict[str, Any]:
    """Each level of a body is tried twice as often as the one above."""
    steps = {f"s{n}": {"properties": {"x": {"allOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2}}} for n in range(levels)}
    return {"$ref": "#/$defs/s0", "$defs": {**steps, f"s{levels}": {}}}


@mark.parametrize(
    ("document", "width"),
    [
        ({}, 1),
        ({"allOf": [{}, {}], "not": {}}, 4),
        ({"properties": {"a": {}, "b": {"anyOf": [{}, {}]}}}, 3),
        ({"properties": {"a": {}}, "patternProperties": {"^a": {}, "b": {}}}, 3),
        ({"properties": {"a": {"allOf": [{}, {}]}}, "additionalProperties": {}}, 3),
        ({"items": {}, "contains": {}, "prefixItems": [{}]}, 3),
        ({"properties": {"next": {"$ref": "#"}}}, 2),
        ({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}, 2),
        ({"$ref": "#/$defs/a", "$defs": {"a": {}, "unreached": {"allOf": [{}] * 100}}}, 2),
        (
            {
                "oneOf": [
                    {"properties": {"and": {"items": {"$ref": "#"}}}},
                    {"properties": {"or": {"items": {"$ref": "#"}}}},
                ]
            },
            4,
        ),
        ({"properties": {"properties": {"type": "object"}, "$ref": {}}}, 1),
        ({"enum": [{"$ref": "http://elsewhere"}], "const": {"allOf": 1}, "default": {"$ref": 1}}, 1),
        (doubling(8), 640),
    ],
)
def test_a_width_is_how_many_schemas_are_tried_at_one_place(document: object, width: int) -> None:
    assert measure(document).width == width


@mark.parametrize(
    "document",
    [
        {"anyOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]},
        {"allOf": [{"items": {"$ref": "#"}}, {"contains": {"$ref": "#"}}]},
        {"additionalProperties": {"allOf": [{"$ref": "#"}, {"properties": {"b": {"$ref": "#"}}}]}},
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {"properties": {"x": NODE, "y": NODE}},
                "node": {"if": {"items": NODE}, "then": {"items": NODE}},
            },
        },
        doubling(60),
        {"allOf": [{}] * 1001},
    ],
)
def test_a_schema_that_some_body_makes_run_for_ever_is_unfit(document: object) -> None:
    with raises(Unfit, match="more than 1000 schemas"):
        measure(document)


@mark.parametrize(
    "document",
    [
        {"$ref": "#"},
        {"allOf": [{"anyOf": [{"$ref": "#"}]}]},
        {"not": {"$ref": "#/allOf/0"}, "allOf": [{"$ref": "#/not"}]},
    ],
)
def test_a_schema_that_is_itself_is_unfit(document: object) -> None:
    with raises(Unfit, match="refers to itself at the same place"):
        measure(document)


@mark.parametrize(
    ("document", "pointer"),
    [
        ({"properties": {"a/b": {"items": 1}}}, "/properties/a~1b/items"),
        ({"$ref": "#/$defs/a%20b"}, "/$defs/a b"),
        ({"allOf": [True, "x"]}, "/allOf/1"),
    ],
)
def test_the_place_that_is_wrong_is_named(document: object, pointer: str) -> None:
    made = SchemaGraph(document)
    if pointer == "/properties/a~1b/items":
        document["properties"]["a/b"]["items"] = {"allOf": [1]}  # type: ignore[index]
        pointer += "/allOf/0"
    with raises(Unfit) as caught:
        done(made.add(""))
    assert caught.value.pointer == pointer


def test_too_many_schemas_are_unfit() -> None:
    with raises(Unfit, match=f"more than {MAX_SCHEMAS} schemas"):
        graph({"properties": {f"p{n}": {} for n in range(MAX_SCHEMAS)}})


def test_what_is_compiled_for_all_roots_is_bounded() -> None:
    shared: dict[str, Any] = {f"p{n}": {} for n in range(1000)}
    document = {"shared": {"properties": shared}, **{f"r{n}": {"allOf": [{"$ref": "#/shared"}]} for n in range(110)}}
    made = graph(document, *(f"/r{n}" for n in range(110)))

    done(made.measure(["/r0", "/r1"]))
    with raises(Unfit, match=f"more than {MAX_COMPILED} schemas are compiled"):
        done(made.measure([f"/r{n}" for n in range(110)]))


@mark.parametrize(
    ("pattern", "fits", "too_many"),
    [
        ("^[a-z]+$", 19_000, None),
        (r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[)({]$", 19_000, None),
        ("^[a-z]{1,1000}$", 1_800, 1_850),
        (r"(a|\w{1,100}){1,100}", 190, 200),
        ("((a{1,100}){1,100}){1,100}", 1, 2),
        ("(((a{1,100}){1,100}){1,100}){1,100}", None, 1),
        ("((((((((a{1,9999}){1,9999}){1,9999}){1,9999}){1,9999}){1,9999}){1,9999})", None, 1),
        ("{(]){5}[", 19_000, None),
    ],
)
def test_patterns_are_bounded_by_what_they_are_written_out(
    pattern: str, fits: int | None, too_many: int | None
) -> None:
    if fits is not None:
        measure({"properties": {f"p{n}": {"pattern": pattern} for n in range(fits)}})
    if too_many is not None:
        with raises(Unfit, match="too many or too large patterns"):
            measure({"properties": {f"p{n}": {"pattern": pattern} for n in range(too_many)}})


@mark.parametrize(
    ("document", "expected"),
    [({"items": {"oneOf": [{}]}}, True), ({"allOf": [{"not": {}}], "$defs": {"a": {"anyOf": [{}]}}}, False)],
)
def test_it_is_known_whether_there_are_alternatives(document: object, expected: bool) -> None:
    assert measure(document).has_alternatives is expected


def test_objects_to_compare_with_are_bounded() -> None:
    measure({"enum": list(range(10_000))})
    with raises(Unfit, match="at most 64 objects and lists"):
        measure({"enum": [{"a": n} for n in range(65)]})


def test_what_only_refers_is_what_it_refers_to() -> None:
    made = graph(
        {"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {}, "d": {"$ref": "#/c", "type": "object"}}, "/a", "/d"
    )

    assert [made.resolved(each) for each in ("/a", "/b", "/c", "/d")] == ["/c", "/c", "/c", "/d"]


def test_deep_documents_are_unfit_and_do_not_break_the_walk() -> None:
    document: dict[str, Any] = {}
    for _ in range(5000):
        document = {"not": document}
    with raises(Unfit, match="nested more than"):
        graph(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["$ref", "allOf", "properties", "items", "not", "type", "required", "nullable", "$defs", "a"]
            ),
            inner | st.just("#/properties/a"),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_breaks_the_walk(document: object) -> None:
    try:
        made = graph(document)
        assert done(made.measure([""]))[""].width >= 1
        done(take_view(made, "requests", has_nullable=True))
    except Unfit as error:
        assert str(error)


def test_each_direction_drops_what_is_not_required_of_it() -> None:
    def document() -> dict[str, Any]:
        return {
            "required": ["id", "secret", "name"],
            "properties": {"id": {"readOnly": True}, "secret": {"$ref": "#/$defs/secret"}, "name": {}},
            "$defs": {"secret": {"writeOnly": True}},
        }

    requests, responses = document(), document()
    done(take_view(graph(requests), "requests", has_nullable=False))
    done(take_view(graph(responses), "responses", has_nullable=False))

    assert requests["required"] == ["secret", "name"]
    assert responses["required"] == ["id", "name"]


def test_null_is_said_as_json_schema_says_it() -> None:
    document = {
        "type": "string",
        "nullable": True,
        "enum": ["a"],
        "properties": {"b": {"nullable": False, "type": "string"}},
    }

    done(take_view(graph(document), "requests", has_nullable=True))

    assert document == {"type": ["string", "null"], "enum": ["a", None], "properties": {"b": {"type": "string"}}}
