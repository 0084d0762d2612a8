"""The operations of an OpenAPI document. Sources: OpenAPI 3.0.3 and 3.1.0.

Only what validation needs is read. Schemas stay where they are and are named by their JSON Pointer.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from config_schemas.contracts.schema_graph import DIALECTS, Unfit, below, lookup, target_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_OPERATIONS = 1_000
MAX_PARAMETERS = 64  # of one operation
MAX_REFERENCES = 8  # one to the other
VERSION = re.compile(r"3\.([01])\.[0-9]+")
PATH = re.compile(r"/[^?#\s]*")
TEMPLATE = re.compile(r"\{([^{}/]+)\}")
STATUS = re.compile(r"[1-5][0-9]{2}|[1-5]XX|default")
UNCHECKED_HEADERS = ("accept", "content-type", "authorization")  # OpenAPI: these are said elsewhere

Place = Literal["path", "query", "header", "cookie"]
DEFAULT_STYLES: Mapping[str, str] = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_PLACES: Mapping[str, Place] = {"path": "path", "query": "query", "header": "header", "cookie": "cookie"}
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`schema`: the pointer of it. `is_json`: the text is a JSON value."""

    place: Place
    name: str
    is_required: bool
    style: str
    explodes: bool
    schema: str
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """Pointers of schemas by media type, in lower case; None: any content. No media types: nothing is said."""

    contents: Mapping[str, str | None] = field(default_factory=dict)
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is a template; `responses` are by status, as `200`, `2XX` or `default`."""

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Body]


@dataclass(frozen=True, slots=True)
class OpenApi:
    """`minor`: 0 or 1, of 3.0 and 3.1. `base_path`: the path of the first server."""

    minor: int
    base_path: str
    operations: tuple[Operation, ...]

    def schemas(self, part: Literal["requests", "responses"]) -> Iterator[str]:
        """The pointers of all schemas that are validated by."""
        for operation in self.operations:
            if part == "requests":
                yield from (each.schema for each in operation.parameters)
            bodies = [operation.body] if part == "requests" else operation.responses.values()
            for body in bodies:
                yield from (each for each in body.contents.values() if each is not None) if body is not None else ()


def read_openapi(document: object) -> Generator[None, None, OpenApi]:
    """The operations of a document, which is JSON data. Yields between paths.

    Raises:
        Unfit: it is no OpenAPI document, or says what is not supported.
    """
    root = _object(document, "")
    version = VERSION.fullmatch(str(root.get("openapi")))
    if version is None:
        raise Unfit("/openapi", "must be a version 3.0.x or 3.1.x")
    if root.get("jsonSchemaDialect", DIALECTS[0]) not in DIALECTS:
        raise Unfit("/jsonSchemaDialect", "must be JSON Schema 2020-12")
    reader = _Reader(document)
    operations: list[Operation] = []
    for path in _object(root.get("paths", {}), "/paths"):
        operations += reader.operations(path)
        if len(operations) > MAX_OPERATIONS:
            raise Unfit("/paths", f"the document has more than {MAX_OPERATIONS} operations")
        yield
    if not operations:
        raise Unfit("/paths", "the document has no operation")
    _check_shapes(operations)
    return OpenApi(int(version[1]), _base_path(root), tuple(operations))


class _Reader:
    def __init__(self, document: object) -> None:
        self._document = document

    def operations(self, path: str) -> Iterator[Operation]:
        at = below("/paths", path)
        if not PATH.fullmatch(path):
            raise Unfit(at, "a path must begin with '/' and have no '?' or '#'")
        if "}{" in path:
            raise Unfit(at, "something must stand between two parameters")
        at, item = self._followed(at)
        shared = self._parameters(at, item)
        for method in METHODS:
            if method in item:
                yield self._operation(method, path, shared, below(at, method))

    def _operation(self, method: str, path: str, shared: dict[tuple[Place, str], Parameter], at: str) -> Operation:
        operation = _object(lookup(self._document, at), at)
        parameters = {**shared, **self._parameters(at, operation)}
        named = {name for place, name in parameters if place == "path"}
        missing = [name for name in TEMPLATE.findall(path) if name not in named]
        if missing:
            raise Unfit(at, f"the path has '{missing[0]}', for which there is no parameter")
        body = None
        if "requestBody" in operation:
            body_at, found = self._followed(below(at, "requestBody"))
            body = Body(self._contents(body_at, found), found.get("required") is True)
        responses = {}
        for status in _object(operation.get("responses", {}), below(at, "responses")):
            response_at, response = self._followed(below(at, "responses", status))
            if not STATUS.fullmatch(status):
                raise Unfit(below(at, "responses", status), "must be a status, as '200', '2XX' or 'default'")
            responses[status] = Body(self._contents(response_at, response))
        return Operation(method.upper(), path, tuple(parameters.values()), body, responses)

    def _parameters(self, at: str, owner: Json) -> dict[tuple[Place, str], Parameter]:
        listed = owner.get("parameters", [])
        if not isinstance(listed, list) or len(listed) > MAX_PARAMETERS:
            raise Unfit(below(at, "parameters"), f"must be a list of at most {MAX_PARAMETERS}")
        found = {}
        for number in range(len(listed)):
            parameter = self._parameter(*self._followed(below(at, "parameters", number)))
            if parameter is not None:
                found[parameter.place, parameter.name] = parameter
        return found

    def _parameter(self, at: str, parameter: Json) -> Parameter | None:
        name, place = parameter.get("name"), parameter.get("in")
        if not isinstance(name, str) or not name:
            raise Unfit(at, "`name` is required")
        if not isinstance(place, str) or place not in STYLES:
            raise Unfit(at, "`in` must be 'path', 'query', 'header' or 'cookie'")
        if place == "header":
            name = name.lower()
            if name in UNCHECKED_HEADERS:
                return None
        style = parameter.get("style", DEFAULT_STYLES[place])
        if style not in STYLES[place]:
            raise Unfit(at, f"`style` must be one of {', '.join(sorted(STYLES[place]))} in a {place}")
        explodes = parameter.get("explode", style in ("form", "deepObject")) is True
        schema, is_json = self._parameter_schema(at, parameter)
        required = place == "path" or parameter.get("required") is True
        return Parameter(_PLACES[place], name, required, str(style), explodes, schema, is_json)

    def _parameter_schema(self, at: str, parameter: Json) -> tuple[str, bool]:
        """Its pointer, and whether the text is a JSON value."""
        if "content" not in parameter:
            if "schema" not in parameter:
                raise Unfit(at, "`schema` or `content` is required")
            return below(at, "schema"), False
        contents = self._contents(at, parameter)
        pointer = next(iter(contents.values()), None)
        if len(contents) != 1 or pointer is None:
            raise Unfit(at, "`content` of a parameter must be JSON, with a schema")
        return pointer, True

    def _contents(self, at: str, owner: Json) -> dict[str, str | None]:
        contents: dict[str, str | None] = {}
        for media_type, content in _object(owner.get("content", {}), below(at, "content")).items():
            here = below(at, "content", media_type)
            has_schema = "schema" in _object(content, here)
            kind = media_type.partition(";")[0].strip().lower()
            contents[kind] = below(here, "schema") if has_schema and is_json_type(kind) else None
        return contents

    def _followed(self, at: str) -> tuple[str, Json]:
        """What a pointer leads to, over references."""
        for _ in range(MAX_REFERENCES):
            value = _object(lookup(self._document, at), at)
            if "$ref" not in value:
                return at, value
            at = target_of(value["$ref"], at)
        raise Unfit(at, f"more than {MAX_REFERENCES} references follow each other")


def is_json_type(media_type: str) -> bool:
    """Whether content of this type, in lower case and without parameters, is JSON. `*/*` may be."""
    return media_type in ("application/json", "*/*", "application/*") or media_type.endswith("+json")


def _shape(path: str) -> str:
    """A template without the names of its parameters: what two templates may not share."""
    return TEMPLATE.sub("{}", path)


def _check_shapes(operations: list[Operation]) -> None:
    by_shape: dict[str, str] = {}
    for operation in operations:
        other = by_shape.setdefault(_shape(operation.path), operation.path)
        if other != operation.path:
            raise Unfit(below("/paths", operation.path), f"'{other}' takes the same paths")


def _base_path(root: Json) -> str:
    servers = root.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, dict) or not isinstance(first.get("url"), str):
        return ""
    url = str(first["url"])
    variables = first.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default") if isinstance(variable, dict) else None
        url = url.replace("{" + str(name) + "}", str(default))
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        raise Unfit("/servers/0/url", "is no URL") from None


def _object(value: object, at: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Unfit(at, "must be an object")
    return value
