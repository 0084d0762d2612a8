"""What is read of OpenAPI documents."""

import copy
from collections.abc import Callable
from typing import Any

from pytest import mark, raises

from config_schemas.contracts.openapi import Body, OpenApi, Parameter, read_openapi
from config_schemas.contracts.schema_graph import Unfit

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://api.example/{version}/", "variables": {"version": {"default": "v2"}}}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}, {"in": "query", "name": "q", "schema": {}}],
            "get": {
                "parameters": [{"in": "query", "name": "q", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"$ref": "#/components/responses/Pet"}, "4XX": {}, "default": {}},
            },
            "put": {"requestBody": {"$ref": "#/components/requestBodies/Pet"}},
        }
    },
    "components": {
        "parameters": {"Id": {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}},
        "responses": {
            "Pet": {"content": {"application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
        },
        "requestBodies": {
            "Pet": {
                "required": True,
                "content": {"application/JSON": {"schema": {}}, "image/png": {"schema": {}}, "text/plain": {}},
            }
        },
        "schemas": {"Pet": {"type": "object"}},
    },
}


def read(document: object) -> OpenApi:
    steps = read_openapi(document)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            api: OpenApi = end.value
            return api


def test_operations_are_read_with_what_they_share_and_refer_to() -> None:
    api = read(DOCUMENT)

    assert (api.minor, api.base_path) == (1, "/v2")
    get, put = api.operations
    assert (get.method, get.path) == ("GET", "/pets/{id}")
    assert get.parameters == (
        Parameter("path", "id", True, "simple", False, "/components/parameters/Id/schema"),
        Parameter("query", "q", True, "form", True, "/paths/~1pets~1{id}/get/parameters/0/schema"),
    )
    pet = "/components/responses/Pet/content/application~1json; charset=utf-8/schema"
    assert get.responses == {"200": Body({"application/json": pet}), "4XX": Body(), "default": Body()}
    body = "/components/requestBodies/Pet/content/application~1JSON/schema"
    assert put.body == Body({"application/json": body, "image/png": None, "text/plain": None}, True)
    assert set(api.schemas("responses")) == {pet} and body in set(api.schemas("requests"))


Change = Callable[[dict[str, Any]], object]
GET = ("paths", "/pets/{id}", "get")


def put(*path: str | int, value: object) -> Change:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


@mark.parametrize(
    ("change", "message"),
    [
        (put("openapi", value="2.0"), "/openapi: must be a version 3.0.x or 3.1.x"),
        (put("openapi", value=3.1), "/openapi: must be"),
        (put("jsonSchemaDialect", value="http://json-schema.org/draft-07/schema#"), "/jsonSchemaDialect: must be"),
        (put("paths", value=[]), "/paths: must be an object"),
        (put("paths", value={}), "/paths: the document has no operation"),
        (put("paths", "pets", value={}), "/paths/pets: a path must begin with '/'"),
        (put("paths", "/{a}{b}", value={}), "/paths/~1{a}{b}: something must stand between"),
        (
            put("paths", "/pets/{name}", value={"get": {"parameters": [{"in": "path", "name": "name", "schema": {}}]}}),
            "takes the same paths",
        ),
        (put("paths", "/pets/{id}", "parameters", value=[]), "has 'id', for which there is no parameter"),
        (put("paths", "/pets/{id}", "parameters", value=1), "must be a list of at most 64"),
        (put(*GET, value=1), "/paths/~1pets~1{id}/get: must be an object"),
        (put(*GET, "parameters", 0, "in", value="body"), "`in` must be"),
        (put(*GET, "parameters", 0, "name", value=""), "`name` is required"),
        (put(*GET, "parameters", 0, "style", value="matrix"), "`style` must be one of"),
        (put(*GET, "parameters", 0, value={"in": "query", "name": "q"}), "`schema` or `content` is required"),
        (put(*GET, "parameters", 0, value={"in": "query", "name": "q", "content": {"text/plain": {}}}), "must be JSON"),
        (put(*GET, "responses", value={"20": {}}), "must be a status"),
        (put(*GET, "responses", "200", value={"$ref": "http://else.where/x"}), "`$ref` must begin with '#/'"),
        (put(*GET, "responses", "200", value={"$ref": "#/nowhere"}), "/nowhere: there is nothing at this place"),
        (
            put("components", "responses", "Pet", value={"$ref": "#/components/responses/Pet"}),
            "references follow each other",
        ),
    ],
)
def test_what_is_not_as_it_must_be_is_named(change: Change, message: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document)

    with raises(Unfit) as caught:
        read(document)

    assert message in str(caught.value)


@mark.parametrize(
    ("servers", "base"),
    [
        (None, ""),
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "https://a.example"}], ""),
        ([{"url": "https://a/b/c"}], "/b/c"),
        ([{}], ""),
    ],
)
def test_the_base_path_is_that_of_the_first_server(servers: object, base: str) -> None:
    assert read({**DOCUMENT, "servers": servers}).base_path == base


@mark.parametrize("document", [None, [], "x", 1, {}])
def test_what_is_no_document_is_unfit(document: object) -> None:
    with raises(Unfit):
        read(document)
