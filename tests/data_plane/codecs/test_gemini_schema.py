"""Schemas of Gemini's and of JSON Schema, made of one another."""

import json
from typing import Any

from msgspec import Raw
from pytest import mark, raises

from data_plane.codecs.gemini_schema import as_json_schema, as_subset, to_json_schema
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses


def raw(value: Any) -> Raw:
    return Raw(json.dumps(value).encode())


def plain(value: object) -> Any:
    return json.loads(bytes(value)) if isinstance(value, Raw) else value


OWN = {
    "types": (
        {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    ),
    "may be null": ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
    "may be null or of a list": (
        {"type": "STRING", "enum": ["a"], "format": "enum", "nullable": True},
        {"type": ["string", "null"], "enum": ["a", None]},
    ),
    "may be null or other": (
        {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True},
        {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
    ),
    "counts as text": (
        {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "1", "maxItems": 3},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
    ),
    "an order": (
        {"type": "OBJECT", "properties": {"a": {}, "b": {}, "c": {}}, "propertyOrdering": ["c", "a", "x"]},
        {"type": "object", "properties": {"c": {}, "a": {}, "b": {}}},
    ),
    "an example": ({"type": "STRING", "example": "x"}, {"type": "string", "examples": ["x"]}),
    "names with underscores": (
        {"any_of": [{"type": "STRING"}], "min_length": "2"},
        {"anyOf": [{"type": "string"}], "minLength": 2},
    ),
    "properties keep their names": (
        {"properties": {"first_name": {"type": "STRING"}, "type": {"type": "STRING"}}},
        {"properties": {"first_name": {"type": "string"}, "type": {"type": "string"}}},
    ),
    "no type": ({"type": "TYPE_UNSPECIFIED", "format": "date-time"}, {"format": "date-time"}),
}


@mark.parametrize(("schema", "wanted"), OWN.values(), ids=OWN)
def test_a_schema_of_geminis_is_json_schema(schema: Any, wanted: Any) -> None:
    found = plain(to_json_schema(raw(schema), "s"))

    assert found == wanted
    assert list(found.get("properties", {})) == list(wanted.get("properties", {}))


def test_json_schema_without_references_stays_byte_for_byte() -> None:
    schema = Raw(b'{ "type" : "object", "additionalProperties": false, "allOf": [], "minimum": 1.50 }')

    assert as_json_schema(schema) is schema


POINT = {"type": "object", "properties": {"x": {"type": "number"}}}
INLINED = {
    "with words beside": (
        {"properties": {"p": {"$ref": "#/$defs/Point", "description": "Where"}}, "$defs": {"Point": POINT}},
        {"properties": {"p": {**POINT, "description": "Where"}}},
    ),
    "in each other": (
        {
            "items": {"$ref": "#/definitions/A"},
            "definitions": {"A": {"items": {"$ref": "#/definitions/B"}}, "B": POINT},
        },
        {"items": {"items": POINT}},
    ),
    "by an odd name": ({"items": {"$ref": "#/$defs/a~1b"}, "$defs": {"a/b": POINT}}, {"items": POINT}),
    "to nowhere": ({"items": {"$ref": "#/$defs/none"}}, {"items": {}}),
    "a property of that name": (
        {"properties": {"$ref": {"type": "string"}}},
        {"properties": {"$ref": {"type": "string"}}},
    ),
}


@mark.parametrize(("schema", "wanted"), INLINED.values(), ids=INLINED)
def test_references_are_unfolded(schema: Any, wanted: Any) -> None:
    assert plain(as_json_schema(raw(schema))) == wanted


TREE = {"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"next": {"$ref": "#/$defs/T"}}}}}
DOUBLE = {"$defs": {f"D{n}": {"anyOf": [{"$ref": f"#/$defs/D{n + 1}"}] * 4} for n in range(12)}, "$ref": "#/$defs/D0"}


@mark.parametrize("schema", [TREE, DOUBLE, {"properties": {"a": {"$ref": "#"}}}], ids=["tree", "many", "itself"])
def test_recursion_is_left_to_newer_models_and_refused_to_older_ones(schema: Any) -> None:
    written = raw(schema)

    assert as_json_schema(written) is written
    with raises(UnmappableFields, match=r"`tools\[0\].parameters` refers to itself"):
        as_subset(written, "tools[0].parameters", Losses())


SUBSET = {
    "types": (
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        [],
    ),
    "may be null": ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}, []),
    "of two types": ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}, []),
    "optional by choice": (
        {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "D"},
        {"type": "INTEGER", "nullable": True, "description": "D"},
        [],
    ),
    "one of": (
        {"oneOf": [{"type": "string"}, {"type": "boolean"}]},
        {"anyOf": [{"type": "STRING"}, {"type": "BOOLEAN"}]},
        [],
    ),
    "a constant": ({"const": "a"}, {"type": "STRING", "enum": ["a"]}, []),
    "numbers to choose from": ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER"}, ["s.enum"]),
    "null to choose": ({"enum": ["a", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}, []),
    "all of one": ({"allOf": [{"type": "string"}]}, {"type": "STRING"}, []),
    "all of two": ({"allOf": [{}, {}]}, {}, ["s.allOf"]),
    "what it does not know": (
        {"type": "object", "patternProperties": {}, "properties": {"a": {"not": {}}}},
        {"type": "OBJECT", "properties": {"a": {}}},
        ["s.patternProperties", "s.properties.a.not"],
    ),
    "formats": (
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "uuid"}]},
        {"anyOf": [{"type": "STRING", "format": "date-time"}, {"type": "STRING"}]},
        ["s.anyOf.format"],
    ),
    "other values allowed": (
        {"type": "object", "additionalProperties": True},
        {"type": "OBJECT"},
        ["s.additionalProperties"],
    ),
    "remarks": (
        {"$schema": "x", "$id": "y", "title": "T", "examples": [1], "default": 1},
        {"title": "T", "default": 1},
        [],
    ),
    "references": (
        {"items": {"$ref": "#/$defs/P"}, "$defs": {"P": POINT}},
        {"items": {"type": "OBJECT", "properties": {"x": {"type": "NUMBER"}}}},
        [],
    ),
}


@mark.parametrize(("schema", "wanted", "lost"), SUBSET.values(), ids=SUBSET)
def test_an_older_model_is_told_what_it_understands(schema: Any, wanted: Any, lost: list[str]) -> None:
    losses = Losses()

    assert as_subset(raw(schema), "s", losses) == wanted
    assert losses.fields == lost


def test_a_schema_that_is_none_is_a_loss() -> None:
    losses = Losses()

    assert as_subset(raw([1]), "s", losses) is None
    assert losses.fields == ["s"]
