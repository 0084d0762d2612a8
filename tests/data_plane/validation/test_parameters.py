"""Parameters as values."""

from typing import Any

from pytest import mark, raises

from config_schemas.contracts.openapi import Parameter, Place
from config_schemas.contracts.schema_graph import Measure, SchemaGraph
from data_plane.errors import BadRequest
from data_plane.validation.checker import Checker, compiler
from data_plane.validation.parameters import (
    CompiledParameter,
    Fields,
    cookie_fields,
    decoded,
    query_fields,
    shape_of,
)
from tests.fakes.contracts import done

INTEGERS = {"type": "array", "items": {"type": "integer"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "on": {"type": "boolean"}}, "required": ["x"]}


def parameter(schema: Any, style: str = "form", explodes: bool = True, **more: Any) -> CompiledParameter:
    document = {"schema": schema, "$defs": {"n": {"type": "integer"}}}
    graph = SchemaGraph(document)
    done(graph.add("/schema"))
    place: Place = more.pop("place", "query")
    said = Parameter(place, "p", more.pop("required", False), style, explodes, "/schema", more.pop("is_json", False))
    checker = Checker(compiler(document, is_draft_4=False)("/schema"), Measure(1, False))
    return CompiledParameter(said, shape_of(graph, "/schema"), checker)


def details(compiled: CompiledParameter, fields: Fields) -> list[str]:
    return [each.detail for each in compiled.violations(fields)]


@mark.parametrize(
    ("schema", "style", "explodes", "query"),
    [
        ({"type": "integer"}, "form", True, b"p=-7"),
        ({"type": "number"}, "form", True, b"p=1.5e3"),
        ({"type": "number"}, "form", True, b"p=7"),
        ({"type": "boolean"}, "form", True, b"p=true"),
        ({"type": "string"}, "form", True, b"p=7"),
        ({"type": "string"}, "form", True, b"p="),
        ({"type": ["integer", "null"]}, "form", True, b"p="),
        ({"type": "string", "pattern": "^a b\\+$"}, "form", True, b"p=a+b%2B"),
        ({"$ref": "#/$defs/n"}, "form", True, b"p=7"),
        ({"anyOf": [{"type": "boolean"}, {"type": "integer"}]}, "form", True, b"p=7"),
        ({}, "form", True, b"p=anything"),
        (INTEGERS, "form", True, b"p=1&p=2"),
        (INTEGERS, "form", False, b"p=1,2"),
        (INTEGERS, "spaceDelimited", False, b"p=1%202"),
        (INTEGERS, "pipeDelimited", False, b"p=1|2"),
        ({**INTEGERS, "maxItems": 0}, "form", False, b"p="),
        (POINT, "form", True, b"x=1&on=true"),
        (POINT, "form", False, b"p=x,1,on,false"),
        (POINT, "deepObject", True, b"p[x]=1&p%5Bon%5D=true"),
    ],
)
def test_a_text_is_read_as_its_schema_and_style_have_it(schema: Any, style: str, explodes: bool, query: bytes) -> None:
    schema = {**schema, "not": {"type": "string"}} if "type" in schema and schema["type"] != "string" else schema

    assert details(parameter(schema, style, explodes, required=True), query_fields(query)) == []


@mark.parametrize(
    ("schema", "query", "detail"),
    [
        ({"type": "integer"}, b"p=1.5", 'the value is not of type "integer"'),
        ({"type": "integer"}, b"p=01", 'the value is not of type "integer"'),
        ({"type": "integer"}, b"p=%D9%A1", 'the value is not of type "integer"'),
        ({"type": "integer"}, b"p=" + b"9" * 5000, 'the value is not of type "integer"'),
        ({"type": "number"}, b"p=1e999", 'the value is not of type "number"'),
        ({"type": "number"}, b"p=NaN", 'the value is not of type "number"'),
        ({"type": "boolean"}, b"p=True", 'the value is not of type "boolean"'),
        ({"type": "integer"}, b"p=1&p=2", "stands more than once"),
        (INTEGERS, b"p=1&p=x", 'the value is not of type "integer"'),
        (POINT, b"on=true", '"x" is a required property'),
        (POINT, b"x=a", 'the value is not of type "integer"'),
        ({"type": "integer"}, b"q=1", "is required"),
        ({"type": "integer"}, b"", "is required"),
    ],
)
def test_what_does_not_fit_is_told_without_its_value(schema: Any, query: bytes, detail: str) -> None:
    assert details(parameter(schema, required=True), query_fields(query)) == [detail]


def test_a_parameter_may_be_json() -> None:
    compiled = parameter(POINT, is_json=True)

    assert details(compiled, {"p": ['{"x":1}']}) == []
    assert details(compiled, {"p": ['{"x":"1"}']}) == ['the value is not of type "integer"']
    assert "one reading" in details(compiled, {"p": ['{"x":1,"x":2}']})[0]
    assert "one reading" in details(compiled, {"p": ["{"]})[0]


@mark.parametrize(("explodes", "text"), [(False, "x,1,on,true"), (True, "x=1, on=true")])
def test_headers_are_lists_with_commas(explodes: bool, text: str) -> None:
    assert details(parameter(POINT, "simple", explodes, place="header"), {"p": [text]}) == []
    assert details(parameter(INTEGERS, "simple", explodes, place="header"), {"p": ["1, 2,3"]}) == []


def test_cookies_have_fields_too() -> None:
    assert cookie_fields(b"a=1; b=2&c+d;;e") == {"a": ["1"], "b": ["2&c+d"], "e": [""]}
    assert cookie_fields(None) == {}


@mark.parametrize("query", [b"p=%ff", b"%ff=1", b"&".join([b"a=1"] * 300)])
def test_a_query_that_cannot_be_read_is_refused(query: bytes) -> None:
    with raises(BadRequest):
        query_fields(query)


def test_a_path_that_is_not_utf8_is_refused() -> None:
    assert decoded(b"a%20%e2%82%ac") == "a \u20ac"
    with raises(BadRequest):
        decoded(b"%ff")
