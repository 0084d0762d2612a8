"""Documents that replicas could not use are refused where they are written, with the place that is wrong."""

import json
from typing import Any

from pytest import mark, param, raises

from control_plane.admission.validate import parse_document
from control_plane.errors import Invalid

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}
API: dict[str, Any] = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}}}
YAML = """
openapi: 3.0.3
paths:
  /a:
    get:
      responses:
        200: {description: ok}
"""


def policy(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "isthmus.dev/v1",
        "kind": "ValidationPolicy",
        "metadata": {"name": "a"},
        "spec": {"selector": {"kind": "Service"}, **spec},
    }


def error(**spec: Any) -> tuple[str, str]:
    with raises(Invalid) as caught:
        parse_document(policy(**spec))
    (only,) = caught.value.field_errors
    return only.path, only.message


@mark.parametrize(
    "given",
    [SCHEMA, json.dumps(SCHEMA), json.dumps(SCHEMA, indent=2), "type: object\nproperties: {name: {type: string}}"],
)
def test_a_schema_is_an_object_or_its_text_and_is_kept_as_compact_json(given: object) -> None:
    resource = parse_document(policy(requestSchema=given))

    assert resource.spec.request_schema == json.dumps(SCHEMA, separators=(",", ":"))  # type: ignore[attr-defined]


def test_an_openapi_document_may_be_yaml_whose_statuses_are_numbers() -> None:
    resource = parse_document(policy(openapi={"document": YAML}))

    document = json.loads(resource.spec.openapi.document)  # type: ignore[attr-defined]
    assert document["paths"]["/a"]["get"]["responses"] == {"200": {"description": "ok"}}


def test_what_is_read_back_can_be_written_again() -> None:
    kept = parse_document(policy(openapi={"document": API})).spec.openapi.document  # type: ignore[attr-defined]

    assert parse_document(policy(openapi={"document": kept})).spec.openapi.document == kept  # type: ignore[attr-defined]


@mark.parametrize(
    ("schema", "message"),
    [
        param({"type": "wat"}, "at /type: ", id="no type"),
        param({"properties": {"a": {"minimum": "1"}}}, "at /properties/a/minimum: ", id="no number"),
        param({"pattern": "("}, "at /pattern: ", id="no pattern"),
        param({"pattern": "(?=a)b"}, "at /pattern: ", id="looks around"),
        param({"pattern": r"(a)\1"}, "at /pattern: ", id="refers back"),
        param({"pattern": "(a{1,100}){1,1000}"}, "at /pattern: ", id="pattern of many states"),
        param({"pattern": "a" * 1001}, "at /: a pattern must have at most 1000 characters", id="long pattern"),
        param({"$ref": "https://example.com/schema"}, "at /: `$ref` must begin with '#/'", id="remote"),
        param({"$ref": "file:///etc/passwd"}, "at /: `$ref` must begin with '#/'", id="file"),
        param({"items": {"$ref": "other.json#/a"}}, "at /items: `$ref` must begin with '#/'", id="relative"),
        param({"$ref": "#/$defs/a"}, "at /$defs/a: there is nothing at this place", id="dangling"),
        param({"$ref": "#"}, "at /: the schema refers to itself at the same place", id="circle"),
        param({"$schema": "http://json-schema.org/draft-04/schema#"}, "at /: `$schema` must be", id="old dialect"),
        param({"$dynamicRef": "#a"}, "at /: `$dynamicRef` cannot be used", id="dynamic"),
        param({"properties": {"a": 1}}, "at /properties/a: must be a schema", id="no schema"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_its_place(schema: object, message: str) -> None:
    path, said = error(requestSchema=schema)

    assert path == "spec.requestSchema" and said.startswith(message)


@mark.parametrize("given", ["[]", "{ ", "text", "a: [", '{"a":1,"a":2}', "a: 1\na: 2", "{}\n---\n{}", "[" * 100])
def test_a_text_that_is_no_object_is_refused(given: str) -> None:
    message = "must be an object, or the text of one in JSON or YAML"

    assert error(responseSchema=given, responses="Enforce") == ("spec.responseSchema", message)


def test_an_openapi_document_that_cannot_be_used_is_refused_with_its_place() -> None:
    broken = {**API, "paths": {"/a/{id}": API["paths"]["/a"]}}

    path, said = error(openapi={"document": broken})

    assert path == "spec.openapi.document"
    assert said == "at /paths/~1a~1{id}/get: the path has 'id', for which there is no parameter"


def test_a_schema_that_could_run_for_ever_is_refused() -> None:
    branch = {"properties": {"a": {"$ref": "#"}}}

    path, said = error(requestSchema={"anyOf": [branch, branch]})

    assert path == "spec.requestSchema" and "more than 1000 schemas may be tried at one place" in said


@mark.parametrize(
    ("spec", "message"),
    [
        ({}, "nothing is validated"),
        ({"requestSchema": {}, "requests": "Off"}, "nothing is validated"),
        ({"openapi": {"document": API}, "requestSchema": {}}, "leave out `requestSchema`"),
    ],
)
def test_a_policy_that_says_nothing_or_two_things_is_refused(spec: dict[str, Any], message: str) -> None:
    path, said = error(**spec)

    assert path == "spec" and message in said
